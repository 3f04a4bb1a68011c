"""Passages into the rows of the embedded index's file and out again. Each function runs inside a transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

import apsw
import msgspec

from contracts.int8 import to_int8
from gateway.index import wordlists
from gateway.index.columns import Columns, Row
from gateway.index.port import MAX_PARTS, Card, Entry, Passage
from gateway.index.quantise import to_bits

MERGE_AT = 2048
"""So many passages are kept beside the word lists before they are merged into them."""
_encode = msgspec.msgpack.encode


class Change(msgspec.Struct):
    """What a transaction does to the columns; applied when it is durable. None = gone."""

    cards: dict[int, Card | None] = {}
    rows: dict[int, Row | None] = {}
    fresh: dict[int, wordlists.Counts] = {}
    merged: tuple[int, ...] = ()
    """Rows whose words were moved from memory to the file."""


def put_card(connection: apsw.Connection, card: Card, change: Change) -> int:
    """The number of the meeting with that card."""
    sql = """INSERT INTO meeting(id, card) VALUES(?, ?)
             ON CONFLICT(id) DO UPDATE SET card = excluded.card RETURNING number"""
    number = int(connection.execute(sql, (card.id, _encode(card))).get)
    change.cards[number] = card
    return number


def put_entry(connection: apsw.Connection, meeting: int, entry: Entry, change: Change) -> None:
    """Store or replace a passage; one whose words are the same keeps its place in the word lists."""
    p = entry.passage
    listed = False
    old = list(connection.execute("SELECT row, listed FROM passage WHERE id = ?", (p.id,)))
    if old:
        row, listed = int(old[0][0]), bool(old[0][1])
        if listed and passage_at(connection, row).text != p.text:
            _unlist(connection, [row])
            listed = False
    counts = wordlists.counted(connection, p.text)
    signs = b"".join(to_bits(v) for v in entry.vectors[:MAX_PARTS]) if entry.vectors is not None else b""
    length = sum(counts.values())
    values = (p.id, meeting, p.kind, length, p.end, p.owner, p.status, signs, listed)
    row = _store(connection, int(old[0][0]) if old else None, values, entry)
    change.rows[row] = Row(meeting, p.kind, length, signs)
    if not listed:
        change.fresh[row] = counts


def _store(connection: apsw.Connection, row: int | None, values: tuple[Any, ...], entry: Entry) -> int:
    connection.execute("REPLACE INTO passage VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (row, *values))
    row = connection.last_insert_rowid() if row is None else row
    connection.execute("REPLACE INTO body VALUES(?, ?)", (row, _encode(entry.passage)))
    connection.execute("DELETE FROM vector WHERE row = ?", (row,))
    if entry.vectors is not None:
        numbers = b"".join(to_int8(v) for v in entry.vectors[:MAX_PARTS])
        connection.execute("INSERT INTO vector VALUES(?, ?)", (row, numbers))
    connection.execute("DELETE FROM speaker WHERE row = ?", (row,))
    connection.executemany("INSERT INTO speaker VALUES(?, ?)", [(row, name) for name in entry.passage.speakers()])
    return row


def remove(connection: apsw.Connection, where: str, value: Any, change: Change) -> None:
    """Remove the passages that ``where`` (with one ``?``) names, from the word lists too."""
    found = list(connection.execute(f"SELECT row, listed FROM passage WHERE {where}", (value,)))  # noqa: S608  # ours
    _unlist(connection, [row for row, listed in found if listed])
    for row, _ in found:
        for table in ("passage", "body", "vector", "speaker"):
            connection.execute(f"DELETE FROM {table} WHERE row = ?", (row,))  # noqa: S608  # names from above
        change.rows[row] = None


def _unlist(connection: apsw.Connection, rows: Iterable[int]) -> None:
    wordlists.take_out(connection, {r: wordlists.counted(connection, passage_at(connection, r).text) for r in rows})


def merge(connection: apsw.Connection, fresh: wordlists.Fresh) -> None:
    """Move passages from memory to the word lists."""
    wordlists.add(connection, fresh)
    connection.executemany("UPDATE passage SET listed = 1 WHERE row = ?", [(row,) for row in fresh])


def passage_at(connection: apsw.Connection, row: int) -> Passage:
    """The passage of a row that is there."""
    return to_passage(connection.execute("SELECT body FROM body WHERE row = ?", (row,)).get)


def to_passage(body: bytes) -> Passage:
    """A passage as it was stored."""
    return msgspec.msgpack.decode(body, type=Passage)


def load(connection: apsw.Connection) -> tuple[Columns, dict[int, wordlists.Counts]]:
    """The columns as the file has them, and the passages that are not in the word lists yet."""
    columns = Columns()
    for number, card in connection.execute("SELECT number, card FROM meeting"):
        columns.set_card(number, msgspec.msgpack.decode(card, type=Card))
    rows = connection.execute("SELECT row, meeting, kind, length, signs FROM passage ORDER BY row DESC")
    while batch := _some(rows, 10_000):
        columns.place({row: Row(*values) for row, *values in batch})
    waiting = connection.execute("SELECT b.row, b.body FROM passage p JOIN body b ON b.row = p.row WHERE listed = 0")
    return columns, {row: wordlists.counted(connection, to_passage(body).text) for row, body in waiting}


def _some(rows: apsw.Cursor, count: int) -> Sequence[tuple[Any, ...]]:
    return [row for _, row in zip(range(count), rows, strict=False)]
