"""What the log says about the sender of a WebRTC track: whether they may send, and whether it may be kept."""

import asyncio
import contextlib

from contracts import records, subjects
from contracts.bus import Bus
from contracts.errors import BadInput, Fault
from gateway.ingest.peer import Peer
from gateway.quiet import cause_of
from gateway.view import MeetingView

_RETRY_S = 0.5


async def watch(bus: Bus, meeting: str, track: str, peer: Peer) -> None:
    """Hold ``peer`` to the records of its meeting, for ever; an outage of the bus delays it."""
    view = MeetingView(meeting)
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
    finally:
        await reader.close()


def may_send(view: MeetingView, track: str) -> bool:
    """Whether the meeting is live and the person whose track it is was not put out of it."""
    if view.facts is None or view.facts.state != "live":
        return False
    person = view.person(view.tracks[track].user or "")
    return person is None or person.left != "removed"
