"""A client that keeps what is not acknowledged and sends again until it is, as the product's clients do."""

import asyncio
import contextlib
import time

from contracts.errors import StorageFull, Unavailable
from tests.fakes.sound import frame
from tests.fakes.track import FakeTrack

FRAME_S = 0.06


class Speaker:
    """Publishes a track's frames at the pace of speech, after an outage as fast as it goes."""

    def __init__(self, track: FakeTrack, *, speed: float = 1.0) -> None:
        self._track = track
        self._frame_s = FRAME_S / speed
        self._enough = asyncio.Event()
        self.longest_stall_s = 0.0

    def stop(self) -> None:
        """End the track after the frame that is being sent."""
        self._enough.set()

    async def speak(self, frames: int = 1_000_000) -> None:
        """Send until ``stop`` or ``frames``, then the last frame."""
        due = time.monotonic()
        for _ in range(frames):
            due += self._frame_s
            await self._surely(last=False)
            self._track.next_seq += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - time.monotonic())):
                    await self._enough.wait()
            if self._enough.is_set():
                break
        await self._surely(last=True)

    async def _surely(self, *, last: bool) -> None:
        asked_at = time.monotonic()
        while True:
            try:
                await self._track.send(frame(self._track.next_seq, last=last))
            except (Unavailable, StorageFull):
                await asyncio.sleep(0.1)
            else:
                self.longest_stall_s = max(self.longest_stall_s, time.monotonic() - asked_at)
                return
