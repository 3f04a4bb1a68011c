"""The audio socket: a thin shell around ``session``. Each connection stands alone; its faults close only it."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from litestar.connection import WebSocket

from contracts import log, subjects
from contracts.audio import SAMPLE_RATE_HZ, Frame, decode_frame, encode_frame
from contracts.bus import Bus
from contracts.errors import BadInput, Fault, Fenced, NotSignedIn, StorageFull, TooLarge, Unavailable
from gateway import problems
from gateway.auth.identity import Ticket, User
from gateway.auth.limits import RateLimit
from gateway.ingest import protocol
from gateway.ingest.bundle import CROWD, HOLD_S, Bundler
from gateway.ingest.hush import Hush
from gateway.ingest.protocol import Hello, Nack, Ping, Pong, ServerMessage, Slow, Welcome
from gateway.ingest.session import AudioSession, HighWater
from gateway.metrics import IngestMetrics

HELLO_TIMEOUT_S = 10.0
TICK_S = 0.2
RECHECK_S = 5.0
_QUEUE_FRAMES = protocol.WINDOW_FRAMES
_RETRY_S = (0.1, 0.3, 1.0, 2.0, 3.0, 5.0)
GIVE_UP_S = 60.0
BURST_S = 60.0
"""Seconds of sound that may come at once, beyond the long-run rate."""

Socket = WebSocket[Any, Any, Any]


class Gate(msgspec.Struct, frozen=True):
    """What the ingest asks of the rest of the gateway."""

    redeem: Callable[[str, str], Awaitable[Ticket]]
    """The ticket behind a secret, for a meeting. Raises NotSignedIn."""
    open_track: Callable[[User, str, str], Awaitable[str]]
    """Whose track it is. Raises NotFound, NotAllowed or Conflict unless the user may send sound on it."""
    check: Callable[[User, str], Awaitable[None]]
    """Raises NotFound or NotAllowed when the user may not send sound to the meeting any more."""
    check_space: Callable[[], None]
    """Raises StorageFull while nothing new may be recorded."""
    here: Callable[[str, str, str], AbstractAsyncContextManager[None]]
    """Open while the user (second) sends on the track (third) of the meeting (first)."""
    quiet: Callable[[str, str], str]
    """Why nothing of the person (second) may be kept in the meeting (first) right now, or an empty text."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one connection."""

    gap_wait_s: float = 2.0
    idle_s: float = 30.0
    speed: float = 4.0


class _Done(Exception):
    """The connection has ended as it should, or the peer is gone."""


class AudioSocket:
    """Serves one connection from hello to the last frame."""

    def __init__(self, socket: Socket, bus: Bus, gate: Gate, limits: Limits, metrics: IngestMetrics) -> None:
        self._socket = socket
        self._bus = bus
        self._gate = gate
        self._limits = limits
        self._metrics = metrics
        self._frames: asyncio.Queue[tuple[Frame, str]] = asyncio.Queue(_QUEUE_FRAMES)
        """With why each may not be kept, as of its arrival."""
        self._quiet: Callable[[], str] = str
        self._order = asyncio.Lock()
        """Held from the session's decision until its frames are queued, so that none overtakes another."""
        self._rate = RateLimit(limits.speed * SAMPLE_RATE_HZ, BURST_S * SAMPLE_RATE_HZ)
        self._heard_at = time.monotonic()
        self._log = log.get(part="ingest")

    async def serve(self, meeting: str) -> None:
        """Serve until the end; always closes with a documented code."""
        await self._socket.accept()
        self._metrics.opened()
        code, reason = problems.DONE, "done"
        try:
            await self._serve(meeting)
        except* _Done:
            pass
        except* Fault as group:
            fault = first_fault(group)
            code, reason = problems.close_code(fault), fault.detail
            self._log.info("socket.refused", code=code, detail=fault.detail)
        finally:
            self._metrics.closed()
        await close_socket(self._socket, code, reason)

    async def _serve(self, meeting: str) -> None:
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                hello = protocol.check_hello(self._text(await self._next()))
        except TimeoutError as exc:
            raise BadInput("no hello came", source="client") from exc
        user, person = await self._admit(meeting, hello)
        self._quiet = lambda: self._gate.quiet(meeting, person)
        subject = subjects.audio(meeting, hello.track)
        mark = await self._mark(subject)
        session = AudioSession(mark, hello.session, gap_wait_s=self._limits.gap_wait_s)
        await self._send(Welcome(session.session, session.resume_from, session.pts_samples))
        async with self._gate.here(meeting, user.id, hello.track), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recheck(user, meeting), name="ingest.recheck")
            tasks.create_task(self._receive(session), name="ingest.receive")
            tasks.create_task(self._tick(session), name="ingest.tick")
            tasks.create_task(self._store(session, subject, hello.track, mark.stream_seq), name="ingest.store")

    async def _admit(self, meeting: str, hello: Hello) -> tuple[User, str]:
        """Who sends, and whose sound it is."""
        user: User | None = self._socket.scope.get("user")
        if hello.ticket or user is None:
            ticket = await self._gate.redeem(hello.ticket, meeting)
            if ticket.track not in (None, hello.track):
                raise NotSignedIn("the ticket is for another track", source="client")
            user = ticket.user
        return user, await self._gate.open_track(user, meeting, subjects.check_id(hello.track))

    async def _recheck(self, user: User, meeting: str) -> None:
        """A right that is taken away ends the connection soon."""
        while True:
            await asyncio.sleep(RECHECK_S)
            with contextlib.suppress(Unavailable):
                await self._gate.check(user, meeting)

    async def _mark(self, subject: str) -> HighWater:
        last = await self._bus.last(subjects.AUDIO_STREAM, subject)
        return HighWater() if last is None else HighWater.of(decode_frame(last.data), last.seq)

    async def _receive(self, session: AudioSession) -> None:
        while True:
            message = await self._next()
            self._heard_at = time.monotonic()
            if isinstance(message, bytes):
                await self._take(session, message)
            elif isinstance(self._text(message), Ping):
                await self._send(Pong())

    async def _take(self, session: AudioSession, data: bytes) -> None:
        if len(data) > protocol.MAX_INGEST_BYTES:
            raise TooLarge(f"a frame may have at most {protocol.MAX_INGEST_BYTES} bytes", source="client")
        frame = decode_frame(data)
        self._metrics.frames.inc()
        async with self._order:
            ready, nack = session.receive(frame, time.monotonic())
            await self._queue(ready)
        if nack is not None:
            await self._send(nack)
        # Waiting here is the brake: the client's window fills and it stops sending.
        while (wait_s := self._rate.wait_s("", time.monotonic(), len(frame.payload) / 2)) > 0:
            await asyncio.sleep(wait_s)
            self._heard_at = time.monotonic()

    async def _queue(self, frames: list[Frame]) -> None:
        for frame in frames:
            if frame.gap is not None:
                self._metrics.gaps.inc()
            await self._frames.put((frame, self._quiet()))

    async def _tick(self, session: AudioSession) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            async with self._order:
                await self._queue(session.tick(now))
            if (ack := session.ack(flush=True)) is not None:
                await self._send(ack)
            if now - self._heard_at > self._limits.idle_s:
                await close_socket(self._socket, problems.IDLE, "nothing came for too long")
                raise _Done

    async def _store(self, session: AudioSession, subject: str, track: str, last_seq: int) -> None:
        hush, bundler = Hush(), Bundler()
        while not session.finished:
            taken = await self._taken()
            kept = [k for frame, cause in taken for k in hush.take(frame, cause or self._quiet())]
            for bundle in bundler.take(kept):
                msg_id = f"{track}:{bundle.session}:{bundle.seq}"
                try:
                    last_seq = await self._append(subject, encode_frame(bundle), msg_id, last_seq)
                except Fenced:
                    await self._check_newest(subject, session)
                    raise
            newest = taken[-1][0]
            session.stored(newest)
            if (ack := session.ack(flush=self._frames.empty() and newest.is_last)) is not None:
                await self._send(ack)
        raise _Done

    async def _taken(self) -> list[tuple[Frame, str]]:
        """The next frame; in a crowd also those that come soon after it, so that they are stored together."""
        taken = [await self._frames.get()]
        if self._metrics.open_sockets >= CROWD and not taken[0][0].is_last:
            await asyncio.sleep(HOLD_S)
            while not self._frames.empty():
                taken.append(self._frames.get_nowait())
        return taken

    async def _check_newest(self, subject: str, session: AudioSession) -> None:
        """Raises Unavailable, so that the client says hello again, unless a newer session has the track.

        What an earlier connection had on its way may be stored after the hello of the next one.
        """
        if (await self._mark(subject)).session <= session.session:
            raise Unavailable("an earlier connection was still sending; say hello again", source="client")

    async def _append(self, subject: str, data: bytes, msg_id: str, last_seq: int) -> int:
        """Store one frame after the one at ``last_seq``; says ``slow`` while that is not possible."""
        since, tries = time.monotonic(), 0
        while True:
            try:
                self._gate.check_space()
                with self._metrics.stored_s.time():
                    return await self._bus.append(subject, data, msg_id=msg_id, expect_last=last_seq)
            except (StorageFull, Unavailable) as fault:
                if time.monotonic() - since > GIVE_UP_S:
                    raise
                self._heard_at = time.monotonic()
                await self._send(Slow(fault.detail, fault.code))
                await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                tries += 1

    async def _next(self) -> str | bytes:
        event: Any = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise _Done
        data: bytes | None = event.get("bytes")
        return str(event.get("text") or "") if data is None else data

    def _text(self, message: str | bytes) -> protocol.ClientMessage:
        if isinstance(message, bytes):
            raise BadInput("the first message must be hello", source="client")
        return protocol.decode(message)

    async def _send(self, message: ServerMessage | Nack) -> None:
        try:
            await self._socket.send_data(protocol.encode(message).decode(), mode="text")
        except Exception as exc:  # the server's ways to say "peer gone"
            raise _Done from exc


async def close_socket(socket: Socket, code: int, reason: str) -> None:
    """Close, whatever state the socket is in."""
    with contextlib.suppress(Exception):  # the peer is gone already, in one of the server's ways to say so
        await socket.close(code=code, reason=reason[:100])


def first_fault(group: BaseExceptionGroup[BaseException]) -> Fault:
    """The first Fault inside ``group``."""
    for exc in group.exceptions:
        if isinstance(exc, Fault):
            return exc
        if isinstance(exc, BaseExceptionGroup):
            return first_fault(exc)
    raise AssertionError("a group of faults holds a fault")
