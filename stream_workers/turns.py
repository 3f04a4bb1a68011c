"""Who-speaks-when inside overlapping windows, joined to turns of streams. Pure.

The activity model names people only within one window. Two windows that overlap show the same people, so
columns are matched by the frames they share; a *stream* is such a chain. It ends when nobody of it spoke for a
window's length: whether two streams are the same person is for ``speakers`` to say.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers.voices import CENTRE_SAMPLES, STEP_SAMPLES

PIECE_SAMPLES = 2 * SAMPLE_RATE_HZ
"""A turn is cut into pieces of at most this length."""
JOIN_SAMPLES = int(0.3 * SAMPLE_RATE_HZ)
"""A shorter pause does not end a piece."""
_MATCH_FRAMES = 8


@dataclass(slots=True)
class Piece:
    """One stretch of one stream. ``clean`` are the sample ranges in which nobody else speaks."""

    id: int
    start: int
    end: int
    stream: int
    clean: list[tuple[int, int]] = field(default_factory=list)
    goes_on: bool = False
    """The beginning of a piece that has not ended: a longer one with the same id will take its place."""

    @property
    def clean_s(self) -> float:
        """Seconds without anybody else."""
        return sum(b - a for a, b in self.clean) / SAMPLE_RATE_HZ


class Stitcher:
    """Takes windows in time order and hands out finished pieces."""

    def __init__(self, position: int = 0) -> None:
        self.done = position
        """Media sample up to which activity is decided."""
        self._start = position
        self._streams: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self._ids: list[int] = []
        self._next = self._pieces = 0
        self._open: dict[int, Piece] = {}

    def push(self, start: int, active: NDArray[np.bool_], until: int) -> list[Piece]:
        """Decide activity up to sample ``until`` by the window that starts at ``start``; the pieces that ended."""
        ids = self._match(start, active)
        lower = int(np.ceil((self.done - start - CENTRE_SAMPLES) / STEP_SAMPLES))
        ended: list[Piece] = []
        for frame in range(max(0, lower), len(active)):
            middle = start + CENTRE_SAMPLES + frame * STEP_SAMPLES
            if middle >= until:
                break
            at = int(middle - STEP_SAMPLES / 2)
            ended += self._step(at, [ids[c] for c in np.flatnonzero(active[frame])])
        self.done = max(self.done, until)
        self._start, self._streams, self._ids = start, active, ids
        return ended

    def skip(self, position: int) -> None:
        """Nothing is known up to ``position``: windows before it say nothing about those after it."""
        self.done = self._start = position
        self._streams = self._streams[:0]

    def flush(self) -> list[Piece]:
        """End every open piece (a gap, or the end of the track)."""
        ended = sorted(self._open.values(), key=lambda p: p.start)
        self._open = {}
        return ended

    def so_far(self, enough_s: float) -> list[Piece]:
        """End the open pieces with at least so much clean speech; of the others their beginning, while they go on."""
        ended = [self._open.pop(s) for s, p in list(self._open.items()) if p.clean_s >= enough_s]
        begun = [replace(p, clean=list(p.clean), goes_on=True) for p in self._open.values()]
        return sorted(ended + begun, key=lambda p: p.start)

    def _match(self, start: int, active: NDArray[np.bool_]) -> list[int]:
        """The stream of each column."""
        shift = round((start - self._start) / STEP_SAMPLES)
        before = self._streams[shift:] if shift >= 0 else self._streams[:0]
        shared = min(len(before), len(active))
        ids = [-1] * active.shape[1]
        if shared:
            together = active[:shared].T.astype(int) @ before[:shared].astype(int)
            for column, old in pairs(together, _MATCH_FRAMES):
                ids[column] = self._ids[old]
        for column, known in enumerate(ids):
            if known < 0:
                ids[column] = self._next
                self._next += 1
        return ids

    def _step(self, at: int, speaking: list[int]) -> list[Piece]:
        ended = []
        for stream in speaking:
            piece = self._open.get(stream)
            if piece is not None and (at - piece.end > JOIN_SAMPLES or at - piece.start >= PIECE_SAMPLES):
                ended.append(self._open.pop(stream))
                piece = None
            if piece is None:
                piece = self._open[stream] = Piece(self._pieces, at, at, stream)
                self._pieces += 1
            piece.end = at + STEP_SAMPLES
            if len(speaking) == 1:
                _extend(piece.clean, at)
        for stream in [s for s, p in self._open.items() if at - p.end > JOIN_SAMPLES]:
            ended.append(self._open.pop(stream))
        return ended


def _extend(ranges: list[tuple[int, int]], at: int) -> None:
    if ranges and at - ranges[-1][1] <= STEP_SAMPLES // 2:
        ranges[-1] = (ranges[-1][0], at + STEP_SAMPLES)
    else:
        ranges.append((at, at + STEP_SAMPLES))


def pairs(weights: NDArray[np.int_] | NDArray[np.float64], floor: float) -> list[tuple[int, int]]:
    """Rows and columns that belong together, the heaviest first, each used once, none lighter than ``floor``."""
    left = np.array(weights, dtype=float)
    found: list[tuple[int, int]] = []
    while left.size and left.max() >= floor:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        found.append((int(row), int(column)))
        left[row, :] = -np.inf
        left[:, column] = -np.inf
    return found
