"""What a search looks through, in memory: each passage's meeting, kind, length, and the signs of its vectors.

A passage has the same row here and in the file. One thread changes the columns, after its transaction; others read
them at the same time, so what they find is looked up in the file and checked against the scope once more.
"""

from collections.abc import Collection, Iterable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.embedder import DIMENSIONS
from gateway.index.port import KINDS, MAX_PARTS, Card, Scope

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
LANES = DIMENSIONS // 64
"""The signs of a vector are this many numbers of 64 bits, each in an array of its own."""
SIGN_BYTES = DIMENSIONS // 8
SCANNED = 65_536
"""Vectors compared in one go: their signs, differences and counts stay in the processor's cache."""
NOBODY = -1
_FIRST_CAPACITY = 1024


class Row(msgspec.Struct, frozen=True):
    """A passage as the columns keep it. ``signs`` are those of its vectors one after the other, "" without vectors."""

    meeting: int
    kind: str
    length: int
    signs: bytes = b""


class Columns:
    """All passages and the cards of their meetings. Meetings are numbered; a number is never given twice."""

    def __init__(self) -> None:
        self.size = 0
        self.cards: dict[int, Card] = {}
        self.numbers: dict[str, int] = {}
        self._allocate(_FIRST_CAPACITY)

    def _allocate(self, capacity: int) -> None:
        def grown(
            old: NDArray[np.generic] | None, shape: tuple[int, ...], kind: type[np.generic]
        ) -> NDArray[np.generic]:
            new = np.full(shape, NOBODY if kind is np.int32 else 0, kind)
            if old is not None:
                new[..., : old.shape[-1]] = old
            return new

        had = self.__dict__
        self.meeting: NDArray[np.int32] = grown(had.get("meeting"), (capacity,), np.int32)  # type: ignore[assignment]
        self.kind: NDArray[np.uint8] = grown(had.get("kind"), (capacity,), np.uint8)  # type: ignore[assignment]
        self.length: NDArray[np.float32] = grown(had.get("length"), (capacity,), np.float32)  # type: ignore[assignment]
        self.parts: NDArray[np.uint8] = grown(had.get("parts"), (capacity,), np.uint8)  # type: ignore[assignment]
        shape = (LANES, capacity * MAX_PARTS)
        self.signs: NDArray[np.uint64] = grown(had.get("signs"), shape, np.uint64)  # type: ignore[assignment]

    def set_card(self, number: int, card: Card) -> None:
        """A meeting is there, or its card has changed."""
        self.cards[number] = card
        self.numbers[card.id] = number

    def drop_card(self, number: int) -> None:
        """A meeting is gone."""
        card = self.cards.pop(number, None)
        if card is not None:
            self.numbers.pop(card.id, None)

    def place(self, rows: Mapping[int, Row | None]) -> None:
        """Passages that are there now, or (None) gone."""
        top = max(rows, default=-1)
        if top >= len(self.meeting):
            self._allocate(max(top + 1, len(self.meeting) * 3 // 2))
        for number, row in rows.items():
            self._set(number, row)
        self.size = max(self.size, top + 1)

    def _set(self, number: int, row: Row | None) -> None:
        if row is None:
            self.meeting[number], self.parts[number], self.length[number] = NOBODY, 0, 0
            return
        parts = len(row.signs) // SIGN_BYTES
        first = number * MAX_PARTS
        self.signs[:, first : first + parts] = np.frombuffer(row.signs, np.uint64).reshape(parts, LANES).T
        self.kind[number], self.length[number], self.parts[number] = KINDS.index(row.kind), row.length, parts
        self.meeting[number] = row.meeting

    def meetings_in(self, scope: Scope) -> set[int] | None:
        """The numbers of the meetings that the scope allows; None = all."""
        by_card = scope.participants or scope.after is not None or scope.before is not None
        if scope.visible is None and not scope.meetings and not by_card:
            return None
        names: Iterable[str] = scope.meetings or self.numbers.copy() if scope.visible is None else scope.visible
        if scope.visible is not None and scope.meetings:
            names = scope.visible & scope.meetings
        numbers = {number for name in names if (number := self.numbers.get(name)) is not None}
        return {n for n in numbers if _allows(scope, self.cards.get(n))} if by_card else numbers

    def allowed(self, meetings: Collection[int] | None, kinds: Collection[str]) -> Mask:
        """Which rows are passages of these meetings and kinds (None, or no kind = any)."""
        meeting = self.meeting[: self.size]
        if meetings is None:
            mask = meeting != NOBODY
        else:
            table = np.zeros(max(max(self.cards, default=0), max(meetings, default=0)) + 2, bool)
            table[list(meetings)] = True  # the last place stays False: NOBODY points at it
            mask = np.asarray(table[np.minimum(meeting, len(table) - 1)], bool)
        if kinds:
            wanted = np.isin(np.arange(len(KINDS)), [KINDS.index(k) for k in kinds])
            mask &= wanted[self.kind[: len(mask)]]
        return np.asarray(mask, bool)

    def nearest(self, signs: bytes, allowed: Mask, count: int) -> Rows:
        """About ``count`` rows whose vectors agree with most signs; every one that agrees better is among them."""
        wanted = np.frombuffer(signs, np.uint64)
        scan = _Scan(count, allowed, self.parts)
        lanes = self.signs[:, : len(allowed) * MAX_PARTS]
        for first in range(0, lanes.shape[1], SCANNED):
            scan.look(lanes[:, first : first + SCANNED], wanted, first)
        return np.unique(scan.best() // MAX_PARTS)


def _allows(scope: Scope, card: Card | None) -> bool:
    return (
        card is not None
        and (scope.after is None or card.started_at >= scope.after)
        and (scope.before is None or card.started_at < scope.before)
        and (not scope.participants or not scope.participants.isdisjoint(card.participants))
    )


class _Scan:
    """The ``count`` smallest distances so far, block by block, of vectors of allowed rows."""

    def __init__(self, count: int, allowed: Mask, parts: NDArray[np.uint8]) -> None:
        self._count = count
        self._allowed, self._has = allowed, parts
        self._limit = DIMENSIONS + 1
        self._parts: list[Rows] = []
        self._distances: list[NDArray[np.uint16]] = []
        self._differs, self._bits = np.empty(SCANNED, np.uint64), np.empty(SCANNED, np.uint8)
        self._halves, self._sum = np.empty((2, SCANNED), np.uint8), np.empty(SCANNED, np.uint16)

    def look(self, lanes: NDArray[np.uint64], wanted: NDArray[np.uint64], first: int) -> None:
        """Compare a block; ``first`` is the number of its first vector."""
        size = lanes.shape[1]
        differs, bits, halves, total = self._differs[:size], self._bits[:size], self._halves[:, :size], self._sum[:size]
        halves[:] = 0  # half of the signs at a time, so that a byte is enough to count
        for number, (lane, signs) in enumerate(zip(lanes, wanted, strict=True)):
            np.bitwise_xor(lane, signs, out=differs)
            np.bitwise_count(differs, out=bits)
            half = halves[number % 2]
            np.add(half, bits, out=half)
        np.add(halves[0], halves[1], out=total, dtype=np.uint16)
        near = np.flatnonzero(total < self._limit)
        rows, part = np.divmod(near + first, MAX_PARTS)
        near = near[self._allowed[rows] & (part < self._has[rows])]
        self._parts.append(near + first)
        self._distances.append(total[near])
        if sum(map(len, self._parts)) > 4 * self._count:
            self._shrink()

    def _shrink(self) -> None:
        parts, distances = np.concatenate(self._parts), np.concatenate(self._distances)
        if len(parts) > self._count:
            best = np.argpartition(distances, self._count - 1)[: self._count]
            self._limit = int(distances[best].max())
            parts, distances = parts[best], distances[best]
        self._parts, self._distances = [parts], [distances]

    def best(self) -> Rows:
        """The numbers of the vectors that are nearest."""
        if not self._parts:
            return np.zeros(0, np.int64)
        self._shrink()
        return self._parts[0]
