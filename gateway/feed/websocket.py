"""The feed as a WebSocket: subscribe, then a snapshot or what was missed, then every change."""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar.connection import WebSocket

from contracts.errors import BadInput, Fault
from gateway import problems
from gateway.auth.identity import Ticket, User
from gateway.feed.hub import Hub
from gateway.feed.messages import Codec, Ping, Problem, Subscribe, encode
from gateway.feed.subscriber import Subscriber
from gateway.metrics import FeedMetrics

Socket = WebSocket[Any, Any, Any]
SUBSCRIBE_TIMEOUT_S = 10.0
SEND_TIMEOUT_S, WATCH_S = 7.5, 2.5
CLOSE_TIMEOUT_S = 2.0
MAX_TEXT_BYTES = 4096
SLOW = "too slow; come back with since"


class Gate(msgspec.Struct, frozen=True):
    """What the feed asks of the rest of the gateway."""

    redeem: Callable[[str, str], Awaitable[Ticket]]
    """The ticket behind a secret, for a meeting. Raises NotSignedIn."""
    check: Callable[[User, str], Awaitable[None]]
    """Raises NotFound unless the user may see the meeting."""
    still: Callable[[User, str], Awaitable[None]]
    """The same for somebody who reads along; cheap enough to be asked before each message."""


class _Leave(Exception):
    """The connection ends with ``code``."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class FeedSocket:
    """Serves one reader until one side leaves."""

    def __init__(self, socket: Socket, hub: Hub, gate: Gate, metrics: FeedMetrics) -> None:
        self._socket = socket
        self._hub = hub
        self._gate = gate
        self._metrics = metrics
        self._sending_since = math.inf

    async def serve(self, meeting: str) -> None:
        """Serve until the end; always closes with a documented code."""
        await self._socket.accept()
        code, reason = problems.DONE, "done"
        try:
            await self._serve(meeting)
        except* _Leave as group:
            leave = _first(group)
            code, reason = leave.code, leave.reason
        except* Fault as group:
            fault = _first(group)
            code, reason = problems.close_code(fault), fault.detail
            with contextlib.suppress(Exception):  # the peer may be gone; the close code says the same
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self._send(encode(Problem(fault.code, fault.detail)))
        with contextlib.suppress(Exception):  # the peer is gone already, or reads nothing any more
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._socket.close(code=code, reason=reason[:100])

    async def _serve(self, meeting: str) -> None:
        hello = await self._subscription()
        user = self._socket.scope.get("user")
        if hello.ticket or user is None:
            user = (await self._gate.redeem(hello.ticket, meeting)).user
        await self._gate.check(user, meeting)
        subscriber, first = await self._hub.subscribe(meeting, hello.since)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(), name="feed.listen")
                tasks.create_task(self._speak(first, subscriber, user, meeting), name="feed.speak")
                tasks.create_task(self._watch(subscriber), name="feed.watch")
        finally:
            self._hub.leave(meeting, subscriber)

    async def _subscription(self) -> Subscribe:
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
                message = await self._receive()
        except TimeoutError as exc:
            raise BadInput("no subscribe came", source="client") from exc
        if not isinstance(message, Subscribe):
            raise BadInput("the first message must be subscribe", source="client")
        return message

    async def _listen(self) -> None:
        while True:
            await self._receive()

    async def _receive(self) -> Subscribe | Ping:
        event: Any = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise _Leave(problems.DONE, "gone")
        text: str = event.get("text") or ""
        if len(text) > MAX_TEXT_BYTES:
            raise BadInput("the message is too long", source="client")
        try:
            return Codec.client.decode(text)
        except (msgspec.DecodeError, UnicodeError) as exc:
            raise BadInput("not a message of the feed", source="client") from exc

    async def _speak(self, first: list[str], subscriber: Subscriber, user: User, meeting: str) -> None:
        for text in first:
            await self._send(text)
        while True:
            waiting = await subscriber.take()
            await self._gate.still(user, meeting)
            for text in waiting or ([] if subscriber.ended else [encode(Ping())]):
                await self._send(text)
            if subscriber.ended:
                raise _Leave(*((problems.RESTART, "restarting") if self._hub.closed else (problems.DONE, "done")))

    async def _watch(self, subscriber: Subscriber) -> None:
        """One timer for all that is sent: a timer for each message is a third of the work of sending it."""
        while not subscriber.overflowed and time.monotonic() - self._sending_since < SEND_TIMEOUT_S:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WATCH_S):
                    await subscriber.until_overflowed()
        self._metrics.dropped.inc()
        raise _Leave(problems.OVERLOAD, SLOW)

    async def _send(self, text: str) -> None:
        self._sending_since = time.monotonic()
        try:
            await self._socket.send_data(text, mode="text")
        except Exception as exc:  # the server's ways to say that the peer is gone
            raise _Leave(problems.DONE, "gone") from exc
        finally:
            self._sending_since = math.inf
        self._metrics.messages.inc()


def _first(group: BaseExceptionGroup[Any]) -> Any:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
