"""Many readers of one feed, as light as they can be: what is measured is to be the server, not its clients."""

import asyncio
import base64
import json
import os
import time
from collections.abc import Callable
from urllib.parse import urlsplit

_TEXT, _PING, _PONG = 1, 9, 10
_SNAPSHOT = b'{"type":"snapshot"'
_FINAL = b'"id":"final-'
_ID_BYTES = len("final-00000")


def _masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame; its mask is zero, so that the payload stays as it is."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0xFE, *len(payload).to_bytes(2, "big")])
    return bytes([0x80 | opcode]) + size + bytes(4) + payload


class Reader(asyncio.Protocol):
    """One subscriber: notes which finals came, in which order and when."""

    def __init__(self, url: str, ticket: str, count: int, sent_at: Callable[[str], float]) -> None:
        parts = urlsplit(url)
        key = base64.b64encode(os.urandom(16)).decode()
        self._request = (
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._hello = _masked(_TEXT, json.dumps({"type": "subscribe", "ticket": ticket}).encode())
        self._count = count
        self._sent_at = sent_at
        self._buffer = bytearray()
        self._open = False
        self._transport: asyncio.WriteTransport | None = None
        self.ready = asyncio.Event()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.seen: list[str] = []
        self.late_s: list[float] = []

    @classmethod
    async def connect(cls, url: str, ticket: str, count: int, sent_at: Callable[[str], float]) -> "Reader":
        """A reader that has the state of the meeting and waits for ``count`` finals."""
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        _, reader = await loop.create_connection(lambda: cls(url, ticket, count, sent_at), parts.hostname, parts.port)
        await reader.ready.wait()
        return reader

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError(f"closed after {len(self.seen)} finals"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            del self._buffer[: len(head) + 4]
            self._open = True
            self._write(self._hello)
        while (payload := self._frame()) is not None:
            self._take(payload)

    def _frame(self) -> bytes | None:
        """The next whole text; pings are answered on the way."""
        while len(self._buffer) >= 2:
            opcode, size, at = self._buffer[0] & 15, self._buffer[1] & 127, 2
            if size > 125:
                at = 4 if size == 126 else 10
                size = int.from_bytes(self._buffer[2:at], "big")
            if len(self._buffer) < at + size:
                return None
            payload = bytes(self._buffer[at : at + size])
            del self._buffer[: at + size]
            if opcode == _TEXT:
                return payload
            if opcode == _PING:
                self._write(_masked(_PONG, payload))
        return None

    def _take(self, payload: bytes) -> None:
        at = payload.find(_FINAL)
        if payload.startswith(_SNAPSHOT):
            self.ready.set()
        elif at >= 0:
            final = payload[at + 6 : at + 6 + _ID_BYTES].decode()
            self.seen.append(final)
            self.late_s.append(time.monotonic() - self._sent_at(final))
            if len(self.seen) == self._count and not self.done.done():
                self.done.set_result(None)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
