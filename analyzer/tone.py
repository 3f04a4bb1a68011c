"""The mood of a part of the meeting, from its words alone: how glad or worried what was said sounds.

Two linear heads over a sentence's vector, trained by ``tests/eval/train_tone.py`` on our own lines. Nothing is said
about single people, and a part in which nobody says anything glad or worried has no mood.
"""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from analyzer.detector import Matrix
from analyzer.units import Unit
from analyzer.weights import stored
from contracts.recap import Mood

WEIGHTS = Path(__file__).with_name("tone.npz")
FELT = 0.4
"""A sentence below this says nothing of a mood."""
SHORTEST_WORDS = 4
CALM = 1.0
"""So many sentences without a mood stand beside the felt ones: one cheer makes no merry meeting."""


class Tone:
    """Scores sentences from -1 (worried, annoyed, let down) to 1 (glad, hopeful, praising); holds weights only."""

    def __init__(self, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        self._weights, self._bias = weights, bias

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """The committed weights. Raises Misconfigured when they are damaged."""
        weights, bias = stored(path, ("weights", "bias"), "tone")
        return cls(weights.astype(np.float32), bias.astype(np.float32))

    def scores(self, vectors: Matrix) -> Matrix:
        """Per sentence the chance that it sounds glad less the chance that it sounds worried."""
        found = vectors @ self._weights + self._bias
        chances = np.exp(found - found.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        scores: Matrix = (chances[:, 2] - chances[:, 0]).astype(np.float32)
        return scores

    def mood(self, units: list[Unit], vectors: Matrix) -> Mood | None:
        """The mood of ``units`` and the words that it rests on most; None where nothing is felt."""
        if not units:
            return None
        scores = self.scores(vectors)
        felt = [r for r, u in enumerate(units) if abs(scores[r]) >= FELT and len(u.text.split()) >= SHORTEST_WORDS]
        if not felt:
            return None
        value = float(sum(scores[r] for r in felt)) / (len(felt) + CALM)
        strongest = max(felt, key=lambda r: float(scores[r]) * (1 if value >= 0 else -1))
        part = max(units[strongest].parts, key=lambda p: len(p.text))
        return Mood(round(value, 2), part.segment_id, part.text, part.start, part.end)
