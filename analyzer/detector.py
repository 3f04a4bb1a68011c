"""The cheap look at every sentence: is this where an action, decision, question or risk is spoken of?

A linear head over the sentence's vector, those of its neighbours, and its form of speech (``cues``). The weights
come from ``tests/eval/train_detector.py``; ``docs/notes.md`` says on what they were trained and what they reach.
"""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from analyzer import cues
from analyzer.units import Unit
from analyzer.weights import stored
from contracts.errors import Misconfigured

KINDS = ("action", "decision", "question", "risk")
NEIGHBOURS = 3
Matrix = NDArray[np.float32]
WEIGHTS = Path(__file__).with_name("detector.npz")


class Detector:
    """Scores sentences; holds weights only, and may be called from any thread."""

    def __init__(self, dense: Matrix, words: dict[str, Matrix], bias: Matrix) -> None:
        self._dense, self._words, self._bias = dense, words, bias

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """The committed weights. Raises Misconfigured when they are damaged."""
        dense, grams, rows, bias = stored(path, ("dense", "grams", "gram_weights", "bias"), "detector")
        if len(grams) != len(rows):
            raise Misconfigured("the weights of the detector are damaged", source="detector")
        words = dict(zip(map(str, grams), rows.astype(np.float32), strict=True))
        return cls(dense.astype(np.float32), words, bias.astype(np.float32))

    def scores(self, units: list[Unit], vectors: Matrix) -> Matrix:
        """Log-odds per unit (rows, time order) and kind (columns, order of KINDS); 0 = trusted without a judge."""
        if not units:
            return np.zeros((0, len(KINDS)), np.float32)
        # One column more than kinds: decisions have two heads, and the surer one speaks.
        found = dense_features(vectors) @ self._dense + self._bias
        for row in range(len(units)):
            for name in gram_features(units, row):
                weight = self._words.get(name)
                if weight is not None:
                    found[row] += weight
        scores: Matrix = found[:, : len(KINDS)].astype(np.float32)
        decision = KINDS.index("decision")
        scores[:, decision] = np.maximum(scores[:, decision], found[:, len(KINDS)])
        return scores


def dense_features(vectors: Matrix) -> Matrix:
    """Per unit: its vector, the mean of those before and the mean of those after it."""
    count, size = vectors.shape
    before, after = np.zeros_like(vectors), np.zeros_like(vectors)
    for row in range(count):
        if row > 0:
            before[row] = vectors[max(0, row - NEIGHBOURS) : row].mean(axis=0)
        if row + 1 < count:
            after[row] = vectors[row + 1 : row + 1 + NEIGHBOURS].mean(axis=0)
    features: Matrix = np.concatenate([vectors, before, after], axis=1).astype(np.float32)
    assert features.shape[1] == 3 * size  # noqa: S101  # the weights are laid out in this order
    return features


def gram_features(units: list[Unit], row: int) -> list[str]:
    """The forms of speech of unit ``row`` and of its two neighbours, told apart by whether the speaker changes."""
    unit = units[row]
    found = cues.grams(unit.text) + cues.flags(unit.text)
    found.append(f"len:{min(6, len(unit.text.split()) // 4)}")
    for offset in (-1, 1):
        if 0 <= row + offset < len(units):
            other = units[row + offset]
            who = "s" if other.speaker == unit.speaker else "o"
            found += cues.grams(other.text, f"{offset:+d}{who}:", longest=2)
            found += [f"{offset:+d}{who}:{flag}" for flag in cues.flags(other.text)]
    return found
