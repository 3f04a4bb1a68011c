"""What surrounds a sentence says whether it is a task: assignments come in clusters, after requests, to several people.

A logistic model over a place and the minute before it, on top of the detector's marks. The weights come from
``tests/eval/train_context.py``; ``docs/notes.md`` says what they reach.
"""

import math
from pathlib import Path
from typing import Self

import msgspec

from analyzer import cues
from analyzer.units import Unit
from contracts.errors import Misconfigured

WEIGHTS = Path(__file__).with_name("context.json")
BEFORE_S = 60.0
NEAR_BEFORE_S, NEAR_AFTER_S = 20.0, 10.0
AFTER_S = 15.0
EARLY_S = 240.0
"""Before this the clock says nothing: a short meeting comes to the point at once."""
ALONE = 0.75
"""A mark that is so far above needs nobody around it: a plain promise in a quiet minute is a promise."""
AFTER_UNITS = 4
"""Rows after a place that are looked at, at most: what a pass has of them."""
NOTHING = -4.0
"""A mark for rows that are not there."""
_OWN = ("promise", "request", "due", "you", "third", "deed", "past", "hypo", "decline", "joke")
NAMES = (
    "mark", "nearest", "near3", "before2", "after1", "also", "speakers", "clock", "words", "near_words",
    *(f"cue:{name}" for name in _OWN),
)  # fmt: skip


class Weights(msgspec.Struct, frozen=True):
    """The model: features are taken to mean 0 and scale 1 first."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float


class Context:
    """Scores places of action items; holds weights only."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """The committed weights. Raises Misconfigured when they are damaged."""
        try:
            weights = msgspec.json.decode(path.read_bytes(), type=Weights)
        except (OSError, msgspec.DecodeError) as exc:
            raise Misconfigured("the weights of the context are missing or damaged", source="detector") from exc
        if weights.names != NAMES:
            raise Misconfigured("the weights of the context are of another version", source="detector")
        return cls(weights)

    def score(self, units: list[Unit], marks: list[float], row: int, also: tuple[int, ...]) -> float:
        """Log-odds that unit ``row``, supported by the rows ``also``, is an action item."""
        w = self._weights
        found = features(units, marks, row, also)
        parts = zip(found, w.mean, w.scale, w.weights, strict=True)
        around = w.bias + sum(weight * (value - mean) / scale for value, mean, scale, weight in parts)
        return max(around, marks[row] - ALONE)


def features(units: list[Unit], marks: list[float], row: int, also: tuple[int, ...]) -> list[float]:
    """The features of a place, in the order of NAMES. ``units`` in time order, ``marks`` their log-odds."""
    at = units[row].start
    rows = [r for r in range(min(len(units), row + 1 + AFTER_UNITS)) if r != row and r not in also]

    def within(low_s: float, high_s: float) -> list[int]:
        return [r for r in rows if low_s <= units[r].start - at <= high_s]

    near = within(-NEAR_BEFORE_S, NEAR_AFTER_S)
    spoken = sum(len(units[r].text.split()) for r in near)
    flags = set(cues.flags(units[row].text))
    return [
        marks[row],
        _top(marks, near, 1),
        _top(marks, near, 3),
        _top(marks, within(-BEFORE_S, 0.0), 2),
        _top(marks, within(0.0, AFTER_S), 1),
        float(len(also)),
        float(len({units[r].speaker for r in near})),
        math.log1p(max(EARLY_S, at)),
        float(min(25, len(units[row].text.split()))),
        spoken / 30,
        *(float(f"cue:{name}" in flags) for name in _OWN),
    ]


def _top(marks: list[float], rows: list[int], count: int) -> float:
    best = sorted(marks[r] for r in rows)[-count:]
    return sum(best) / len(best) if best else NOTHING
