"""Which candidates come first: weighted fusion of standardised scores, the same for every index. Pure.

Each signal is standardised over the candidates of one question, so that a cosine and a BM25 score can be added.
Passages beside one that is already listed step back a little: three results should be three places.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.index.port import Candidate, Mode, Passage
from gateway.index.words import named

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each signal counts: round numbers between the best of a random search (``docs/search.md``)."""

    nearest: float = 1.0
    mean: float = 0.5
    keyword: float = 1.0
    speaker: float = 2.0
    """Per share of the passage that a person named in the question says (not standardised: 0 to 1)."""
    beside: float = 0.8
    """Taken off a passage for each neighbour listed before it."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its fused score; scores of different questions cannot be compared."""

    candidate: Candidate
    score: float


def rank(question: str, candidates: Sequence[Candidate], weights: Weights, limit: int) -> list[Ranked]:
    """The best ``limit`` candidates, best first."""
    if not candidates:
        return []
    scores = fused(question, candidates, weights)
    return _spread(candidates, scores, weights.beside, limit)


def mode_of(candidates: Sequence[Candidate]) -> Mode:
    """``hybrid`` when vectors took part, else ``keyword``."""
    return "hybrid" if any(c.nearest is not None for c in candidates) else "keyword"


def fused(question: str, candidates: Sequence[Candidate], weights: Weights) -> Scores:
    """One score per candidate, before places are spread."""
    nearest = _standard([c.nearest for c in candidates])
    mean = _standard([c.mean for c in candidates])
    keyword = _standard([c.keyword for c in candidates])
    speaker = np.array(_speaker_shares(question, candidates))
    return weights.nearest * nearest + weights.mean * mean + weights.keyword * keyword + weights.speaker * speaker


def _standard(values: Sequence[float | None]) -> Scores:
    """Zero mean, unit spread; what is missing stands at the low end of what is there."""
    known = [v for v in values if v is not None]
    if not known:
        return np.zeros(len(values))
    low = min(known)
    column = np.array([low if v is None else v for v in values], np.float64)
    spread = float(column.std())
    return (column - column.mean()) / spread if spread > 1e-9 else np.zeros(len(values))


def _speaker_shares(question: str, candidates: Sequence[Candidate]) -> list[float]:
    people: dict[str, set[str]] = {c.card.id: set(c.card.participants) for c in candidates}
    for candidate in candidates:
        if not candidate.card.participants:
            people[candidate.card.id].update(candidate.passage.speakers())
    asked = {meeting: named(question, names) for meeting, names in people.items()}
    return [_share(c.passage, asked[c.card.id]) if asked[c.card.id] else 0.0 for c in candidates]


def _share(passage: Passage, people: set[str]) -> float:
    if people.isdisjoint(passage.speakers()):
        return 0.0
    return sum(part for name, part in passage.shares().items() if name in people)


def _spread(candidates: Sequence[Candidate], scores: Scores, penalty: float, limit: int) -> list[Ranked]:
    """Greedy choice; cost is limit × pool, with the pool bounded by what could still be chosen."""
    pool = [int(i) for i in np.argsort(-scores, kind="stable")[: 3 * limit + 10]]
    left = {i: float(scores[i]) for i in pool}
    places = {(candidates[i].passage.meeting, candidates[i].passage.position): i for i in pool}
    chosen: list[Ranked] = []
    while left and len(chosen) < limit:
        best = max(left, key=left.__getitem__)
        chosen.append(Ranked(candidates[best], left.pop(best)))
        passage = candidates[best].passage
        for beside in (passage.position - 1, passage.position + 1):
            neighbour = places.get((passage.meeting, beside)) if passage.position >= 0 else None
            if neighbour in left:
                left[neighbour] -= penalty
    return chosen
