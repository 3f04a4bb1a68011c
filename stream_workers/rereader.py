"""The second pass over one track: its recording is read again when it has ended, by a larger beam or model."""

import asyncio
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import soundfile

from contracts import log, subjects
from contracts.archive import ArchiveEntry, read_index, track_dir
from contracts.bus import Bus
from contracts.errors import Unavailable
from contracts.live import TrackWork
from contracts.records import decode
from contracts.transcript import Checkpoint, Segment, SegmentFinal, SegmentRevised
from stream_workers import again
from stream_workers.again import Stretch
from stream_workers.decode import Hypothesis
from stream_workers.guards import GuardRules
from stream_workers.journal import Journal
from stream_workers.ports import Engine
from stream_workers.timeline import Pcm

BEAM = 8
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_NEWEST = 2**62


class Rereader:
    """Writes what the second reading changes as revisions. Begun anew after a crash it changes nothing twice.

    Sound that is not in the recording (any more) keeps the words that it has.
    """

    def __init__(self, bus: Bus, engine: Engine, journal: Journal, work: TrackWork, archive: Path) -> None:
        self._bus = bus
        self._engine = engine
        self._journal = journal
        self._work = work
        self._archive = archive
        self._log = log.get(meeting=work.meeting, track=work.track)

    async def run(self, checkpoint: Checkpoint) -> None:
        """Return when the whole track was read again. ``checkpoint`` is the track's last one."""
        work, changed = self._work, 0
        index = await asyncio.to_thread(read_index, self._archive, work.meeting, work.track)
        for stretch in again.stretches(await self._segments(), work.offset_s):
            pcm = await asyncio.to_thread(self._sound, stretch, index)
            if pcm is None:
                continue
            heard = await self._heard(stretch, pcm)
            for segment in again.revisions(stretch, heard, work.offset_s, work.vocabulary, GuardRules()):
                await self._journal.write(SegmentRevised(work.meeting, segment, again.REASON, checkpoint))
                changed += 1
        self._log.info("track.reread", segments=changed)

    async def _segments(self) -> list[Segment]:
        """The track's segments in their newest versions."""
        subject = subjects.transcript(self._work.meeting, self._work.track)
        newest: dict[str, Segment] = {}
        for message in await self._bus.read_until(subjects.MEETING_STREAM, subject, 1, _NEWEST):
            record = decode(message.data)
            if isinstance(record, SegmentFinal | SegmentRevised):
                known = newest.get(record.segment.id)
                if known is None or record.segment.rev > known.rev:
                    newest[record.segment.id] = record.segment
        return list(newest.values())

    def _sound(self, stretch: Stretch, index: list[ArchiveEntry]) -> Pcm | None:
        """The sound of ``stretch``, silence where none was recorded; None when a file of it is gone."""
        pcm = np.zeros(stretch.end - stretch.start, np.int16)
        for entry in index:
            first = max(stretch.start, entry.start_sample)
            last = min(stretch.end, entry.start_sample + entry.samples)
            if first >= last or entry.file is None:
                continue
            file = track_dir(self._archive, self._work.meeting, self._work.track) / entry.file
            try:
                part, _ = soundfile.read(
                    file, start=first - entry.start_sample, stop=last - entry.start_sample, dtype="int16"
                )
            except (OSError, soundfile.SoundFileError):
                return None
            pcm[first - stretch.start : last - stretch.start] = part
        return pcm

    async def _heard(self, stretch: Stretch, pcm: Pcm) -> Hypothesis:
        job = again.job(stretch, pcm, BEAM, self._work.vocabulary)
        for pause_s in chain(_PAUSES_S, repeat(_PAUSES_S[-1])):
            try:
                heard: Hypothesis = await self._engine.submit(job)
            except Unavailable as exc:
                self._log.warning("engine.waits", detail=exc.detail)
                await asyncio.sleep(pause_s)
            else:
                return heard
        raise AssertionError("unreachable")
