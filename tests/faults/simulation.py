"""A bus server in virtual time, whose every answer may be late or lost, and event loops that run on that time.

It answers as nats-server does (research: fenced appends are checked before repetitions; an expired key leaves a
marker with a revision); the code above nats-py, our bus included, is the real one.
"""

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import nats.errors
from nats.js.errors import (
    APIError,
    KeyDeletedError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NotFoundError,
)

from contracts import subjects


class Clock:
    """Virtual seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class _Selector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return []


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
            timers = self._scheduled  # type: ignore[attr-defined]
            if not self._ready and not (timers and timers[0].when() <= self._virtual.now):  # type: ignore[attr-defined]
                return
            self.call_soon(self.stop)
            self.run_forever()
        raise AssertionError("the loop never rests")


class Call:
    """A request on its way; ``apply`` does it at the server and returns or raises the answer."""

    asker, kind = "", ""
    """Which process asks, and for what: the name of the call of nats-py, or ``append`` and ``last``."""

    def __init__(self, apply: Callable[[], Any], answer: asyncio.Future[Any], asker: str = "", kind: str = "") -> None:
        self.asker, self.kind = asker, kind
        self._apply = apply
        self._answer = answer
        self._outcome: tuple[Any, Exception | None] | None = None

    def reach(self) -> None:
        """The server does it, if it has not; the answer is on its way."""
        if self._outcome is None:
            try:
                self._outcome = (self._apply(), None)
            except nats.errors.Error as exc:
                self._outcome = (None, exc)

    @property
    def refused(self) -> bool:
        """Whether the server has said no."""
        return self._outcome is not None and self._outcome[1] is not None

    def deliver(self) -> None:
        """The server does it and the caller learns of it, unless it has given up."""
        self.reach()
        assert self._outcome is not None
        result, error = self._outcome
        if self._answer.done():
            return
        if error is not None:
            self._answer.set_exception(error)
        else:
            self._answer.set_result(result)

    def time_out(self) -> None:
        """The caller gives up; whether the server still gets the request is open."""
        if not self._answer.done():
            self._answer.set_exception(nats.errors.TimeoutError())


class Watcher:
    """What nats-py gives for a watched bucket: what is there, None, then every change in order."""

    def __init__(self, server: "Server", bucket: str) -> None:
        self._server = server
        self.bucket = bucket
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._on_the_way: deque[Any] = deque()

    def tell(self, update: Any) -> None:
        """At the server: send it."""
        self._on_the_way.append(update)
        self._server.calls.append(Update(self))

    def arrive(self, *, heard: bool) -> None:
        """The next one arrives, or is lost."""
        if self._on_the_way:
            update = self._on_the_way.popleft()
            if heard:
                self._queue.put_nowait(update)

    def show(self, update: Any) -> None:
        """Part of what was there at the start."""
        self._queue.put_nowait(update)

    def __aiter__(self) -> "Watcher":
        return self

    async def __anext__(self) -> Any:
        update = await self._queue.get()
        if isinstance(update, Exception):
            raise update
        return update

    async def stop(self) -> None:
        if self in self._server.watchers:
            self._server.watchers.remove(self)


class Update(Call):
    """A change of a key on its way to one watcher."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def reach(self) -> None:
        pass

    def deliver(self) -> None:
        self._watcher.arrive(heard=True)

    def time_out(self) -> None:
        self._watcher.arrive(heard=False)


@dataclass
class _Key:
    value: bytes | None
    revision: int
    expires_at: float
    operation: str | None = None


@dataclass
class Written:
    """A message of the log."""

    seq: int
    msg_id: str
    data: bytes
    author: str
    at: float


@dataclass
class Server:
    """One log and the keys of two buckets; a single total order."""

    clock: Clock
    calls: list[Call] = field(default_factory=list)
    log: list[Written] = field(default_factory=list)
    watchers: list[Watcher] = field(default_factory=list)
    _seq: int = 0
    _keys: dict[tuple[str, str], _Key] = field(default_factory=dict)

    def append(self, data: bytes, msg_id: str, expect_last: int | None, author: str) -> Any:
        last = self.log[-1].seq if self.log else 0
        if expect_last is not None and expect_last != last:
            raise APIError(code=400, description="wrong last sequence", err_code=10071)
        for known in self.log:
            if known.msg_id == msg_id:
                return SimpleNamespace(seq=known.seq, duplicate=True)
        self._seq += 1
        self.log.append(Written(self._seq, msg_id, data, author, self.clock.now))
        return SimpleNamespace(seq=self._seq, duplicate=False)

    def last(self) -> Any:
        if not self.log:
            raise NotFoundError
        last = self.log[-1]
        return SimpleNamespace(
            seq=last.seq, subject="", data=last.data, headers={"Nats-Msg-Id": last.msg_id}, time=None
        )

    def tick(self) -> None:
        """Expire what is due."""
        for (bucket, name), key in list(self._keys.items()):
            if key.operation is None and self.clock.now >= key.expires_at:
                self._set(bucket, name, None, "PURGE")

    def _set(self, bucket: str, name: str, value: bytes | None, operation: str | None = None) -> int:
        self._seq += 1
        ttl_s = subjects.LEASE_TTL_S if bucket == subjects.LEASE_BUCKET else float("inf")
        self._keys[bucket, name] = key = _Key(value, self._seq, self.clock.now + ttl_s, operation)
        for watcher in self.watchers:
            if watcher.bucket == bucket:
                watcher.tell(_entry(name, key))
        return self._seq

    def put(self, bucket: str, name: str, value: bytes | None, last: int | None, operation: str | None = None) -> int:
        self.tick()
        known = self._keys.get((bucket, name))
        if last is not None and last != (known.revision if known else 0):
            # As nats-py: only an update has an error of its own.
            raise APIError(code=400, err_code=10071) if operation else KeyWrongLastSequenceError
        return self._set(bucket, name, value, operation)

    def create(self, bucket: str, name: str, value: bytes) -> int:
        self.tick()
        known = self._keys.get((bucket, name))
        # As nats-py: a deleted key may be made again, one that expired may not.
        if known is not None and known.operation != "DEL":
            raise KeyWrongLastSequenceError
        return self._set(bucket, name, value)

    def get(self, bucket: str, name: str) -> Any:
        self.tick()
        known = self._keys.get((bucket, name))
        if known is None:
            raise KeyNotFoundError
        if known.operation == "DEL":
            raise KeyDeletedError
        return SimpleNamespace(value=known.value, revision=known.revision)

    def watch(self, watcher: Watcher) -> Watcher:
        self.tick()
        for (bucket, name), key in self._keys.items():
            if bucket == watcher.bucket:
                watcher.show(_entry(name, key))
        watcher.show(None)
        self.watchers.append(watcher)
        return watcher

    def restart(self) -> None:
        """Killed and started again: what was on its way is lost, watchers end."""
        calls, self.calls = self.calls, []
        watchers, self.watchers = self.watchers, []
        for call in calls:
            call.time_out()
        for watcher in watchers:
            watcher.show(nats.errors.ConnectionClosedError())


def _entry(name: str, key: _Key) -> Any:
    return SimpleNamespace(key=name, value=key.value, revision=key.revision, operation=key.operation)
