"""When a pass is due and what it sees. Pure: time comes in as an argument.

A sentence is worked in when it is complete and what follows it is known too (``Sure, I'll do that.``), or nothing
followed for a while; if it goes on after all, it is looked at again as a whole. A pass takes a bounded number of
sentences, so that its cost does not grow with the meeting; what is left over is the next pass's.
"""

from analyzer.transcript import Heard, Transcript
from analyzer.units import Unit

SETTLE_S = 5.0
"""After this long without anything new, the last words count as complete."""
OPEN_S = 4.0
"""For so long a sentence without a full stop waits for its rest while others speak, in meeting seconds."""
RIGHT_UNITS = 3
MAX_RIGHT = 12
"""Sentences after a new one that it is seen with, and the segments that are looked at for them, at most."""
LEFT_UNITS = 8
LEFT_S = 60.0
MAX_LEFT = 40
"""Segments before the new ones: this many, and all of the last minute up to the most."""
MAX_UNITS = 40
MAX_WAITING = 160
"""Segments that one look at what waits takes in."""
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
        queue = _Queue(transcript, waiting[:MAX_WAITING], len(waiting) - MAX_WAITING)
        chosen = queue.prefix(settled=settled)
        crowded = sum(queue.counts[: len(chosen)]) >= MAX_UNITS // 2
        if not chosen or not (settled or crowded or now - self._last_pass_at >= PERIOD_S):
            return None
        self._last_pass_at = now
        return view_of(transcript, chosen)


class _Queue:
    """Segments that wait, in log order, and the sentences in them."""

    def __init__(self, transcript: Transcript, waiting: list[Heard], behind: int) -> None:
        self._waiting = waiting
        self._behind = max(0, behind)
        place = {h.segment.id: n for n, h in enumerate(waiting)}
        self.counts = [0 if h.segment.text.strip() else 1 for h in waiting]
        """Sentences that end in each."""
        self._reach = list(range(len(waiting)))
        self._open = [False] * len(waiting)
        for unit in transcript.sentences(h.segment for h in waiting):
            rows = [place[p.segment_id] for p in unit.parts if p.segment_id in place]
            self.counts[max(rows)] += 1
            open_now = transcript.open(unit) and transcript.end_s - unit.end < OPEN_S
            for row in rows:
                self._reach[row] = max(self._reach[row], *rows)
                self._open[row] |= open_now

    def prefix(self, *, settled: bool) -> list[Heard]:
        """The segments that a pass takes: up to MAX_UNITS sentences, complete and with enough after them unless
        ``settled``."""
        total, taken, chosen = sum(self.counts) + self._behind, 0, 0
        for row, count in enumerate(self.counts):
            after = total - sum(self.counts[: self._reach[row] + 1])
            if (chosen and taken + count > MAX_UNITS) or (not settled and (after < RIGHT_UNITS or self._open[row])):
                break
            chosen, taken = row + 1, taken + count
        return self._waiting[:chosen]


def _left(ordered: list[Heard], row: int) -> int:
    """The first segment that the one in ``row`` is seen with."""
    first, since = row, ordered[row].segment.start - LEFT_S
    while first > max(0, row - MAX_LEFT) and (row - first < LEFT_UNITS or ordered[first - 1].segment.start >= since):
        first -= 1
    return first


def _right(transcript: Transcript, ordered: list[Heard], row: int) -> int:
    """The last segment that the one in ``row`` is seen with: RIGHT_UNITS sentences end after it."""
    last, ends = row, 0
    while last + 1 < len(ordered) and last - row < MAX_RIGHT and ends < RIGHT_UNITS:
        last += 1
        ends += not transcript.goes_on(ordered[last].segment)
    return last


def view_of(transcript: Transcript, chosen: list[Heard]) -> View:
    """The sentences of ``chosen`` with their neighbours in time."""
    ids = {h.segment.id for h in chosen}
    ordered = transcript.in_time_order()
    rows = [n for n, h in enumerate(ordered) if h.segment.id in ids]
    near: set[int] = set()
    for row in rows:
        near.update(range(_left(ordered, row), _right(transcript, ordered, row) + 1))
    units = transcript.sentences(ordered[n].segment for n in sorted(near))
    fresh = {n for n, u in enumerate(units) if any(p.segment_id in ids for p in u.parts)}
    changed = frozenset(h.segment.id for h in chosen if not h.new)
    return View(units, fresh, max(h.seq for h in chosen), changed)
