"""Notices when a participant's connection is gone for good, and when it is there again."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator

from contracts import log
from contracts.bus import Bus
from contracts.errors import Fault
from contracts.subjects import AUDIO_STREAM, audio
from gateway.attendance import Attendance
from gateway.lifecycle import Lifecycle
from gateway.view import MeetingView

GRACE_S = 20.0
"""A connection that is back within this time was never gone."""
_TICK_S = 1.0

Key = tuple[str, str, str]
"""Meeting, participant, track."""


class Presence:
    """Counts the connections by which every participant sends sound to this process."""

    def __init__(self, bus: Bus, lifecycle: Lifecycle, attendance: Attendance, grace_s: float = GRACE_S) -> None:
        self._bus = bus
        self._lifecycle = lifecycle
        self._attendance = attendance
        self._grace_s = grace_s
        self._open: Counter[Key] = Counter()
        self._gone: dict[Key, float] = {}
        """When a connection was lost that is not back yet."""
        self._log = log.get(part="presence")

    @contextlib.asynccontextmanager
    async def here(self, meeting: str, participant: str, track: str) -> AsyncIterator[None]:
        """As long as a connection of theirs is open."""
        key = (meeting, participant, track)
        self._open[key] += 1
        if self._gone.pop(key, None) is None:
            await self._back(meeting, participant)
        try:
            yield
        finally:
            self._open[key] -= 1
            if self._open[key] <= 0:
                del self._open[key]
                self._gone[key] = time.time()

    @property
    def open_count(self) -> int:
        """Connections that are open now."""
        return sum(self._open.values())

    async def _back(self, meeting: str, participant: str) -> None:
        """After a loss that was recorded: they are here again, as they were."""
        with contextlib.suppress(Fault):
            person = (await self._lifecycle.load(meeting)).person(participant)
            if person is not None and person.left == "lost":
                await self._attendance.change(meeting, participant, person.state)

    async def run(self) -> None:
        """Look for ever; an outage delays it."""
        while True:
            await asyncio.sleep(_TICK_S)
            await self.tick(time.time())

    async def tick(self, now: float) -> None:
        """Record the losses that are old enough at wall clock ``now``."""
        for key, since in [*self._gone.items()]:
            if now - since < self._grace_s:
                continue
            try:
                await self._lost(key, since)
            except Fault as fault:
                self._log.info("presence.delayed", detail=fault.detail)
                continue
            self._gone.pop(key, None)

    async def _elsewhere(self, view: MeetingView, participant: str, since: float) -> bool:
        """Whether sound of theirs goes on through another process, on any track."""
        for track in [t.track for t in view.tracks.values() if t.user == participant]:
            last = await self._bus.last(AUDIO_STREAM, audio(view.meeting, track))
            if last is not None and last.at > since + 1.0:
                return True
        return False

    async def _lost(self, key: Key, since: float) -> None:
        meeting, participant, track = key
        if any(meeting == m and participant == p for m, p, _ in self._open):
            return
        view = await self._lifecycle.load(meeting)
        if await self._elsewhere(view, participant, since):
            return
        live = view.facts is not None and view.facts.state == "live"
        if live and view.person(participant) is not None and not view.tracks[track].finished:
            await self._attendance.left(meeting, participant, "lost")
