"""Vectors as bytes: eight bits a number for comparing, one bit a number for finding. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.embedder import DIMENSIONS

Vectors = NDArray[np.float32]


def to_bits(vector: Vectors) -> bytes:
    """The signs, eight to a byte."""
    return np.packbits(vector > 0, bitorder="little").tobytes()


def nearness(query: Vectors, stored: Sequence[bytes]) -> list[tuple[float, float, int]]:
    """Of each item of ``stored`` its largest and its mean cosine, and which of its vectors the largest belongs to.

    No item may be empty.
    """
    if not stored:
        return []
    scores = cosines(query, stored)
    counts = np.array([len(numbers) // DIMENSIONS for numbers in stored])
    firsts = np.cumsum(counts) - counts
    largest = np.maximum.reduceat(scores, firsts).tolist()
    means = (np.add.reduceat(scores, firsts) / counts).tolist()
    places = [int(scores[a : a + n].argmax()) for a, n in zip(firsts.tolist(), counts.tolist(), strict=True)]
    return list(zip(largest, means, places, strict=True))


def cosines(query: Vectors, stored: Sequence[bytes]) -> Vectors:
    """The cosine of the query with each int8 vector of ``stored``; one item may hold several that follow each other."""
    if not stored:
        return np.zeros(0, np.float32)
    matrix = np.frombuffer(b"".join(stored), np.int8).reshape(-1, DIMENSIONS).astype(np.float32)
    lengths = np.linalg.norm(matrix, axis=1) * (float(np.linalg.norm(query)) or 1.0)
    found: Vectors = (matrix @ query.astype(np.float32)) / np.maximum(lengths, 1e-9)
    return found
