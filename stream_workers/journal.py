"""The transcript subject of one track, as its one writer: log and checkpoint in one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from typing import TypeVar

import msgspec

from contracts import log, subjects
from contracts.bus import Bus, Lease, Stored
from contracts.errors import Fenced, StorageFull, Unavailable
from contracts.live import TrackWork
from contracts.records import TranscriptRecord, decode, encode
from contracts.transcript import Checkpoint, SegmentRevised, TrackEpoch, TrackFinished
from stream_workers.again import REASON as SECOND_PASS

R = TypeVar("R")
_RETRY_S = (0.1, 0.2, 0.5, 1.0)


def _is_end(record: object) -> bool:
    """Whether ``record``, the newest, says that the track is finished; only a second pass writes after its end."""
    return isinstance(record, TrackFinished) or (isinstance(record, SegmentRevised) and record.reason == SECOND_PASS)


class Opened(msgspec.Struct, frozen=True):
    """Where the journal stood when it was taken over."""

    checkpoint: Checkpoint
    finished: bool
    attempt: int
    """How many owners in a row, this one included, began at this checkpoint without getting further.

    1 for a process that has had the track before: it lived, so that what stopped it was not the sound.
    """


class Journal:
    """Appends records fenced, each once, while the lease is fresh.

    Every call raises Fenced when another owner has written; the owner must then stop. While the lease is stale a call
    waits: whoever keeps the lease gets it back, untouched, or ends the owner.
    """

    def __init__(
        self,
        bus: Bus,
        work: TrackWork,
        lease: Lease,
        clock: Callable[[], float] = time.monotonic,
        *,
        survived: bool = False,
    ) -> None:
        self._clock = clock
        self._survived = survived
        self._bus = bus
        self._work = work
        self._lease = lease
        self._subject = subjects.transcript(work.meeting, work.track)
        self._last_seq = 0
        self._epoch_seq = 0
        self._written = 0
        self._log = log.get(meeting=work.meeting, track=work.track)

    async def open(self) -> Opened:
        """Fence off older owners and return the checkpoint to go on from.

        A finished track is left as it is.
        """
        while True:
            last = await self._persist(lambda: self._bus.last(subjects.MEETING_STREAM, self._subject))
            opened = await self._state(last)
            self._last_seq = last.seq if last else 0
            if opened.finished:
                self._epoch_seq = self._last_seq  # a second pass may still write
                return opened
            try:
                await self._begin(opened)
            except Fenced:
                continue  # the older owner wrote once more in between: what it wrote counts
            return opened

    async def _begin(self, opened: Opened) -> None:
        epoch = TrackEpoch(
            self._work.meeting, self._work.track, self._lease.owner, opened.checkpoint, attempt=opened.attempt
        )
        await self._append(epoch, f"{self._work.track}.epoch.{self._lease.owner}.{self._last_seq}")
        self._epoch_seq = self._last_seq
        self._log.info("track.taken", attempt=opened.attempt, samples=opened.checkpoint.samples)

    async def _state(self, last: Stored | None) -> Opened:
        if last is None:
            return Opened(Checkpoint(), finished=False, attempt=1)
        record = decode(last.data)
        attempt = record.attempt + 1 if isinstance(record, TrackEpoch) and not self._survived else 1
        checkpoint = getattr(record, "checkpoint", None) or await self._newest_checkpoint(last.seq)
        return Opened(checkpoint, _is_end(record), attempt)

    async def _newest_checkpoint(self, end_seq: int) -> Checkpoint:
        """For a log whose last record has no checkpoint; ours always do."""
        stored = await self._persist(lambda: self._bus.read_until(subjects.MEETING_STREAM, self._subject, 1, end_seq))
        for message in reversed(stored):
            checkpoint: Checkpoint | None = getattr(decode(message.data), "checkpoint", None)
            if checkpoint is not None:
                return checkpoint
        return Checkpoint()

    async def write(self, record: TranscriptRecord) -> None:
        """Append ``record``; returns when it is on disk, however often the bus must be asked."""
        # The id is of this epoch: the same record made by another owner must not count as a repetition.
        self._written += 1
        await self._append(record, f"{self._work.track}.{self._epoch_seq}.{self._written}")

    async def _append(self, record: TranscriptRecord, msg_id: str) -> None:
        data = encode(record)

        async def call() -> int:
            return await self._bus.append(self._subject, data, msg_id=msg_id, expect_last=self._last_seq)

        self._last_seq = await self._persist(call)

    async def _persist(self, call: Callable[[], Awaitable[R]]) -> R:
        for pause_s in chain(_RETRY_S, repeat(_RETRY_S[-1])):
            while not self._lease.fresh(self._clock()):
                await self._lease.renewal()
            try:
                return await call()
            except (Unavailable, StorageFull) as exc:
                self._log.warning("journal.waits", code=exc.code)
                await asyncio.sleep(pause_s)
        raise AssertionError("unreachable")
