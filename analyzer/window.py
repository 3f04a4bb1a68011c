"""When a pass is due and what it sees. Pure: time comes in as an argument.

A sentence is worked in when what follows it is known too (``Sure, I'll do that.``) or nothing followed for a
while. A pass takes a bounded number of sentences, so that its cost does not grow with the meeting; what is left
over is the next pass's.
"""

from analyzer.transcript import Heard, Transcript
from analyzer.units import Unit, split

SETTLE_S = 5.0
"""After this long without anything new, the last words count as complete."""
RIGHT_UNITS = 3
LEFT_UNITS = 8
LEFT_S = 60.0
MAX_LEFT = 40
"""Segments before the new ones: this many, and all of the last minute up to the most."""
MAX_UNITS = 40
PERIOD_S = 2.0


class View:
    """What one pass works on: sentences in time order, which of them are new, and the log position after it."""

    def __init__(self, units: list[Unit], fresh: set[int], upto_seq: int, changed: frozenset[str]) -> None:
        self.units = units
        self.fresh = fresh
        """Rows of ``units`` that this pass decides on; the others are context."""
        self.upto_seq = upto_seq
        self.changed = changed
        """Ids of segments that were worked in before, and have other words or another speaker now."""


class Window:
    """Chooses the next segments of one meeting."""

    def __init__(self) -> None:
        self._last_pass_at = float("-inf")
        self._last_arrival_at = float("-inf")

    def arrived(self, now: float) -> None:
        """New words came at ``now``."""
        self._last_arrival_at = now

    def due_at(self) -> float:
        """When words that wait should be looked at again."""
        return max(self._last_pass_at + PERIOD_S, self._last_arrival_at + SETTLE_S)

    def next(self, transcript: Transcript, done_seq: int, now: float) -> View | None:
        """The view of the pass that is due at ``now``, or None. ``done_seq`` is the checkpoint's log position."""
        waiting = transcript.arrived_after(done_seq)
        if not waiting:
            return None
        settled = transcript.drained or now - self._last_arrival_at >= SETTLE_S
        chosen = _prefix(waiting, settled)
        crowded = sum(len(split(h.segment, None)) for h in chosen) >= MAX_UNITS // 2
        if not chosen or not (settled or crowded or now - self._last_pass_at >= PERIOD_S):
            return None
        self._last_pass_at = now
        return view_of(transcript, chosen)


def _prefix(waiting: list[Heard], settled: bool) -> list[Heard]:
    """The segments that a pass takes: in log order, up to MAX_UNITS, and with enough after them unless ``settled``."""
    counts = [max(1, len(split(h.segment, None))) for h in waiting]
    after = sum(counts)
    chosen: list[Heard] = []
    taken = 0
    for heard, count in zip(waiting, counts, strict=True):
        after -= count
        if (chosen and taken + count > MAX_UNITS) or (not settled and after < RIGHT_UNITS):
            break
        chosen.append(heard)
        taken += count
    return chosen


def _left(ordered: list[Heard], row: int) -> int:
    """The first segment that the one in ``row`` is seen with."""
    first, since = row, ordered[row].segment.start - LEFT_S
    while first > max(0, row - MAX_LEFT) and (row - first < LEFT_UNITS or ordered[first - 1].segment.start >= since):
        first -= 1
    return first


def view_of(transcript: Transcript, chosen: list[Heard]) -> View:
    """The sentences of ``chosen`` with their neighbours in time."""
    ids = {h.segment.id for h in chosen}
    ordered = transcript.in_time_order()
    rows = [n for n, h in enumerate(ordered) if h.segment.id in ids]
    near: set[int] = set()
    for row in rows:
        near.update(range(_left(ordered, row), min(len(ordered), row + RIGHT_UNITS + 1)))
    units = [u for n in sorted(near) for u in split(ordered[n].segment, transcript.speaker(ordered[n].segment))]
    fresh = {n for n, u in enumerate(units) if u.segment_id in ids}
    changed = frozenset(h.segment.id for h in chosen if not h.new)
    return View(units, fresh, max(h.seq for h in chosen), changed)
