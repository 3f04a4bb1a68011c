"""Who the pieces of one track belong to: labels that last, and that are mended when more is known. Pure.

Every new piece may show that an earlier label was wrong (two people taken for one, one for two); then the
groups are made again and matched to the old labels by the speech they share. A number that was given away is
never given to another person.
"""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ
from contracts.int8 import direction, to_int8
from stream_workers.clusters import Limits, Matrix, Prints, centroids, group
from stream_workers.turns import Piece, pairs

ANCHOR_S = 0.8
"""A piece with that much clean speech takes part in finding the groups; shorter ones are only assigned."""
KEPT = 240
"""Prints that are kept for grouping; beyond it the oldest two of the largest group become one."""
_NEAR_SAMPLES = 10 * SAMPLE_RATE_HZ
_STREAM_VOTE = 0.25
_LEAST_ALIKE = 0.15


@dataclass(slots=True)
class Entry:
    """A piece, its voiceprint if it was long enough, and the label it has now."""

    piece: Piece
    vector: NDArray[np.float32] | None
    label: int | None = None


class Known(msgspec.Struct, frozen=True):
    """What a restart keeps of one group: its label, its mean as int8, and the seconds behind it."""

    label: int
    mean: bytes
    seconds: float


@dataclass(slots=True)
class _Anchor:
    vector: NDArray[np.float32]
    weight: float
    at_s: float
    label: int | None
    entries: list[Entry]


class Speakers:
    """The people heard on one track."""

    def __init__(self, limits: Limits | None = None, people: int | None = None, known: tuple[Known, ...] = ()) -> None:
        """``people`` is how many there are at most, when somebody knows."""
        self._limits = limits or Limits()
        self._people = people
        self._anchors: list[_Anchor] = []
        self.entries: list[Entry] = []
        self._labels = 0
        self._centres: dict[int, NDArray[np.float32]] = {}
        for group_known in known:
            self._restore(group_known)

    @property
    def count(self) -> int:
        """People heard so far."""
        return len(self._centres)

    def add(self, found: list[tuple[Piece, NDArray[np.float32] | None]]) -> list[Piece]:
        """Take pieces and label everything again; the earlier pieces whose label changed.

        A piece takes the place of its own beginning, which has no say in who there is.
        """
        newest = {piece.id: piece for piece, _ in found}
        fresh = [Entry(p, vector) for p, vector in found if p is newest[p.id]]
        begun = self._replaced(newest.keys())
        before = [(entry, entry.label) for entry in self.entries]
        before += [(e, begun[e.piece.id]) for e in fresh if e.piece.id in begun]
        self.entries += fresh
        new_anchor = False
        for entry in fresh:
            if entry.vector is not None and entry.piece.clean_s >= ANCHOR_S and not entry.piece.goes_on:
                at_s = entry.piece.start / SAMPLE_RATE_HZ
                self._anchors.append(_Anchor(entry.vector, entry.piece.clean_s, at_s, None, [entry]))
                new_anchor = True
        if new_anchor:
            self._regroup()
            self._thin()
        self._assign(self.entries if new_anchor else fresh)
        return [entry.piece for entry, label in before if entry.label != label]

    def _replaced(self, now: Collection[int]) -> dict[int, int | None]:
        """Take out the beginnings of the pieces that are there ``now``; the labels that they had."""
        begun = [e for e in self.entries if e.piece.goes_on and e.piece.id in now]
        self.entries = [e for e in self.entries if not any(e is b for b in begun)]
        return {e.piece.id: e.label for e in begun}

    def label(self, start: int, end: int) -> int | None:
        """Who speaks most between two media samples."""
        spoken: dict[int, int] = {}
        for entry in reversed(self.entries):
            if entry.piece.end < start - _NEAR_SAMPLES:
                break
            shared = min(end, entry.piece.end) - max(start, entry.piece.start)
            if shared > 0 and entry.label is not None:
                spoken[entry.label] = spoken.get(entry.label, 0) + shared
        return max(spoken, key=lambda label: spoken[label]) if spoken else None

    def forget(self, before: int) -> None:
        """Drop pieces that ended before a media sample; what they said about the voices stays."""
        self.entries = [e for e in self.entries if e.piece.end >= before]

    def known(self) -> tuple[Known, ...]:
        """What a restart needs."""
        seconds: dict[int, float] = {}
        for anchor in self._anchors:
            if anchor.label is not None:
                seconds[anchor.label] = seconds.get(anchor.label, 0.0) + anchor.weight
        return tuple(
            Known(label, to_int8(centre), seconds[label]) for label, centre in self._centres.items() if label in seconds
        )

    def _restore(self, known: Known) -> None:
        mean = direction(known.mean)
        self._anchors.append(_Anchor(mean, known.seconds, -100.0 * (1 + known.label), known.label, []))
        self._centres[known.label] = mean
        self._labels = max(self._labels, known.label + 1)

    def _regroup(self) -> None:
        anchors = self._anchors
        prints = Prints(
            np.stack([a.vector for a in anchors]),
            np.array([a.weight for a in anchors], np.float32),
            np.array([a.at_s for a in anchors], np.float32),
        )
        groups = group(prints, self._limits, self._people)
        means = centroids(prints, groups)
        seconds = np.bincount(groups, weights=prints.weights)
        people = np.flatnonzero(seconds >= self._limits.speaker_s)
        if len(people) == 0:
            people = np.array([int(seconds.argmax())])
        named = self._match(groups, people, prints.weights)
        self._centres = {named[int(c)]: means[c] for c in people}
        for anchor, number in zip(anchors, groups, strict=True):
            anchor.label = named.get(int(number))

    def _match(
        self, groups: NDArray[np.int_], people: NDArray[np.int_], weights: NDArray[np.float32]
    ) -> dict[int, int]:
        """The label of each group: the one with which it shares most speech, or a new one."""
        shared = np.zeros((len(people), self._labels))
        for row, number in enumerate(people):
            for anchor, g, weight in zip(self._anchors, groups, weights, strict=True):
                if g == number and anchor.label is not None:
                    shared[row, anchor.label] += weight
        named = {int(people[row]): label for row, label in pairs(shared, 1e-6)}
        for number in people:
            if int(number) not in named:
                named[int(number)] = self._labels
                self._labels += 1
        return named

    def _thin(self) -> None:
        while len(self._anchors) > KEPT:
            labels = [a.label for a in self._anchors]
            largest = max(set(labels), key=labels.count)
            first, second = [i for i, label in enumerate(labels) if label == largest][:2]
            one, two = self._anchors[first], self._anchors.pop(second)
            vector = one.vector * one.weight + two.vector * two.weight
            one.vector = vector / np.linalg.norm(vector)
            one.weight += two.weight
            one.entries += two.entries

    def _assign(self, entries: list[Entry]) -> None:
        if not self._centres:
            return
        labels = list(self._centres)
        centres: Matrix = np.stack([self._centres[label] for label in labels])
        for anchor in self._anchors:
            for entry in anchor.entries:
                entry.label = anchor.label
        for entry in entries:
            if entry.label is None or entry.vector is None or entry.piece.clean_s < ANCHOR_S:
                entry.label = self._nearest(entry, labels, centres)

    def _nearest(self, entry: Entry, labels: list[int], centres: Matrix) -> int | None:
        """By voice, and by what the same stream says close by."""
        scores = np.zeros(len(labels))
        if entry.vector is not None:
            scores += centres @ entry.vector
        votes = np.zeros(len(labels))
        for other in reversed(self.entries):
            if other.piece.end < entry.piece.start - _NEAR_SAMPLES:
                break
            near = other.piece.start < entry.piece.end + _NEAR_SAMPLES and other.piece.stream == entry.piece.stream
            if near and other is not entry and other.label in labels:
                votes[labels.index(other.label)] += other.piece.clean_s
        if votes.any():
            scores += _STREAM_VOTE * votes / votes.sum()
        best = int(scores.argmax())
        return labels[best] if scores[best] > _LEAST_ALIKE else None
