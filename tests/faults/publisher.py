"""A client that keeps what is not acknowledged and sends again until it is, as the product's clients do."""

import asyncio
import time

from contracts.errors import StorageFull, Unavailable
from tests.fakes.sound import frame
from tests.fakes.track import FakeTrack

FRAME_S = 0.06


async def send_surely(track: FakeTrack, seq: int, *, last: bool = False) -> None:
    """Store one frame, however often it takes."""
    while True:
        try:
            await track.send(frame(seq, last=last))
        except (Unavailable, StorageFull):
            await asyncio.sleep(0.1)
        else:
            return


async def speak_in_time(track: FakeTrack, frames: int, *, speed: float = 1.0) -> float:
    """Store ``frames`` frames at the pace of speech; after an outage as fast as it goes. Returns the longest stall."""
    start, first = time.monotonic(), track.next_seq
    longest_s = 0.0
    for n in range(frames):
        due = start + n * FRAME_S / speed
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        asked = time.monotonic()
        await send_surely(track, first + n)
        track.next_seq = first + n + 1
        longest_s = max(longest_s, time.monotonic() - asked)
    return longest_s


async def end_surely(track: FakeTrack) -> None:
    """Store the last frame."""
    await send_surely(track, track.next_seq, last=True)
