"""One reader of a feed: a bounded queue in which changes are kept and open words replace each other."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable


class Subscriber:
    """Changes are never dropped: a subscriber with too many waiting is marked ``overflowed`` and must leave."""

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._queue: OrderedDict[Hashable, str] = OrderedDict()
        self._changes = 0
        self._ready = asyncio.Event()
        self._overflow = asyncio.Event()
        self._quiet = False
        self.ended = False
        """Nothing follows what waits: the meeting was deleted or the gateway stops."""

    @property
    def overflowed(self) -> bool:
        """Whether it was too slow."""
        return self._overflow.is_set()

    async def until_overflowed(self) -> None:
        """Return when it was too slow."""
        await self._overflow.wait()

    def push_change(self, seq: int, text: str) -> None:
        """A message that must arrive."""
        if self._changes >= self._backlog:
            self._overflow.set()
            self._queue.clear()
        elif not self.overflowed:
            self._queue[seq] = text
            self._changes += 1
        self._ready.set()

    def push_latest(self, key: Hashable, text: str) -> None:
        """A message of which only the newest per ``key`` counts."""
        if not self.overflowed:
            self._queue.pop(key, None)
            self._queue[key] = text
            self._ready.set()

    def end(self) -> None:
        """Let what waits be sent, then end."""
        self.ended = True
        self._ready.set()

    def remind(self) -> None:
        """Called now and then: ``take`` returns with nothing when it had nothing since the last time."""
        if self._quiet:
            self._ready.set()
        self._quiet = True

    async def take(self) -> list[str]:
        """What waits, in order; [] when reminded of a long silence, or when the subscriber must leave."""
        await self._ready.wait()
        self._ready.clear()
        self._quiet = False
        waiting = list(self._queue.values())
        self._queue.clear()
        self._changes = 0
        return waiting
