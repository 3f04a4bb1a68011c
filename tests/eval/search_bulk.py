"""Writes an index file of very many mixed passages at once: the same tables and words as putting them one by one."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.int8 import to_int8
from gateway.index import wordlists
from gateway.index.port import Card, Entry, Passage
from gateway.index.quantise import to_bits
from gateway.index.sqlite import IndexFile

BLOCK = 1 << wordlists.BLOCK_BITS
Numbers = NDArray[np.int64]
Numbered = tuple[int, Card, Entry]


class Lexicon:
    """The words of lines that come again and again, as numbers."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._numbers: dict[str, int] = {}
        self._lines: dict[str, Numbers] = {}

    def words(self) -> list[str]:
        """Every word, at the place of its number."""
        return list(self._numbers)

    def line(self, text: str) -> Numbers:
        """The numbers of a line's words."""
        if text not in self._lines:
            counts = wordlists.counted(self._connection, text)
            said = [self._numbers.setdefault(w, len(self._numbers)) for w, n in counts.items() for _ in range(n)]
            self._lines[text] = np.array(said, np.int64)
        return self._lines[text]

    def passage(self, passage: Passage) -> tuple[Numbers, Numbers]:
        """The numbers of a passage's words, each once, and how often they stand there."""
        return np.unique(np.concatenate([self.line(x.text) for x in passage.lines]), return_counts=True)


async def write_bulk(path: Path, made: Iterable[tuple[Card, list[Entry]]]) -> None:
    """Fill the file at ``path`` with the passages of all meetings; a transaction for each block of rows.

    A file that was not finished goes on behind its last block.
    """
    file = IndexFile(path)
    await file.set_up()
    lexicon = await file.write(Lexicon)
    flat = ((number, card, entry) for number, (card, entries) in enumerate(made, 1) for entry in entries)
    first = 1 + await file.read(lambda c: int(c.execute("SELECT coalesce(max(row), 0) FROM passage").get))
    missing = islice(flat, first - 1, None)  # rows begin with 1
    while some := list(islice(missing, BLOCK - first % BLOCK)):
        await file.write(partial(_block, first=first, some=some, lexicon=lexicon))
        first += len(some)
        print(f"{first - 1} passages written", flush=True)
    await file.close()


def _block(connection: apsw.Connection, first: int, some: Sequence[Numbered], lexicon: Lexicon) -> None:
    words = [lexicon.passage(entry.passage) for _, _, entry in some]
    cards = {number: (card.id, msgspec.msgpack.encode(card)) for number, card, _ in some}
    rows = [(number, *card) for number, card in cards.items()]
    connection.executemany("INSERT OR IGNORE INTO meeting VALUES(?, ?, ?)", rows)
    _rows(connection, first, some, [int(counts.sum()) for _, counts in words])
    _lists(connection, first, words, lexicon)


def _rows(connection: apsw.Connection, first: int, some: Sequence[Numbered], lengths: Sequence[int]) -> None:
    passages, bodies, vectors = [], [], []
    speakers: list[tuple[int, str]] = []
    for row, ((meeting, _, entry), length) in enumerate(zip(some, lengths, strict=True), first):
        p = entry.passage
        assert entry.vectors is not None
        signs = b"".join(to_bits(v) for v in entry.vectors)
        passages.append((row, p.id, meeting, p.kind, length, p.end, p.owner, p.status, signs, True))
        bodies.append((row, msgspec.msgpack.encode(p)))
        vectors.append((row, b"".join(to_int8(v) for v in entry.vectors)))
        speakers.extend((row, name) for name in p.speakers())
    connection.executemany("INSERT INTO passage VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", passages)
    connection.executemany("INSERT INTO body VALUES(?, ?)", bodies)
    connection.executemany("INSERT INTO vector VALUES(?, ?)", vectors)
    connection.executemany("INSERT INTO speaker VALUES(?, ?)", speakers)


def _lists(connection: apsw.Connection, first: int, words: Sequence[tuple[Numbers, Numbers]], lexicon: Lexicon) -> None:
    """The block's list of each word."""
    block, inside = divmod(first, BLOCK)
    word = np.concatenate([w for w, _ in words]).astype(np.int32)
    count = np.minimum(np.concatenate([n for _, n in words]), wordlists.MAX_COUNT).astype(np.uint8)
    place = np.repeat(np.arange(inside, inside + len(words)), [len(w) for w, _ in words]).astype(np.uint16)
    order = np.argsort(word, kind="stable")
    word, count, place = word[order], count[order], place[order]
    names = lexicon.words()
    cuts = np.flatnonzero(np.diff(word, prepend=-1, append=-1)).tolist()
    rows = [(names[word[a]], block, place[a:b].tobytes(), count[a:b].tobytes()) for a, b in pairwise(cuts)]
    connection.executemany("INSERT INTO word VALUES(?, ?, ?, ?)", rows)
