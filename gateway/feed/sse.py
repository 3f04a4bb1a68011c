"""The feed as server-sent events: the same messages; ``id`` is the cursor that browsers send back."""

from collections.abc import AsyncIterator

import msgspec

from contracts.errors import Fault
from gateway.auth.identity import User
from gateway.feed.hub import Hub
from gateway.feed.messages import Problem, encode
from gateway.feed.subscriber import Subscriber
from gateway.feed.websocket import Gate


class _Cursor(msgspec.Struct):
    seq: int | None = None


async def events(
    hub: Hub, gate: Gate, user: User, meeting: str, opened: tuple[Subscriber, list[str]]
) -> AsyncIterator[str]:
    """The stream's text. ``opened`` comes from ``hub.subscribe``, so that refusals are still HTTP answers."""
    subscriber, first = opened
    try:
        yield "retry: 1000\n\n"
        for text in first:
            yield event(text)
        while not subscriber.overflowed:
            waiting = await subscriber.take()
            await gate.still(user, meeting)
            for text in waiting:
                yield event(text)
            if subscriber.ended:
                return
            if not waiting:
                yield ": ping\n\n"
    except Fault as fault:
        yield event(encode(Problem(fault.code, fault.detail)))
    finally:
        hub.leave(meeting, subscriber)


def event(text: str) -> str:
    """One message as an event; JSON never holds a line break."""
    seq = msgspec.json.decode(text, type=_Cursor).seq
    return (f"id: {seq}\n" if seq is not None else "") + f"data: {text}\n\n"
