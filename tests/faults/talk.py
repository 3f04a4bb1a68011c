"""Somebody speaks into one track, and its log is watched, while a test does harm."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from contracts.bus import Bus
from tests.fakes.ledger import Ledger
from tests.fakes.track import FakeTrack
from tests.faults.publisher import Speaker
from tests.faults.watch import LogWatch

PATIENCE_S = 60


@dataclass
class Talk:
    """One track, who speaks into it, and who watches its log."""

    track: FakeTrack
    watch: LogWatch
    speaker: Speaker

    async def check(self) -> Ledger:
        """Check that everything that was said is in the log, each once and in order."""
        return await self.track.check()


@contextlib.asynccontextmanager
async def talk(bus: Bus, patience_s: float = PATIENCE_S) -> AsyncIterator[Talk]:
    """The track is spoken into while the block runs; after it the speaker stops and the track has been finished."""
    track = FakeTrack(bus)
    made = Talk(track, LogWatch(bus), Speaker(track))
    await track.open()
    async with asyncio.timeout(patience_s), asyncio.TaskGroup() as tasks:
        tasks.create_task(made.watch.follow())
        tasks.create_task(made.speaker.speak())
        yield made
        made.speaker.stop()
        await track.closed()
