"""The I/O beside ``echoless``: what the call brought is read from the bus, and compared in a thread."""

import asyncio
import time
from typing import Any

import numpy as np

from contracts import subjects
from contracts.audio import SAMPLE_RATE_HZ
from contracts.bus import Bus, Reader
from contracts.errors import Unavailable
from stream_workers.echoless import Compared, EchoJob, compare
from stream_workers.ports import Engine, EngineState
from stream_workers.tape import Tape
from stream_workers.timeline import Hole, Pcm, Piece, Sound, Timeline

WAIT_S = 0.6
"""A call whose sound is not there by then has none at that time: it is paused, gone or behind."""
SKEW_SAMPLES = SAMPLE_RATE_HZ // 2
"""The newest half second matters only where the clocks of the two tracks differ by that much."""
_FETCH_S = 0.05
_PEEK_S = 0.01
AHEAD_SAMPLES = 60 * SAMPLE_RATE_HZ
KEPT_SAMPLES = 90 * SAMPLE_RATE_HZ
IDLE_S = 120.0
"""A call that nobody asked about for so long is not listened to any more."""


class Call:
    """The newest sound of one call, as far as it is stored. One question at a time."""

    def __init__(self, bus: Bus, meeting: str, track: str) -> None:
        self._reader: Reader = bus.reader(subjects.AUDIO_STREAM, subjects.audio(meeting, track), 1)
        self._timeline = Timeline(0, 0)
        self._tape = Tape(0)
        self.turn = asyncio.Lock()
        self.asked_at = 0.0

    async def cut(self, start: int, end: int, *, wait_s: float) -> Pcm:
        """Samples ``start`` to ``end`` of its media time, silence where there is no sound (yet).

        What is there already is read ahead: a call that ends is soon recorded, and then its sound leaves the bus.
        """
        until = time.monotonic() + wait_s
        while self._timeline.position < end + AHEAD_SAMPLES and not self._timeline.ended:
            behind = self._timeline.position < end - SKEW_SAMPLES
            messages = await self._reader.fetch(timeout_s=_FETCH_S if behind else _PEEK_S)
            if not messages and (not behind or time.monotonic() >= until):
                break
            for message in messages:
                for piece in self._timeline.push(message.seq, message.data):
                    self._lay(piece)
        found = np.zeros(end - start, np.int16)
        first, last = max(start, self._tape.start), min(end, self._tape.end)
        if first < last:
            found[first - start : last - start] = self._tape.cut(first, last)
        return found

    def _lay(self, piece: Piece) -> None:
        if isinstance(piece, Sound):
            self._tape.append(piece.pcm)
            self._tape.forget(self._tape.end - KEPT_SAMPLES)
        elif isinstance(piece, Hole):
            self._tape = Tape(piece.end)

    async def close(self) -> None:
        """Read no more."""
        await self._reader.close()


class OverhearingEngine:
    """Answers questions about echoes itself and passes the others on."""

    def __init__(self, inner: Engine, bus: Bus) -> None:
        self._inner = inner
        self._bus = bus
        self._calls: dict[tuple[str, str], Call] = {}

    def state(self) -> EngineState:
        """What people are told about it."""
        return self._inner.state()

    def close(self) -> None:
        """See ``ports.Engine``."""
        self._inner.close()

    async def submit(self, job: Any) -> Any:
        """The answer to ``job``. A bus that does not answer means that nothing is known to be echo."""
        if not isinstance(job, EchoJob) or job.work.call is None:
            return await self._inner.submit(job)
        try:
            call = await self._call(job.work.meeting, job.work.call)
            async with call.turn:
                sound = await call.cut(*job.call_span(), wait_s=WAIT_S if job.final else 0.0)
        except Unavailable:
            return Compared(job.path, (False,) * len(job.spans))
        return await asyncio.to_thread(compare, job, sound)

    async def _call(self, meeting: str, track: str) -> Call:
        now = time.monotonic()
        idle = [k for k, c in self._calls.items() if now - c.asked_at > IDLE_S and not c.turn.locked()]
        for key in idle:
            await self._calls.pop(key).close()
        call = self._calls.setdefault((meeting, track), Call(self._bus, meeting, track))
        call.asked_at = now
        return call
