"""One owned track: lease, transcript and recording, from take-over to the end."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from contracts import log, subjects
from contracts.audio import SAMPLE_RATE_HZ
from contracts.bus import Bus, Lease
from contracts.errors import Fault, Fenced, Unavailable
from contracts.live import TrackHealth, TrackWork, encode_live
from contracts.transcript import Checkpoint, TrackAdvanced, TrackFinished, TrackGap, media_seconds
from stream_workers.archive import TrackArchive
from stream_workers.journal import Journal, Opened
from stream_workers.keeper import keep
from stream_workers.ports import Engine, MakePipeline
from stream_workers.recorder import Recorder, RecorderLimits
from stream_workers.rereader import Rereader
from stream_workers.timeline import Timeline
from stream_workers.transcription import Transcription

TRIES = 3
SUSPECT_ATTEMPTS = 5
"""So many owners in a row that got nowhere mean that the sound kills them."""
SKIP_SAMPLES = 30 * SAMPLE_RATE_HZ
_RETRY_S = 0.5
_HEALTH_S = 1.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What every owner in this process shares."""

    bus: Bus
    engine: Engine
    make_pipeline: MakePipeline
    archive_root: Path | None
    reserve_bytes: int
    limits: RecorderLimits
    second_pass: bool = False
    survived: set[str] = field(default_factory=set)
    """Tracks that this process has had: whatever took them away, their sound did not kill it."""


class _Stumbled(Exception):
    """An attempt failed for a reason that lies in the sound or in the code; ``reached`` is how far it had read."""

    def __init__(self, reached: int) -> None:
        super().__init__()
        self.reached = reached


class TrackOwner:
    """Runs one track under a lease that was just acquired.

    Ends by itself when the track is finished and recorded; raises Fenced when another owner has it. Sound that
    the pipeline cannot digest is tried three times and then becomes a gap.
    """

    def __init__(self, parts: Parts, work: TrackWork, lease: Lease) -> None:
        self._parts = parts
        self._work = work
        self._lease = lease
        self._journal = Journal(parts.bus, work, lease, survived=work.track in parts.survived)
        parts.survived.add(work.track)
        self._checkpoint = Checkpoint()
        self._attempt: Transcription | None = None
        self._recorder = self._make_recorder()
        self._log = log.get(meeting=work.meeting, track=work.track)

    def _make_recorder(self) -> Recorder:
        root, work = self._parts.archive_root, self._work
        archive = TrackArchive(root, work.meeting, work.track, self._parts.reserve_bytes) if root else None
        return Recorder(self._parts.bus, work, archive, self._parts.limits, self._transcribed_seq)

    def _transcribed_seq(self) -> int:
        return self._attempt.checkpoint.audio_seq if self._attempt else self._checkpoint.audio_seq

    async def run(self) -> None:
        """Own the track until it is finished, recorded and taken off the work list."""
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(keep(self._lease), name=f"lease:{self._work.track}")
            await self._work_off()
            keeping.cancel()

    async def _work_off(self) -> None:
        opened = await self._journal.open()
        self._checkpoint = opened.checkpoint
        if opened.finished and not await self._has_sound():
            await self._close_work()
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recorder.run(), name=f"record:{self._work.track}")
            health = tasks.create_task(self._report(), name=f"health:{self._work.track}")
            if not opened.finished:
                await self._transcribe(opened)
            health.cancel()
        await self._read_again()
        await self._recorder.trim()
        await self._close_work()

    async def _read_again(self) -> None:
        """The second pass, when it is wanted and there is a recording. The track is complete without it."""
        parts = self._parts
        if not parts.second_pass or parts.archive_root is None:
            return
        rereader = Rereader(parts.bus, parts.engine, self._journal, self._work, parts.archive_root)
        try:
            await rereader.run(self._checkpoint)
        except Fenced:
            raise
        except Exception:  # noqa: BLE001
            # Whatever goes wrong, the words of the first pass are there and the track must come to its end.
            self._log.exception("track.not_reread")

    async def _has_sound(self) -> bool:
        """Whether there is anything left to record; a person may have had the sound removed."""
        while True:
            try:
                audio = subjects.audio(self._work.meeting, self._work.track)
                return await self._parts.bus.last(subjects.AUDIO_STREAM, audio) is not None
            except Unavailable:
                await asyncio.sleep(_RETRY_S)

    async def _close_work(self) -> None:
        while True:
            try:
                await self._parts.bus.delete(
                    subjects.WORK_BUCKET, subjects.track_work(self._work.meeting, self._work.track)
                )
            except Unavailable:
                await asyncio.sleep(_RETRY_S)
            else:
                self._parts.survived.discard(self._work.track)
                self._log.info("track.finished")
                return

    async def _transcribe(self, opened: Opened) -> None:
        """Attempt after attempt, each from the newest checkpoint, until the track is finished."""
        failures = TRIES if opened.attempt >= SUSPECT_ATTEMPTS else 0
        reached = opened.checkpoint.samples + SKIP_SAMPLES
        while True:
            if failures >= TRIES:
                if await self._skip(reached):
                    return
                failures = 0
            before = self._checkpoint
            try:
                reached = await self._try()
            except _Stumbled as stumble:
                reached = stumble.reached
            else:
                return
            failures = failures + 1 if self._checkpoint == before else 1
            self._log.warning("track.stumbled", samples=self._checkpoint.samples, failures=failures)
            await asyncio.sleep(_RETRY_S * failures)

    async def _try(self) -> int:
        """One attempt; returns at the end of the track. Raises _Stumbled unless a Fault says what is wrong."""
        parts, checkpoint = self._parts, self._checkpoint
        reached = checkpoint.samples
        try:
            pipeline = parts.make_pipeline(self._work, checkpoint.samples, checkpoint.state)
            attempt = Transcription(parts.bus, parts.engine, self._journal, self._work, pipeline, checkpoint)
            self._attempt = attempt
            try:
                await attempt.run()
            finally:
                self._checkpoint, reached = attempt.checkpoint, attempt.timeline.position
        except Exception as exc:
            if isinstance(exc, Fault) or (isinstance(exc, ExceptionGroup) and exc.subgroup(Fault)):
                raise
            self._log.exception("track.failed", samples=self._checkpoint.samples)
            raise _Stumbled(reached) from exc
        return reached

    def _accounted(self) -> int:
        """Media sample up to which the log is complete."""
        checkpoint = self._checkpoint
        try:
            return self._parts.make_pipeline(self._work, checkpoint.samples, checkpoint.state).accounted
        except Exception:  # noqa: BLE001
            # A state that cannot be read says nothing about what comes after the checkpoint.
            return checkpoint.samples

    async def _skip(self, limit: int) -> bool:
        """Give up on at most 30 s of sound, up to ``limit``; returns whether that was the end of the track."""
        before, start = self._checkpoint, self._accounted()
        timeline = await self._measure(min(limit, start + SKIP_SAMPLES))
        end = max(start, min(limit, start + SKIP_SAMPLES, timeline.position))
        self._checkpoint = Checkpoint(timeline.complete(end), end)
        meeting, track = self._work.meeting, self._work.track
        self._log.error("track.skipped", samples=end - start)
        if end > start:
            seconds = (self._seconds(start), self._seconds(end))
            await self._journal.write(TrackGap(meeting, track, *seconds, "undecodable", self._checkpoint))
        elif before.state:
            await self._journal.write(TrackAdvanced(meeting, track, self._checkpoint))
        elif timeline.ended:
            await self._journal.write(TrackFinished(meeting, track, self._seconds(end), self._checkpoint))
            return True
        return False

    async def _measure(self, limit: int) -> Timeline:
        """How far the stored sound reaches after the checkpoint, up to ``limit``."""
        timeline = Timeline(self._checkpoint.samples, self._checkpoint.audio_seq)
        audio = subjects.audio(self._work.meeting, self._work.track)
        reader = self._parts.bus.reader(subjects.AUDIO_STREAM, audio, self._checkpoint.audio_seq + 1)
        try:
            while timeline.position < limit and not timeline.ended:
                messages = await reader.fetch()
                if not messages:
                    break
                for message in messages:
                    timeline.push(message.seq, message.data)
        finally:
            await reader.close()
        return timeline

    def _seconds(self, samples: int) -> float:
        return round(self._work.offset_s + media_seconds(samples), 3)

    async def _report(self) -> None:
        subject = subjects.live(self._work.meeting, self._work.track)
        while True:
            lag_ms = int(1000 * max(0.0, self._attempt.behind_s)) if self._attempt else 0
            engine = self._parts.engine.state()
            detail = engine.detail or self._recorder.trouble
            health = TrackHealth(self._work.meeting, self._work.track, lag_ms, not engine.thinned, detail)
            await self._parts.bus.publish_live(subject, encode_live(health))
            await asyncio.sleep(_HEALTH_S)
