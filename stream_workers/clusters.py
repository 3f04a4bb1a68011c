"""How many voices there are, and whose each voiceprint is. Pure and deterministic.

Voiceprints of different people differ by different amounts (two synthetic voices of one family are as near as
two moods of one person), so no distance decides. What decides is whether a split is *real*: the similarity
across the two halves, divided by the similarity inside them, both measured only between moments apart. Cutting
one voice in two at random gives 0.85-1.0 whatever the voice; two people give below 0.78.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    others = prints.apart(one, two)
    pair_weights = np.outer(prints.weights[one], prints.weights[two]) * others
    if pair_weights.sum() <= 0:
        return -1.0
    across = float((alike[np.ix_(one, two)] * pair_weights).sum() / pair_weights.sum())
    inside = np.sqrt(_inside(prints, alike, one, limits) * _inside(prints, alike, two, limits))
    size = min(_size(prints, one), _size(prints, two))
    return float(limits.ratio - limits.small / max(size, 1.0) ** 1.5 - across / inside)


def _size(prints: Prints, members: Labels) -> float:
    """How many prints of 1.5 s the group is worth."""
    return float(np.minimum(prints.weights[members], 1.5).sum() / 1.5)


def _inside(prints: Prints, alike: Matrix, members: Labels, limits: Limits) -> float:
    others = prints.apart(members, members)
    weights = np.outer(prints.weights[members], prints.weights[members]) * others / 2
    total = float((alike[np.ix_(members, members)] * weights).sum())
    return max(0.2, (total + limits.prior * limits.inside) / (float(weights.sum()) + limits.prior))


def _split(prints: Prints, alike: Matrix, members: Labels, limits: Limits) -> list[Labels] | None:
    """The best real split of a group, or None."""
    if len(members) < 2:
        return None
    best, found = 0.0, None
    for seeds in _seeds(prints, alike, members):
        side = _two_means(prints.vectors[members], prints.weights[members], prints.vectors[list(seeds)])
        one, two = members[side], members[~side]
        if len(one) and len(two):
            score = different(prints, alike, one, two, limits)
            if score > best:
                best, found = score, [one, two]
    return found


def _seeds(prints: Prints, alike: Matrix, members: Labels) -> list[tuple[int, int]]:
    """Pairs of prints to start a split from: the farthest two, the oddest one, and along the main direction."""
    inner = alike[np.ix_(members, members)]
    far = np.unravel_index(int(inner.argmin()), inner.shape)
    odd = int(inner.mean(axis=1).argmin())
    centred = prints.vectors[members] - prints.vectors[members].mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    found = [(int(far[0]), int(far[1])), (odd, int(inner[odd].argmin()))]
    for axis in axes[:2]:
        along = centred @ axis
        found.append((int(along.argmin()), int(along.argmax())))
    return [(int(members[a]), int(members[b])) for a, b in found if a != b]


def _two_means(vectors: Matrix, weights: NDArray[np.float32], centres: Matrix) -> NDArray[np.bool_]:
    side: NDArray[np.bool_] = (vectors @ centres.T).argmax(axis=1) == 0
    for _ in range(15):
        if side.all() or not side.any():
            break
        means = np.stack([(vectors[s] * weights[s, None]).sum(axis=0) for s in (side, ~side)])
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        moved = (vectors @ means.T).argmax(axis=1) == 0
        if (moved == side).all():
            break
        side = moved
    return side


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
