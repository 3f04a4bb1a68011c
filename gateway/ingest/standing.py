"""The sender of a WebRTC track: whether they may send, whether it may be kept, and whether they are there."""

import asyncio
import contextlib
import time

from contracts import records, subjects
from contracts.bus import Bus
from contracts.errors import BadInput, Fault
from gateway.ingest.peer import Peer
from gateway.presence import Presence
from gateway.quiet import cause_of
from gateway.view import MeetingView

_RETRY_S = 0.5
THERE_S = 5.0
"""Who sends sends all the time, silence too: after so long without a packet their connection is gone."""


class Standing:
    """Tells ``presence`` whether a peer is there."""

    def __init__(self, presence: Presence, meeting: str, track: str) -> None:
        self._presence = presence
        self._meeting, self._track = meeting, track
        self._here = contextlib.AsyncExitStack()
        self._there = False

    async def see(self, user: str | None, *, there: bool) -> None:
        """``user``, whose track it is, sends or does not."""
        if user is None or there == self._there:
            return
        self._there = there
        if there:
            await self._here.enter_async_context(self._presence.here(self._meeting, user, self._track))
        else:
            await self._here.aclose()

    async def leave(self) -> None:
        """The peer is gone."""
        await self._here.aclose()


async def watch(bus: Bus, presence: Presence, meeting: str, track: str, peer: Peer) -> None:
    """Hold ``peer`` to the records of its meeting, for ever; an outage of the bus delays it."""
    view = MeetingView(meeting)
    standing = Standing(presence, meeting, track)
    reader = bus.reader(subjects.MEETING_STREAM, subjects.lifecycle(meeting))
    try:
        while True:
            try:
                batch = await reader.fetch(timeout_s=1.0)
            except Fault:
                await asyncio.sleep(_RETRY_S)
                continue
            for stored in batch:
                with contextlib.suppress(BadInput):
                    view.apply(stored.seq, records.decode(stored.data))
            if batch and (track in view.tracks or view.deleted):
                peer.quiet = cause_of(view, track)
                if not may_send(view, track):
                    peer.leave()
            known = view.tracks.get(track)
            await standing.see(known.user if known else None, there=peer.heard_within(THERE_S, time.monotonic()))
    finally:
        await standing.leave()
        await reader.close()


def may_send(view: MeetingView, track: str) -> bool:
    """Whether the meeting is live and the person whose track it is was not put out of it."""
    if view.facts is None or view.facts.state != "live":
        return False
    person = view.person(view.tracks[track].user or "")
    return person is None or person.left != "removed"
