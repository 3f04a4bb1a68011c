"""What somebody missed: which of the lines of a stretch of talk tell most of it. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.index.port import Line
from gateway.index.words import topic_words

LEAST_WORDS = 5
"""Shorter lines tell nothing by themselves."""
_WORDS = """
    miss missed missing last past previous recent recently since so far now new happening minute minutes hour hours
    half few couple catch caught quarter two three five ten fifteen twenty thirty sixty ago while away back"""
_CATCHING_UP = frozenset(_WORDS.split())


def catches_up(question: str) -> bool:
    """Whether the question asks for nothing but what there was: "What did I miss in the last ten minutes?"."""
    return not {w for w in topic_words(question) if not w.isdigit()} - _CATCHING_UP


def telling(lines: Sequence[Line], vectors: NDArray[np.float32], count: int) -> list[int]:
    """The ``count`` lines nearest to what all of them together speak of, in their order. Questions are passed over."""
    able = [
        i
        for i, line in enumerate(lines)
        if len(line.text.split()) >= LEAST_WORDS and not line.text.strip().endswith("?")
    ]
    middle = vectors.mean(axis=0)
    best = sorted(able, key=lambda i: -float(vectors[i] @ middle))[:count]
    return sorted(best)
