"""Sound that says where it is: each sample holds the number of its 60 ms frame, so words can be counted."""

import numpy as np
from numpy.typing import NDArray

from contracts.audio import FRAME_SAMPLES, Flag, Frame

MODULUS = 30_000


def pcm(start: int, samples: int) -> NDArray[np.int16]:
    """Samples ``start`` to ``start + samples`` of the numbered sound."""
    return ((np.arange(start, start + samples) // FRAME_SAMPLES) % MODULUS).astype(np.int16)


def frame(seq: int, *, session: int = 1, pts: int | None = None, last: bool = False) -> Frame:
    """Frame ``seq`` of the numbered sound; the last one is empty."""
    at = seq * FRAME_SAMPLES if pts is None else pts
    payload = b"" if last else pcm(at, FRAME_SAMPLES).astype("<i2").tobytes()
    return Frame(session, seq, at, payload, Flag.LAST if last else Flag.NONE)
