"""A client of the public interfaces, for tests."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from contracts.audio import FRAME_SAMPLES, Flag, Frame, encode_frame

SESSION = 1_700_000_000


def sound(seq: int, *, session: int = SESSION, last: bool = False, pts: int | None = None) -> bytes:
    """A frame of 60 ms whose payload tells its number."""
    payload = seq.to_bytes(2, "little") * FRAME_SAMPLES
    return encode_frame(
        Frame(session, seq, seq * FRAME_SAMPLES if pts is None else pts, payload, Flag.LAST if last else Flag.NONE)
    )


class Client:
    """Speaks HTTP, the audio socket and the feed as the owner."""

    def __init__(self, http: httpx.AsyncClient, ws_url: str) -> None:
        self.http = http
        self.ws_url = ws_url

    async def start(self, title: str = "Planning", **more: Any) -> str:
        answer = await self.http.post("/v1/meetings", json={"title": title, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def track(self, meeting: str, source: str = "mic") -> str:
        answer = await self.http.post(f"/v1/meetings/{meeting}/tracks", json={"source": source})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["track"])

    async def ticket(self, meeting: str, scope: str) -> str:
        answer = await self.http.post("/v1/auth/tickets", json={"meeting": meeting, "scope": scope})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["ticket"])

    async def open_audio(self, meeting: str, **more: Any) -> ClientConnection:
        return await websockets.connect(f"{self.ws_url}/v1/meetings/{meeting}/audio", compression=None, **more)

    async def hello(self, meeting: str, track: str, session: int = SESSION) -> tuple[ClientConnection, dict[str, Any]]:
        socket = await self.open_audio(meeting)
        ticket = await self.ticket(meeting, "audio")
        await socket.send(json.dumps({"type": "hello", "ticket": ticket, "track": track, "session": session}))
        return socket, json.loads(await socket.recv())

    async def feed(self, meeting: str, since: int | None = None) -> ClientConnection:
        socket = await websockets.connect(f"{self.ws_url}/v1/meetings/{meeting}/feed")
        message = {"type": "subscribe", "ticket": await self.ticket(meeting, "feed"), "since": since}
        await socket.send(json.dumps(message))
        return socket


async def until(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of that type; others are skipped."""
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] == kind:
            return message


async def acked(socket: ClientConnection, upto: int) -> dict[str, Any]:
    """The acknowledgement that covers ``upto``."""
    while True:
        message = await until(socket, "ack")
        if message["upto"] >= upto:
            return message


async def close_code_of(socket: ClientConnection) -> int:
    """The code with which the server closes."""
    try:
        while True:
            await socket.recv()
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


async def eventually(holds: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    """Ask until it holds; for states that nobody announces."""
    async with asyncio.timeout(within_s):
        for _ in itertools.count():
            if await holds():
                return
            await asyncio.sleep(0.05)
