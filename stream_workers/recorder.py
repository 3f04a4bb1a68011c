"""Brings a track's sound into the archive, and removes from the bus what is safe there."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np

from contracts import log, subjects
from contracts.audio import SAMPLE_RATE_HZ
from contracts.bus import Bus, Reader, Stored
from contracts.errors import StorageFull, Unavailable
from contracts.live import TrackWork
from stream_workers.archive import TrackArchive
from stream_workers.timeline import Hole, Pcm, Piece, Sound, Timeline

_FETCH_S = 1.0
_REST_S = 0.5
"""Live sound is fetched so often: a question for every frame is a good part of what a track costs."""
_MANY = 32
"""Whoever is behind does not rest."""
_BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """How long a file gets and how often the bus is trimmed."""

    segment_s: float
    trim_s: float


class Recorder:
    """Records one track until its last frame.

    Reads AUDIO on its own, so trouble with the archive's disk holds up neither the transcript nor other
    tracks: nothing is trimmed then, and recording goes on where it stopped when there is space again.
    """

    def __init__(
        self,
        bus: Bus,
        work: TrackWork,
        archive: TrackArchive | None,
        limits: RecorderLimits,
        transcribed_seq: Callable[[], int],
    ) -> None:
        self._bus = bus
        self._archive = archive
        self._limits = limits
        self._transcribed_seq = transcribed_seq
        self._subject = subjects.audio(work.meeting, work.track)
        self._log = log.get(meeting=work.meeting, track=work.track)
        self._timeline = Timeline(0)
        self._parts: list[Pcm] = []
        self._waiting = 0
        self._segment_samples = int(limits.segment_s * SAMPLE_RATE_HZ)
        self._trimmed_seq = 0
        self._trim_due = time.monotonic() + limits.trim_s
        self.trouble = ""
        """What keeps the recording from going on, for people; empty when all is well."""

    async def run(self) -> None:
        """Return when the whole track is recorded."""
        if self._archive is not None:
            await self._insist(self._archive.open)
            self._timeline = Timeline(self._archive.end_sample, self._archive.audio_seq)
        reader = self._bus.reader(subjects.AUDIO_STREAM, self._subject, self._timeline.newest_seq + 1)
        try:
            while not self._timeline.ended:
                messages = await self._fetched(reader)
                for message in messages:
                    for piece in self._timeline.push(message.seq, message.data):
                        await self._keep(piece)
                    await asyncio.sleep(0)
                if time.monotonic() >= self._trim_due:
                    await self.trim()
                if len(messages) < _MANY and not self._timeline.ended:
                    await asyncio.sleep(_REST_S)
        finally:
            await reader.close()

    async def _fetched(self, reader: Reader) -> list[Stored]:
        try:
            return await reader.fetch(timeout_s=_FETCH_S)
        except Unavailable:
            await asyncio.sleep(_FETCH_S)
            return []

    async def _keep(self, piece: Piece) -> None:
        if isinstance(piece, Sound):
            self._parts.append(piece.pcm)
            self._waiting += len(piece.pcm)
        if self._waiting and (not isinstance(piece, Sound) or self._waiting >= self._segment_samples):
            await self._flush()
        if isinstance(piece, Hole) and self._archive is not None:
            archive, seq = self._archive, self._timeline.complete(piece.end)
            await self._insist(lambda: archive.add_gap(piece.samples, piece.cause, seq))

    async def _flush(self) -> None:
        pcm = np.concatenate(self._parts)
        self._parts, self._waiting = [], 0
        if self._archive is not None:
            archive, seq = self._archive, self._timeline.complete(self._archive.end_sample + len(pcm))
            await self._insist(lambda: archive.add_sound(pcm, seq))

    async def _insist(self, write: Callable[[], object]) -> None:
        """Do ``write`` in a thread until the disk takes it."""
        for pause_s in chain(_BACK_OFF_S, repeat(_BACK_OFF_S[-1])):
            try:
                await asyncio.to_thread(write)
            except StorageFull as exc:
                self.trouble = f"recording: {exc.detail}"
                self._log.warning("recorder.waits", detail=exc.detail)
                await asyncio.sleep(pause_s)
            else:
                self.trouble = ""
                return

    async def trim(self) -> None:
        """Remove from AUDIO what is both recorded and transcribed.

        The newest frame stays: it tells a gateway where a client has to go on.
        """
        self._trim_due = time.monotonic() + self._limits.trim_s
        recorded = self._archive.audio_seq if self._archive is not None else self._timeline.newest_seq
        up_to = min(recorded, self._transcribed_seq(), self._timeline.newest_seq - 1)
        if up_to <= self._trimmed_seq:
            return
        try:
            await self._bus.purge(subjects.AUDIO_STREAM, self._subject, up_to_seq=up_to)
        except Unavailable:
            return
        self._trimmed_seq = up_to
        self._log.debug("audio.trimmed", up_to_seq=up_to)
