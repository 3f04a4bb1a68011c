"""Sees a track's log grow while a test does harm."""

import asyncio
import time
from dataclasses import dataclass

from contracts import subjects
from contracts.bus import Bus
from contracts.errors import Unavailable
from contracts.records import decode
from contracts.transcript import SegmentFinal, TrackEpoch, TrackFinished


@dataclass(frozen=True)
class Seen:
    """One record, when it was read (monotonic) and stored (wall clock), and of which owner's time it is."""

    at: float
    stored_at: float
    seq: int
    record: object
    owner: str


class LogWatch:
    """Follows one track's log; ``seen`` grows while ``follow`` runs."""

    def __init__(self, bus: Bus, meeting: str = "m1", track: str = "t1") -> None:
        self._bus = bus
        self._subject = subjects.transcript(meeting, track)
        self.seen: list[Seen] = []
        self._grown = asyncio.Condition()

    async def follow(self) -> None:
        """Read until TrackFinished."""
        reader = self._bus.reader(subjects.MEETING_STREAM, self._subject)
        owner = ""
        while not (self.seen and isinstance(self.seen[-1].record, TrackFinished)):
            try:
                messages = await reader.fetch()
            except Unavailable:
                await asyncio.sleep(0.1)
                continue
            async with self._grown:
                for message in messages:
                    record = decode(message.data)
                    owner = record.owner if isinstance(record, TrackEpoch) else owner
                    self.seen.append(Seen(time.monotonic(), message.at, message.seq, record, owner))
                self._grown.notify_all()
        await reader.close()

    @property
    def owner(self) -> str:
        """Who has the track by the log."""
        return self.seen[-1].owner if self.seen else ""

    @property
    def owners(self) -> list[str]:
        """Who has had the track, in order."""
        return [s.owner for s in self.seen if isinstance(s.record, TrackEpoch)]

    @property
    def finals(self) -> int:
        """Finals so far."""
        return sum(isinstance(s.record, SegmentFinal) for s in self.seen)

    async def new_owner(self, old: str) -> Seen:
        """The first record of an owner other than ``old`` (the newest one)."""
        async with self._grown:
            await self._grown.wait_for(lambda: self.owner not in ("", old))
            return next(s for s in self.seen if s.owner == self.owner and isinstance(s.record, TrackEpoch))

    async def more_finals(self, count: int) -> Seen:
        """Wait for ``count`` finals more than now; the newest record then."""
        want = self.finals + count
        async with self._grown:
            await self._grown.wait_for(lambda: self.finals >= want)
            return self.seen[-1]
