"""A bus server in virtual time, whose every answer may be late or lost, and event loops that run on that time.

It answers as nats-server does (research: fenced appends are checked before repetitions; an expired key leaves a
marker with a revision); the code above nats-py, our bus included, is the real one.
"""

import asyncio
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import nats.errors
from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError

from contracts import subjects


class Clock:
    """Virtual seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class _Selector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits: time is ``clock``."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(_Selector())
        self._virtual = clock

    def time(self) -> float:
        return self._virtual.now

    def settle(self) -> None:
        """Run everything that can run now."""
        for _ in range(500):
            self.call_soon(self.stop)
            self.run_forever()
            if not self._ready and not any(t.when() <= self._virtual.now for t in self._scheduled):  # type: ignore[attr-defined]
                return
        raise AssertionError("the loop never rests")


@dataclass(eq=False)
class Call:
    """A request on its way; ``apply`` does it at the server and returns or raises the answer."""

    apply: Callable[[], Any]
    answer: asyncio.Future[Any]

    def deliver(self, *, heard: bool = True) -> None:
        """The server does it; the caller gets the answer if it is ``heard``, else a timeout."""
        try:
            result, error = self.apply(), None
        except nats.errors.Error as exc:
            result, error = None, exc
        if not heard:
            error = nats.errors.TimeoutError()
        if self.answer.done():
            return
        if error is not None:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(result)

    def time_out(self) -> None:
        """The caller gives up; whether the server still gets the request is open."""
        if not self.answer.done():
            self.answer.set_exception(nats.errors.TimeoutError())


@dataclass
class _Key:
    value: bytes | None
    revision: int
    expires_at: float


@dataclass
class Server:
    """One log and one key; a single total order."""

    clock: Clock
    calls: list[Call] = field(default_factory=list)
    log: list[tuple[int, str, bytes]] = field(default_factory=list)
    _seq: int = 0
    _key: _Key | None = None

    def append(self, data: bytes, msg_id: str, expect_last: int | None) -> Any:
        last = self.log[-1][0] if self.log else 0
        if expect_last is not None and expect_last != last:
            raise APIError(code=400, description="wrong last sequence", err_code=10071)
        for seq, known, _ in self.log:
            if known == msg_id:
                return SimpleNamespace(seq=seq, duplicate=True)
        self._seq += 1
        self.log.append((self._seq, msg_id, data))
        return SimpleNamespace(seq=self._seq, duplicate=False)

    def last(self) -> Any:
        if not self.log:
            raise NotFoundError
        seq, msg_id, data = self.log[-1]
        return SimpleNamespace(seq=seq, subject="", data=data, headers={"Nats-Msg-Id": msg_id}, time=None)

    def _expire(self) -> None:
        if self._key and self._key.value is not None and self.clock.now >= self._key.expires_at:
            self._seq += 1
            self._key = _Key(None, self._seq, 0.0)

    def put(self, value: bytes, last: int | None) -> int:
        self._expire()
        revision = self._key.revision if self._key else 0
        if last is not None and last != revision:
            raise KeyWrongLastSequenceError
        self._seq += 1
        self._key = _Key(value, self._seq, self.clock.now + subjects.LEASE_TTL_S)
        return self._seq

    def create(self, value: bytes) -> int:
        self._expire()
        if self._key is not None:
            raise KeyWrongLastSequenceError
        return self.put(value, 0)

    def get(self) -> Any:
        self._expire()
        if self._key is None:
            raise KeyNotFoundError
        return SimpleNamespace(value=self._key.value, revision=self._key.revision)

    def delete(self, last: int) -> bool:
        self._expire()
        if self._key is None or self._key.revision != last:
            raise KeyWrongLastSequenceError
        self._key = None
        return True


class SimulatedClient:
    """What our bus sees of nats-py: JetStream and one bucket, by way of ``server.calls``."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.dead = False
        """A killed process sends nothing more, whatever its coroutines still try."""

    def jetstream(self, **_: object) -> "SimulatedClient":
        return self

    async def key_value(self, _name: str) -> "SimulatedClient":
        return self

    async def _call(self, apply: Callable[[], Any]) -> Any:
        if self.dead:
            raise nats.errors.ConnectionClosedError
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._server.calls.append(Call(apply, answer))
        return await answer

    async def publish(self, _subject: str, data: bytes, *, timeout: float, headers: dict[str, str]) -> Any:
        expect = headers.get("Nats-Expected-Last-Subject-Sequence")
        return await self._call(
            lambda: self._server.append(data, headers["Nats-Msg-Id"], int(expect) if expect is not None else None)
        )

    async def get_last_msg(self, *_: object, **__: object) -> Any:
        return await self._call(self._server.last)

    async def create(self, _key: str, value: bytes) -> int:
        return await self._call(lambda: self._server.create(value))

    async def get(self, _key: str) -> Any:
        return await self._call(self._server.get)

    async def update(self, _key: str, value: bytes, last: int) -> int:
        return await self._call(lambda: self._server.put(value, last))

    async def delete(self, _key: str, last: int) -> bool:
        return await self._call(lambda: self._server.delete(last))
