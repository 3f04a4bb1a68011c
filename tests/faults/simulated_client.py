"""What our bus sees of nats-py in a simulation: requests that go over ``server.calls``."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nats.errors

from tests.faults.simulation import Call, Server, Watcher


class SimulatedClient:
    """What our bus sees of nats-py, by way of ``server.calls``. ``sending`` hears of every append."""

    def __init__(self, server: Server, name: str, sending: Callable[[], None]) -> None:
        self._server = server
        self._name = name
        self._sending = sending
        self.dead = False
        """A killed process sends nothing more, whatever its coroutines still try."""

    def jetstream(self, **_: object) -> "_JetStream":
        return _JetStream(self._server, self._name, self._call, self._sending)

    async def publish(self, _subject: str, _data: bytes) -> None:
        return None

    async def _call(self, kind: str, apply: Callable[[], Any]) -> Any:
        if self.dead:
            raise nats.errors.ConnectionClosedError
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._server.calls.append(Call(apply, answer, self._name, kind))
        return await answer


@dataclass
class _JetStream:
    server: Server
    name: str
    call: Callable[..., Any]
    sending: Callable[[], None]

    async def publish(self, _subject: str, data: bytes, *, timeout: float, headers: dict[str, str]) -> Any:
        self.sending()
        expect = headers.get("Nats-Expected-Last-Subject-Sequence")
        expect_last = int(expect) if expect is not None else None
        msg_id = headers["Nats-Msg-Id"]
        return await self.call("append", lambda: self.server.append(data, msg_id, expect_last, self.name))

    async def get_last_msg(self, *_: object, **__: object) -> Any:
        return await self.call("last", self.server.last)

    async def key_value(self, bucket: str) -> "_Bucket":
        return _Bucket(self.server, bucket, self.call)


@dataclass
class _Bucket:
    server: Server
    name: str
    call: Callable[..., Any]

    async def create(self, key: str, value: bytes) -> Any:
        return await self.call("create", lambda: self.server.create(self.name, key, value))

    async def get(self, key: str) -> Any:
        return await self.call("get", lambda: self.server.get(self.name, key))

    async def put(self, key: str, value: bytes) -> Any:
        return await self.call("put", lambda: self.server.put(self.name, key, value, None))

    async def update(self, key: str, value: bytes, last: int) -> Any:
        return await self.call("update", lambda: self.server.put(self.name, key, value, last))

    async def delete(self, key: str, last: int | None = None) -> Any:
        return await self.call("delete", lambda: self.server.put(self.name, key, None, last, "DEL"))

    async def watch(self, _pattern: str) -> Any:
        watcher = Watcher(self.server, self.name)
        return await self.call("watch", lambda: self.server.watch(watcher))
