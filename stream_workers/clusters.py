"""How many voices there are, and whose each voiceprint is. Pure and deterministic.

Voiceprints of different people differ by different amounts (two synthetic voices of one family are as near as
two moods of one person), so no distance decides. What decides is whether a split is *real*: the similarity
across the two halves, divided by the similarity inside them, both measured only between moments apart. Cutting
one voice in two at random gives 0.85-1.0 whatever the voice; two people give below 0.78.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream_workers.tree import subtrees

Matrix = NDArray[np.float32]
Labels = NDArray[np.int_]

APART_S = 3.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes two groups of voiceprints two people."""

    ratio: float = 0.83
    """Across/inside similarity below which two large groups are two people."""
    small: float = 0.35
    """How much lower it must be for a group of one print (falls with n to the power 1.5)."""
    inside: float = 0.55
    """Expected similarity of two turns of one person, used where there are too few to measure."""
    prior: float = 3.0
    """How many pairs that expectation counts for."""
    speaker_s: float = 2.0
    """Speech that makes a group a person of its own."""


@dataclass(frozen=True, slots=True)
class Prints:
    """Voiceprints: unit vectors, seconds of speech behind each, and when each was said, in seconds."""

    vectors: Matrix
    weights: NDArray[np.float32]
    at_s: NDArray[np.float32]

    def apart(self, one: Labels, two: Labels) -> NDArray[np.bool_]:
        """Which pairs were not said in one breath (those are alike whoever speaks)."""
        far: NDArray[np.bool_] = np.abs(self.at_s[one][:, None] - self.at_s[two][None, :]) > APART_S
        return far


def group(prints: Prints, limits: Limits, at_most: int | None = None) -> Labels:
    """A group number for each print, 0 … k-1. ``at_most`` bounds the number of groups."""
    count = len(prints.vectors)
    labels = np.zeros(count, np.int_)
    if count < 2:
        return labels
    alike = (prints.vectors @ prints.vectors.T).astype(np.float32)
    pending, groups = [np.arange(count)], 1
    k = 0
    while pending:
        members = pending.pop()
        halves = _split(prints, alike, members, limits)
        if halves is None or (at_most is not None and groups >= at_most):
            labels[members] = k
            k += 1
        else:
            groups += 1
            pending += halves
    labels = _refine(prints, labels)
    return _merge(prints, alike, labels, limits)


def centroids(prints: Prints, labels: Labels) -> Matrix:
    """The unit mean of each group."""
    total = np.zeros((int(labels.max()) + 1, prints.vectors.shape[1]), np.float32)
    np.add.at(total, labels, prints.vectors * prints.weights[:, None])
    unit: Matrix = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
    return unit


def different(prints: Prints, alike: Matrix, one: Labels, two: Labels, limits: Limits) -> float:
    """How far below the limit two groups lie; above zero = two people."""
    side = np.arange(len(one) + len(two)) < len(one)
    return float(_differences(prints, alike, np.concatenate([one, two]), side[None], limits)[0])


def _differences(
    prints: Prints, alike: Matrix, members: Labels, sides: NDArray[np.bool_], limits: Limits
) -> NDArray[np.float64]:
    """``different`` for many cuts of ``members``; each row of ``sides`` is one of the two halves."""
    weights = prints.weights[members].astype(float)
    pairs = np.outer(weights, weights) * prints.apart(members, members)
    near = alike[np.ix_(members, members)] * pairs
    one = sides.astype(float)
    sums = [_inner(one, near), _inner(one, pairs)]
    (in_one, across, in_two), (n_one, n_across, n_two) = sums
    inside = np.sqrt(_inside(in_one, n_one, limits) * _inside(in_two, n_two, limits))
    worth = np.minimum(weights, 1.5) / 1.5  # prints of 1.5 s
    size = np.minimum(one @ worth, worth.sum() - one @ worth)
    below = limits.ratio - limits.small / np.maximum(size, 1.0) ** 1.5 - across / np.maximum(n_across, 1e-9) / inside
    found: NDArray[np.float64] = np.where(n_across > 0, below, -1.0)
    return found


def _inner(one: NDArray[np.float64], table: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Sums of a symmetric ``table`` inside each half of each cut and across it."""
    rows = one @ table
    inside, touched = (rows * one).sum(axis=1), rows.sum(axis=1)
    return inside, touched - inside, table.sum() - 2 * touched + inside


def _inside(total: NDArray[np.float64], pairs: NDArray[np.float64], limits: Limits) -> NDArray[np.float64]:
    """Mean similarity inside a half, where each pair was counted twice."""
    return np.maximum(0.2, (total / 2 + limits.prior * limits.inside) / (pairs / 2 + limits.prior))


def _split(prints: Prints, alike: Matrix, members: Labels, limits: Limits) -> list[Labels] | None:
    """The best real split of a group, or None. What average linkage holds together is tried as one half."""
    if len(members) < 2:
        return None
    sides = subtrees(alike[np.ix_(members, members)], prints.weights[members])
    scores = _differences(prints, alike, members, sides, limits)
    best = int(scores.argmax())
    return [members[sides[best]], members[~sides[best]]] if scores[best] > 0 else None


def _refine(prints: Prints, labels: Labels) -> Labels:
    """Spherical k-means from the groups that were found."""
    for _ in range(10):
        moved = (prints.vectors @ centroids(prints, labels).T).argmax(axis=1)
        if (moved == labels).all():
            break
        labels = np.unique(moved, return_inverse=True)[1]
    return labels


def _merge(prints: Prints, alike: Matrix, labels: Labels, limits: Limits) -> Labels:
    """Join the pair that is least different until every pair is two people."""
    while (k := int(labels.max()) + 1) > 1:
        members = [np.flatnonzero(labels == c) for c in range(k)]
        scores = {
            (a, b): different(prints, alike, members[a], members[b], limits) for a in range(k) for b in range(a + 1, k)
        }
        (a, b), least = min(scores.items(), key=lambda item: item[1])
        if least > 0:
            break
        labels = np.unique(np.where(labels == b, a, labels), return_inverse=True)[1]
    return labels
