"""One attempt at a track: read sound, feed the pipeline, write what comes out."""

import asyncio
import time
from collections.abc import Sequence
from itertools import chain, repeat

import msgspec

from contracts import log, subjects
from contracts.audio import FRAME_MS, SAMPLE_RATE_HZ
from contracts.bus import Bus, Reader
from contracts.errors import Unavailable
from contracts.live import Interim, TrackWork, encode_live
from contracts.records import TranscriptRecord
from contracts.transcript import (
    Checkpoint,
    Segment,
    SegmentFinal,
    SegmentRevised,
    TrackAdvanced,
    TrackFinished,
    TrackGap,
    media_seconds,
)
from stream_workers.journal import Journal
from stream_workers.ports import (
    Advanced,
    Engine,
    Final,
    Finished,
    GapOut,
    InterimOut,
    Lane,
    Laned,
    Output,
    Pipeline,
    Revised,
)
from stream_workers.timeline import End, Piece, Sound, Timeline

AHEAD_SAMPLES = 60 * SAMPLE_RATE_HZ
"""How much sound may wait for the engine; a replay reads no further ahead."""
_FETCH_S = 1.0
_IDLE_S = 0.1
_REST_S = 0.15
"""While the engine has more to do than fits, sound is fetched so often instead of frame by frame."""
_LONG_S = 0.5
_MANY = 32
_ENGINE_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)


class Transcription:
    """Runs one pipeline from ``checkpoint`` until the track is finished.

    Whatever it raises, everything up to ``checkpoint`` is in the log and a new attempt continues there.
    """

    def __init__(
        self,
        bus: Bus,
        engine: Engine,
        journal: Journal,
        work: TrackWork,
        pipeline: Pipeline,
        checkpoint: Checkpoint,
    ) -> None:
        self._bus = bus
        self._engine = engine
        self._journal = journal
        self._work = work
        self._pipeline = pipeline
        self.checkpoint = checkpoint
        """The newest one in the log."""
        self.heard = checkpoint.samples
        """Media sample up to which words were shown or written."""
        self.timeline = Timeline(checkpoint.samples, checkpoint.audio_seq)
        self._finished = asyncio.Event()
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._job_running = False
        self._reader: Reader | None = None
        self._message_s = FRAME_MS / 1000
        """Sound in a message lately: in a crowd some frames come together."""
        self._log = log.get(meeting=work.meeting, track=work.track)

    @property
    def behind_s(self) -> float:
        """Sound that has arrived and was not heard yet, in seconds."""
        waiting = self._reader.pending * self._message_s if self._reader else 0.0
        return (self.timeline.position - self.heard) / SAMPLE_RATE_HZ + waiting

    async def run(self) -> None:
        """Return when TrackFinished is in the log."""
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen(), name=f"listen:{self._work.track}")
            words, *others = self._pipeline.lanes if isinstance(self._pipeline, Laned) else (self._pipeline.next_job,)
            busy = [listening, tasks.create_task(self._decode(words), name=f"decode:{self._work.track}")]
            busy += [tasks.create_task(self._assist(lane), name=f"assist:{self._work.track}") for lane in others]
            await self._finished.wait()
            for task in busy:
                task.cancel()

    async def _listen(self) -> None:
        audio = subjects.audio(self._work.meeting, self._work.track)
        self._reader = self._bus.reader(subjects.AUDIO_STREAM, audio, self.checkpoint.audio_seq + 1)
        try:
            while not self.timeline.ended:
                await self._room()
                try:
                    messages = await self._reader.fetch(timeout_s=_FETCH_S)
                except Unavailable:
                    await asyncio.sleep(_IDLE_S)
                    continue
                before = self.timeline.position
                for message in messages:
                    for piece in self.timeline.push(message.seq, message.data):
                        await self._push(piece)
                    await asyncio.sleep(0)  # sound that is there already must not keep the lease from being renewed
                if messages:
                    self._message_s = min(_LONG_S, (self.timeline.position - before) / SAMPLE_RATE_HZ / len(messages))
                if len(messages) < _MANY and self._engine.state().thinned:
                    await asyncio.sleep(_REST_S)
        finally:
            await self._reader.close()

    async def _room(self) -> None:
        """Wait while the engine is far behind. Without a job under way only more sound brings the next one."""
        while self._job_running and self.timeline.position - self.checkpoint.samples > AHEAD_SAMPLES:
            self._changed.clear()
            await self._changed.wait()

    async def _push(self, piece: Piece) -> None:
        if isinstance(piece, Sound):
            outputs = self._pipeline.push(piece.pcm)
        elif isinstance(piece, End):
            outputs = self._pipeline.finish()
        else:
            outputs = self._pipeline.push_gap(piece.samples, piece.cause)
        self._changed.set()
        await self._emit(outputs)

    async def _decode(self, lane: Lane) -> None:
        while True:
            job = lane(time.monotonic())
            if job is None:
                self.heard = self.timeline.position
                await self._nap()
                continue
            self._job_running = True
            try:
                result = await self._submit(job)
            finally:
                self._job_running = False
            await self._complete(job, result)

    async def _assist(self, lane: Lane) -> None:
        while True:
            job = lane(time.monotonic())
            if job is None:
                await self._nap()
            else:
                await self._complete(job, await self._submit(job))

    async def _complete(self, job: object, result: object) -> None:
        outputs = self._pipeline.complete(job, result)
        self._changed.set()
        await self._emit(outputs)

    async def _nap(self) -> None:
        """Until there is more sound, or a job may be due by time."""
        self._changed.clear()
        try:
            async with asyncio.timeout(_IDLE_S):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _submit(self, job: object) -> object:
        for pause_s in chain(_ENGINE_PAUSES_S, repeat(_ENGINE_PAUSES_S[-1])):
            try:
                return await self._engine.submit(job)
            except Unavailable as exc:
                self._log.warning("engine.waits", detail=exc.detail)
                await asyncio.sleep(pause_s)
        raise AssertionError("unreachable")

    async def _emit(self, outputs: Sequence[Output]) -> None:
        # The lock is fair: outputs are written in the order in which the pipeline made them.
        async with self._writing:
            for output in outputs:
                await self._write(output)

    async def _write(self, output: Output) -> None:
        if isinstance(output, InterimOut):
            await self._show(output)
            return
        checkpoint = Checkpoint(self.timeline.complete(output.samples), output.samples, output.state)
        await self._journal.write(self._record(output, checkpoint))
        self.checkpoint = checkpoint
        self.heard = max(self.heard, output.samples)
        self._changed.set()
        if isinstance(output, Finished):
            self._finished.set()

    async def _show(self, output: InterimOut) -> None:
        self.heard = max(self.heard, output.samples)
        interim = Interim(
            self._work.meeting,
            self._work.track,
            self._shifted(output.segment) if output.segment else None,
            self._seconds(output.samples),
        )
        await self._bus.publish_live(subjects.live(self._work.meeting, self._work.track), encode_live(interim))

    def _record(
        self, output: Final | Revised | GapOut | Advanced | Finished, checkpoint: Checkpoint
    ) -> TranscriptRecord:
        meeting, track = self._work.meeting, self._work.track
        match output:
            case Final(segment=segment):
                return SegmentFinal(meeting, self._shifted(segment), checkpoint)
            case Revised(segment=segment, reason=reason):
                return SegmentRevised(meeting, self._shifted(segment), reason, checkpoint)
            case GapOut(start=start, cause=cause, samples=end):
                return TrackGap(meeting, track, self._seconds(start), self._seconds(end), cause, checkpoint)
            case Advanced():
                return TrackAdvanced(meeting, track, checkpoint)
            case Finished(samples=end):
                return TrackFinished(meeting, track, self._seconds(end), checkpoint)

    def _seconds(self, samples: int) -> float:
        return round(self._work.offset_s + media_seconds(samples), 3)

    def _shifted(self, segment: Segment) -> Segment:
        """``segment`` in meeting seconds."""
        offset_s = self._work.offset_s
        return msgspec.structs.replace(
            segment,
            start=round(segment.start + offset_s, 3),
            end=round(segment.end + offset_s, 3),
            words=tuple(
                msgspec.structs.replace(w, s=round(w.s + offset_s, 3), e=round(w.e + offset_s, 3))
                for w in segment.words
            ),
        )
