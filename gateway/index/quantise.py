"""Vectors as bytes: eight bits a number for comparing, one bit a number for finding. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.embedder import DIMENSIONS

Vectors = NDArray[np.float32]


def to_bits(vector: Vectors) -> bytes:
    """The signs, eight to a byte."""
    return np.packbits(vector > 0, bitorder="little").tobytes()


def cosines(query: Vectors, stored: Sequence[bytes]) -> Vectors:
    """The cosine of the query with each int8 vector of ``stored``; one item may hold several that follow each other."""
    if not stored:
        return np.zeros(0, np.float32)
    matrix = np.frombuffer(b"".join(stored), np.int8).reshape(-1, DIMENSIONS).astype(np.float32)
    lengths = np.linalg.norm(matrix, axis=1) * (float(np.linalg.norm(query)) or 1.0)
    found: Vectors = (matrix @ query.astype(np.float32)) / np.maximum(lengths, 1e-9)
    return found
