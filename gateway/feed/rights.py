"""Whether those who read along may still do so: looked up for all readers of a meeting at once."""

import asyncio
from collections.abc import Awaitable, Callable

from contracts.errors import NotFound
from gateway.auth.access import Readership
from gateway.auth.identity import User

RECHECK_S = 5.0
"""So long after a right was taken away its reader may still get something."""


class Rights:
    """Asks about a meeting once in ``RECHECK_S``, however many read it, and again before anybody is refused."""

    def __init__(self, look: Callable[[str], Awaitable[Readership]]) -> None:
        """``look`` finds who may read a meeting now."""
        self._look = look
        self._known: dict[str, tuple[float, Readership]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def check(self, user: User, meeting: str, now_s: float) -> None:
        """Raises NotFound unless ``user`` may read ``meeting``."""
        if self._admitted(user, meeting, now_s):
            return
        async with self._locks.setdefault(meeting, asyncio.Lock()):
            if self._admitted(user, meeting, now_s):  # by what another reader has found meanwhile
                return
            found = await self._look(meeting)
            self._keep(meeting, found, now_s)
        if not found.admits(user):
            raise NotFound("no such meeting", source="client")

    def _admitted(self, user: User, meeting: str, now_s: float) -> bool:
        asked_at, readership = self._known.get(meeting, (0.0, None))
        return readership is not None and now_s - asked_at < RECHECK_S and readership.admits(user)

    def _keep(self, meeting: str, found: Readership, now_s: float) -> None:
        self._known = {m: k for m, k in self._known.items() if now_s - k[0] < RECHECK_S} | {meeting: (now_s, found)}
        self._locks = {m: lock for m, lock in self._locks.items() if lock.locked()}
