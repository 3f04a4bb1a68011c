"""Which passages have which words, and BM25 over them.

A word's list lies in the file in blocks of 65,536 rows: two bytes for the place in the block, one for how often the
word stands there. The newest passages are kept in memory instead (``fresh``) and merged into the lists many at a time.
What is taken out of a list is overwritten in the file.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.index.columns import Mask, Rows

BLOCK_BITS = 16
MAX_COUNT = 255
K1, B = 1.2, 0.75
STRETCH = 256
Counts = Mapping[str, int]
Fresh = Mapping[int, Counts]
"""Passages that are not in the lists of the file yet, by row."""
Scores = NDArray[np.float32]


class Newest:
    """The newest passages' words, both ways round. One thread changes it, others read it at the same time."""

    def __init__(self, fresh: Fresh | None = None) -> None:
        self.counts: dict[int, Counts] = {}
        self._lists: dict[str, dict[int, int]] = {}
        self.put(fresh or {})

    def put(self, fresh: Fresh) -> None:
        """Passages that were not there."""
        self.counts.update(fresh)
        for row, counts in fresh.items():
            for word, count in counts.items():
                self._lists.setdefault(word, {})[row] = count

    def drop(self, rows: Iterable[int]) -> None:
        """Passages that are gone, or were merged into the lists of the file."""
        for row in rows:
            for word in self.counts.pop(row, {}):
                places = self._lists[word]
                del places[row]
                if not places:
                    del self._lists[word]

    def having(self, word: str) -> NDArray[np.int64]:
        """Rows with the word, and how often."""
        return np.array(list(self._lists.get(word, {}).items()), np.int64).reshape(-1, 2)


def counted(connection: apsw.Connection, text: str) -> Counts:
    """How often each word stands in a text, by SQLite's own tokenizer: Porter stems, accents removed."""
    tokenizer = connection.fts5_tokenizer("porter", ["unicode61", "remove_diacritics", "2"])
    found = tokenizer(
        text.encode(errors="replace"), apsw.FTS5_TOKENIZE_DOCUMENT, None, include_offsets=False, include_colocated=False
    )
    return Counter(found)  # type: ignore[arg-type]  # without offsets there are only words


def add(connection: apsw.Connection, fresh: Fresh) -> None:
    """Merge passages into the lists; none of them may be in there yet."""
    for (word, block), places in _by_list(fresh).items():
        have = _read(connection, word, block)
        new = np.array([(place, min(fresh[row][word], MAX_COUNT)) for row, place in places], np.int64)
        merged = np.concatenate([have, new])
        _write(connection, word, block, merged[np.argsort(merged[:, 0], kind="stable")])


def take_out(connection: apsw.Connection, listed: Fresh) -> None:
    """Remove passages from the lists of their words."""
    for (word, block), places in _by_list(listed).items():
        have = _read(connection, word, block)
        gone = np.isin(have[:, 0], [place for _, place in places])
        _write(connection, word, block, have[~gone])


def _by_list(passages: Fresh) -> dict[tuple[str, int], list[tuple[int, int]]]:
    lists: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for row, counts in passages.items():
        block, place = row >> BLOCK_BITS, row & ((1 << BLOCK_BITS) - 1)
        for word in counts:
            lists[word, block].append((row, place))
    return lists


def _read(connection: apsw.Connection, word: str, block: int) -> NDArray[np.int64]:
    sql = "SELECT places, counts FROM word WHERE word = ? AND block = ?"
    for places, counts in connection.execute(sql, (word, block)):
        return np.stack([np.frombuffer(places, np.uint16), np.frombuffer(counts, np.uint8)], axis=1).astype(np.int64)
    return np.zeros((0, 2), np.int64)


def _write(connection: apsw.Connection, word: str, block: int, entries: NDArray[np.int64]) -> None:
    if not len(entries):
        connection.execute("DELETE FROM word WHERE word = ? AND block = ?", (word, block))
        return
    sql = """INSERT INTO word VALUES(?, ?, ?, ?)
             ON CONFLICT(word, block) DO UPDATE SET places = excluded.places, counts = excluded.counts"""
    places, counts = entries[:, 0].astype(np.uint16).tobytes(), entries[:, 1].astype(np.uint8).tobytes()
    connection.execute(sql, (word, block, places, counts))


class Rights(msgspec.Struct, frozen=True):
    """Which rows may be found (``allowed``), among those that the asker may see at all (``seen``; None = every row)."""

    allowed: Mask
    seen: Mask | None


def scores(
    connection: apsw.Connection, words: Iterable[str], newest: Newest, lengths: NDArray[np.float32], rights: Rights
) -> Scores:
    """BM25 of every allowed row. How common a word is, and how long passages are, counts what the asker may see."""
    found = np.zeros(len(rights.allowed), np.float32)
    stems = dict.fromkeys(stem for word in words for stem in counted(connection, word))
    if not stems or not rights.allowed.any():
        return found
    seen = lengths if rights.seen is None else lengths * rights.seen
    total = int(np.count_nonzero(seen))
    average = float(seen.sum()) / total if total else 1.0
    norms = lengths * np.float32(K1 * B / average) + np.float32(K1 * (1 - B))
    for stem in stems:
        places, having = _listed(connection, stem, newest, rights)
        weight = np.float32((K1 + 1) * math.log(1 + max(0.0, total - having + 0.5) / (having + 0.5)))
        for first, rows, counts in places:
            # A block at a time: what is read and written here stays in the processor's cache.
            found[first:][rows] += weight * counts / (counts + norms[first:][rows])
    found[~rights.allowed] = 0
    return found


Places = tuple[int, Rows, NDArray[np.float32]]
"""The first row of a block, rows counted from there, each once, and how often the word stands in each."""


def _listed(connection: apsw.Connection, stem: str, newest: Newest, rights: Rights) -> tuple[list[Places], int]:
    """Where the word stands, as far as allowed rows may be there; and how many of the seen rows have it."""
    new = newest.having(stem)
    listed, having = [(0, new[:, 0], new[:, 1].astype(np.float32))], 0
    for block, size, places, counts in _blocks(connection, stem, rights):
        if places is None or counts is None:
            having += size
            continue
        rows = np.frombuffer(places, np.uint16).astype(np.int64)
        listed.append((block << BLOCK_BITS, rows, np.frombuffer(counts, np.uint8).astype(np.float32)))
    inside = [_below(len(rights.allowed), *part) for part in listed]
    for first, rows, _ in inside:
        having += len(rows) if rights.seen is None else int(np.count_nonzero(rights.seen[first:][rows]))
    return inside, having


def _below(size: int, first: int, rows: Rows, counts: NDArray[np.float32]) -> Places:
    """Without the rows that came after the columns were read."""
    if not len(rows) or first + int(rows.max()) < size:
        return first, rows, counts
    inside = rows < size - first
    return min(first, size), rows[inside], counts[inside]


def _blocks(
    connection: apsw.Connection, stem: str, rights: Rights
) -> Iterator[tuple[int, int, bytes | None, bytes | None]]:
    """The stored blocks of a list; where nothing is allowed and everything is seen, only their sizes."""
    allowed, whole = rights.allowed, rights.seen is not None
    near = (int(allowed.argmax()) >> BLOCK_BITS, (len(allowed) - 1 - int(allowed[::-1].argmax())) >> BLOCK_BITS)
    sql = """SELECT block, length(places) / 2, iif(:whole OR block BETWEEN :first AND :last, places, NULL),
             iif(:whole OR block BETWEEN :first AND :last, counts, NULL) FROM word WHERE word = :word"""
    yield from connection.execute(sql, {"whole": whole, "first": near[0], "last": near[1], "word": stem})


def best(scores: Scores, limit: int) -> dict[int, float]:
    """The ``limit`` rows with the largest scores above 0."""
    stretches = len(scores) // STRETCH
    if stretches > limit:
        # So many rows reach the limit-th best of the best of each stretch; only those few need to be put in order.
        tops = scores[: stretches * STRETCH].reshape(stretches, STRETCH).max(axis=1)
        rows = np.flatnonzero(scores >= max(np.partition(tops, -limit)[-limit], np.finfo(np.float32).tiny))
    else:
        rows = np.flatnonzero(scores)
    if len(rows) > limit:
        rows = rows[np.argpartition(-scores[rows], limit - 1)[:limit]]
    return {int(row): float(scores[row]) for row in rows}
