"""Vectors as eight-bit numbers, for keeping and comparing: a cosine does not see the scale. Pure."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


def to_int8(vector: Vector) -> bytes:
    """The vector scaled to its own largest number."""
    top = float(np.abs(vector).max()) or 1.0
    return np.round(vector * (127.0 / top)).astype(np.int8).tobytes()


def unit(vector: Vector) -> Vector:
    """``vector`` with length 1; nothing stays nothing, and is like nobody."""
    scaled: Vector = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return scaled


def direction(stored: bytes) -> Vector:
    """The vector behind ``to_int8``'s bytes, with length 1."""
    return unit(np.frombuffer(stored, np.int8).astype(np.float32))
