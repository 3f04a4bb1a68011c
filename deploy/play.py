"""Plays a recording as a live track through the public audio socket, losing nothing on the way."""

import asyncio
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import websockets
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection

from contracts.audio import BYTES_PER_SAMPLE, FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ, Flag, Frame, encode_frame
from contracts.errors import BadInput, Unavailable
from deploy.client import Server, refuse_if_final

Clock = Callable[[], float]
_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_REPLY_TIMEOUT_S = 15.0
_RETRY_FIRST_S = 0.3
_RETRY_LONGEST_S = 5.0


def decode(path: Path) -> bytes:
    """Any sound file as PCM16, mono, 16 kHz. Raises BadInput with one clear line."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise BadInput(f"{path} holds no sound", source="file")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
            blocks: list[NDArray[np.int16]] = []
            for frame in container.decode(container.streams.audio[0]):
                blocks += [_samples(f) for f in resampler.resample(frame)]
            blocks += [_samples(f) for f in resampler.resample(None)]
    except (OSError, av.FFmpegError) as exc:
        raise BadInput(f"{path} cannot be read as sound: {exc.strerror or type(exc).__name__}", source="file") from exc
    return b"".join(b.tobytes() for b in blocks)


def _samples(frame: av.AudioFrame) -> NDArray[np.int16]:
    return frame.to_ndarray().reshape(-1).astype("<i2")


class Player:
    """Sends the frames of one track and keeps each until it is acknowledged.

    ``pace`` 1 = a frame leaves when a microphone would have filled it; 0 = as fast as the server takes them.
    """

    def __init__(self, server: Server, meeting: str, track: str, pcm: bytes, pace: float) -> None:
        self._server = server
        self._meeting = meeting
        self._track = track
        self._pcm = pcm
        self._pace = pace
        self._session = int(time.time())
        self._frames = math.ceil(len(pcm) / _FRAME_BYTES) + 1  # the last one is empty and says so
        self._next = 0
        self._acked = -1
        self._window = 100
        self._moved = asyncio.Event()
        self.started_at: float | None = None
        """Monotonic time at which the first sample was captured."""

    async def play(self) -> None:
        """Send everything; returns when the server has stored the last frame. Raises Faults."""
        wait_s = _RETRY_FIRST_S
        while self._acked < self._frames - 1:
            before = self._acked
            try:
                async with self._server.socket(f"/v1/meetings/{self._meeting}/audio") as socket:
                    await self._greet(socket)
                    await self._exchange(socket)
            except (Unavailable, websockets.ConnectionClosed, TimeoutError) as exc:
                refuse_if_final(exc)
                wait_s = _RETRY_FIRST_S if self._acked > before else min(2 * wait_s, _RETRY_LONGEST_S)
                await asyncio.sleep(wait_s)

    async def _greet(self, socket: ClientConnection) -> None:
        hello = {
            "type": "hello",
            "ticket": await self._server.ticket(self._meeting, "audio", self._track),
            "track": self._track,
            "session": self._session,
            "next_seq": self._acked + 1,
            "format": {"codec": "pcm16", "sample_rate_hz": SAMPLE_RATE_HZ, "channels": 1},
        }
        await socket.send(json.dumps(hello))
        async with asyncio.timeout(_REPLY_TIMEOUT_S):
            welcome = json.loads(await socket.recv())
        if welcome.get("type") != "welcome":
            raise Unavailable("the server does not welcome the track", source="server")
        self._next = int(welcome["resume_from"])
        self._acked = max(self._acked, self._next - 1)
        self._window = int(welcome.get("window", 100))

    async def _exchange(self, socket: ClientConnection) -> None:
        """Send and listen until everything is acknowledged."""
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send(socket), name="send")
                await self._listen(socket)
                sending.cancel()
        except* websockets.ConnectionClosed as group:
            raise group.exceptions[0] from None

    async def _send(self, socket: ClientConnection) -> None:
        self.started_at = self.started_at or time.monotonic()
        while True:
            while self._next >= self._frames or self._next - self._acked > self._window:
                self._moved.clear()
                await self._moved.wait()
            number = self._next
            due = self.started_at + (number + 1) * FRAME_MS / 1000 * self._pace
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self._next == number:  # a nack may have sent us back
                self._next += 1
                await socket.send(self._frame(number))

    def _frame(self, number: int) -> bytes:
        last = number == self._frames - 1
        payload = b"" if last else self._pcm[number * _FRAME_BYTES : (number + 1) * _FRAME_BYTES]
        pts = len(self._pcm) // BYTES_PER_SAMPLE if last else number * FRAME_SAMPLES
        return encode_frame(Frame(self._session, number, pts, payload, Flag.LAST if last else Flag.NONE))

    async def _listen(self, socket: ClientConnection) -> None:
        while self._acked < self._frames - 1:
            message = json.loads(await socket.recv())
            match message.get("type"):
                case "ack":
                    self._acked = max(self._acked, int(message["upto"]))
                case "nack":
                    self._next = min(self._next, int(message["from"]))
                case "ping":
                    await socket.send('{"type":"pong"}')
            self._moved.set()
