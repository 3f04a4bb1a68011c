"""A client that behaves as the page does: captures in time, keeps what is not acknowledged, reconnects for ever."""

import asyncio
import contextlib
import json
import time

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from contracts.audio import encode_frame
from tests.fakes.sound import frame

SESSION = 1_700_000_000
FRAME_S = 0.06
WINDOW_FRAMES = 100


class Microphone:
    """Records ``frames`` frames at the pace of speech, whatever happens to the connection."""

    def __init__(self, url: str, token: str, meeting: str, track: str, frames: int) -> None:
        self._http_url, self._ws_url = url, url.replace("http", "ws", 1)
        self._headers = {"authorization": f"Bearer {token}"}
        self._meeting, self._track = meeting, track
        self._frames = frames
        self._started = time.monotonic()
        self._socket: ClientConnection | None = None
        self._next = 0
        self._acked = -1
        self._moved = asyncio.Event()
        self.connections = 0
        self.longest_unsafe_s = 0.0
        """The most sound that was captured and not yet acknowledged."""

    @property
    def captured(self) -> int:
        """Frames that exist by now."""
        return min(self._frames, int((time.monotonic() - self._started) / FRAME_S))

    async def record(self) -> None:
        """Return when the last frame is acknowledged."""
        while self._acked < self._frames:
            with contextlib.suppress(OSError, TimeoutError, httpx.HTTPError, websockets.WebSocketException):
                await self._connection()
            await asyncio.sleep(0.2)

    async def drop(self) -> None:
        """Break the connection without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _connection(self) -> None:
        ticket = await self._ticket()
        url = f"{self._ws_url}/v1/meetings/{self._meeting}/audio"
        async with asyncio.timeout(5):
            socket = await websockets.connect(url, compression=None, ping_interval=2, ping_timeout=4)
        self._socket = socket
        try:
            hello = {"type": "hello", "ticket": ticket, "track": self._track, "session": SESSION, "next_seq": 0}
            await socket.send(json.dumps(hello))
            async with asyncio.timeout(5):
                welcome = json.loads(await socket.recv())
            self._next = welcome["resume_from"]
            self._acked = max(self._acked, self._next - 1)
            self.connections += 1
            await self._exchange(socket)
        finally:
            socket.transport.abort()

    async def _ticket(self) -> str:
        async with httpx.AsyncClient(base_url=self._http_url, headers=self._headers, timeout=5) as http:
            answer = await http.post("/v1/auth/tickets", json={"meeting": self._meeting, "scope": "audio"})
            answer.raise_for_status()
            return str(answer.json()["ticket"])

    async def _exchange(self, socket: ClientConnection) -> None:
        sending = asyncio.create_task(self._send(socket))
        try:
            while self._acked < self._frames:
                message = json.loads(await socket.recv())
                if message["type"] == "ack":
                    self._acked = max(self._acked, message["upto"])
                elif message["type"] == "nack":
                    self._next = min(self._next, message["from"])
                self._moved.set()
        finally:
            sending.cancel()
            await asyncio.wait({sending})

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            self.longest_unsafe_s = max(self.longest_unsafe_s, (self.captured - 1 - self._acked) * FRAME_S)
            ended = self.captured == self._frames
            if self._next < self.captured + ended and self._next - self._acked <= WINDOW_FRAMES:
                last = self._next == self._frames
                await socket.send(encode_frame(frame(self._next, session=SESSION, last=last)))
                self._next += 1
                continue
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FRAME_S):
                    await self._moved.wait()
