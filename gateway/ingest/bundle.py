"""Neighbouring frames of one track as one stored message, for when many tracks are sent at once. No I/O.

To store a frame costs the gateway, the bus and every reader far more than its sound; in a crowd some frames therefore
wait for each other. A bundle is a frame like any other: it begins where its first frame does and carries the number
of its last one, so that the newest stored frame still says what is wanted next.
"""

from collections.abc import Sequence

import msgspec

from contracts.audio import SAMPLE_RATE_HZ, Flag, Frame

CROWD = 4
"""So many open sockets are a crowd."""
HOLD_S = 0.18
"""So long a frame waits for those behind it."""
LONGEST_SAMPLES = SAMPLE_RATE_HZ // 2


class Bundler:
    """Give it every frame that is to be stored, in order."""

    def __init__(self) -> None:
        self._before: Frame | None = None

    def take(self, frames: Sequence[Frame]) -> list[Frame]:
        """``frames`` with neighbours joined. What comes after a jump stays alone: its number tells why."""
        ready: list[Frame] = []
        open_for_more = False
        for frame in frames:
            if open_for_more and _fits(ready[-1], frame) and self._goes_on(frame):
                ready[-1] = _joined(ready[-1], frame)
            else:
                open_for_more = self._goes_on(frame)
                ready.append(frame)
            self._before = frame
        return ready

    def _goes_on(self, frame: Frame) -> bool:
        """Whether ``frame`` follows the one before it without a jump in number or time."""
        before = self._before
        return (
            before is not None
            and before.session == frame.session
            and frame.seq == before.seq + 1
            and frame.pts_samples == before.end_samples
        )


def _fits(bundle: Frame, frame: Frame) -> bool:
    plain = bundle.flags == frame.flags == Flag.NONE and bundle.codec == frame.codec
    return plain and bundle.samples + frame.samples <= LONGEST_SAMPLES


def _joined(bundle: Frame, frame: Frame) -> Frame:
    return msgspec.structs.replace(bundle, seq=frame.seq, payload=bundle.payload + frame.payload)
