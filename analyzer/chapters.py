"""The parts of a meeting: where one ends, and which of its lines tell best what it was about. Pure."""

import numpy as np

from analyzer.detector import Matrix
from analyzer.units import Unit

SHORTEST_S = 150.0
LONGEST_S = 480.0
SIDE_UNITS = 8
MAX_LINES = 9


def boundary(units: list[Unit], vectors: Matrix, *, over: bool) -> int | None:
    """Row after which the open part ends, or None while it goes on. ``units`` start where the part starts.

    A part ends where the words before and after differ most, no sooner than SHORTEST_S and no later than LONGEST_S.
    ``over`` ends the last part with the meeting.
    """
    if not units:
        return None
    length = units[-1].end - units[0].start
    if length < LONGEST_S:
        return len(units) - 1 if over else None
    valley: tuple[float, int] | None = None
    for row in range(SIDE_UNITS, len(units) - SIDE_UNITS):
        since = units[row].end - units[0].start
        if not SHORTEST_S <= since <= LONGEST_S:
            continue
        before = vectors[row - SIDE_UNITS + 1 : row + 1].mean(axis=0)
        after = vectors[row + 1 : row + 1 + SIDE_UNITS].mean(axis=0)
        likeness = float(before @ after / max(1e-6, float(np.linalg.norm(before) * np.linalg.norm(after))))
        if valley is None or likeness < valley[0]:
            valley = (likeness, row)
    return valley[1] if valley else len(units) - 1


def telling(units: list[Unit], vectors: Matrix, count: int = MAX_LINES) -> list[Unit]:
    """The units nearest to what the part is about as a whole, in time order, and its first one; short ones left out."""
    rows = [n for n, u in enumerate(units) if len(u.text.split()) >= 5]
    if len(rows) <= count:
        return [units[n] for n in rows] or units[:count]
    centre = vectors[rows].mean(axis=0)
    length = np.array([min(len(units[n].text.split()), 25) for n in rows], np.float32)
    rank = vectors[rows] @ centre + 0.01 * length
    best = {rows[int(n)] for n in np.argsort(-rank)[: count - 1]} | {rows[0]}
    return [units[n] for n in sorted(best)]
