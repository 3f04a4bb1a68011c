"""The embedded search index: SQLite FTS5 for words, sqlite-vec for vectors, one file, nothing to install.

Vectors are found by their signs (48 bytes each, a linear scan) and compared by eight-bit numbers; inside a small
scope, as in one meeting, every vector is compared and none is missed.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import apsw
import msgspec
import numpy as np

from gateway.index.port import MAX_PARTS, Candidate, Card, Entry, Needle, Passage, Scope
from gateway.index.quantise import Vectors, cosines, to_bits, to_int8
from gateway.index.sqlite import IndexFile

EXACT_UP_TO = 2000
"""Scopes of at most this many passages are compared exactly."""
OVERSAMPLING = 4
_encode = msgspec.msgpack.encode


class EmbeddedIndex:
    """A ``SearchIndex`` in one file."""

    def __init__(self, file: IndexFile) -> None:
        self._file = file

    @classmethod
    async def open(cls, path: Path) -> Self:
        """The index in the file at ``path``, made when it is not there. Raises Misconfigured."""
        index = cls(IndexFile(path))
        await index._file.set_up()
        return index

    async def put(self, card: Card, entries: Sequence[Entry], gone: Sequence[str] = ()) -> None:
        """As the port says; one transaction."""

        def work(connection: apsw.Connection) -> None:
            _put_card(connection, card)
            _remove(connection, "id IN (SELECT value FROM json_each(?))", _json(gone))
            for entry in entries:
                _put_entry(connection, entry)

        await self._file.write(work)

    async def delete(self, meeting: str) -> None:
        """As the port says; one transaction."""

        def work(connection: apsw.Connection) -> None:
            _remove(connection, "meeting = ?", meeting)
            connection.execute("DELETE FROM meeting WHERE id = ?", (meeting,))
            connection.execute("DELETE FROM participant WHERE meeting = ?", (meeting,))

        await self._file.write(work)

    async def ids(self, meeting: str) -> set[str]:
        """As the port says."""
        found = await self._file.read(lambda c: c.execute("SELECT id FROM passage WHERE meeting = ?", (meeting,)).get)
        return set(_column(found))

    async def candidates(self, needle: Needle, scope: Scope, limit: int) -> list[Candidate]:
        """As the port says."""
        return await self._file.read(lambda c: _candidates(c, needle, scope, limit))

    async def unembedded(self, limit: int) -> list[tuple[Card, Passage]]:
        """As the port says."""
        sql = """SELECT m.card, p.body FROM passage p JOIN meeting m ON m.id = p.meeting
                 WHERE p.embedded = 0 ORDER BY p.row LIMIT ?"""
        rows = await self._file.read(lambda c: list(c.execute(sql, (limit,))))
        return [(_card(card), _passage(body)) for card, body in rows]

    async def cursor(self) -> int:
        """As the port says."""
        found = await self._file.read(lambda c: c.execute("SELECT value FROM meta WHERE key = 'cursor'").get)
        return int(found or 0)

    async def advance(self, cursor: int) -> None:
        """As the port says."""
        await self._file.write(lambda c: c.execute("REPLACE INTO meta VALUES('cursor', ?)", (cursor,)).get)

    async def clear(self) -> None:
        """As the port says; one transaction."""

        def work(connection: apsw.Connection) -> None:
            for table in ("passage", "meeting", "participant", "speaker", "part", "words", "bits", "meta"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608  # names from the line above

        await self._file.write(work)

    async def close(self) -> None:
        """As the port says."""
        await self._file.close()


# -- writing ------------------------------------------------------------------------------------


def _put_card(connection: apsw.Connection, card: Card) -> None:
    values = (card.id, card.title, card.started_at, _encode(card))
    connection.execute("REPLACE INTO meeting VALUES(?, ?, ?, ?)", values)
    connection.execute("DELETE FROM participant WHERE meeting = ?", (card.id,))
    connection.executemany("INSERT OR IGNORE INTO participant VALUES(?, ?)", [(card.id, n) for n in card.participants])


def _put_entry(connection: apsw.Connection, entry: Entry) -> None:
    p = entry.passage
    _remove(connection, "id = ?", p.id)
    connection.execute(
        "INSERT INTO passage(id, meeting, kind, ending, owner, status, embedded, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        (p.id, p.meeting, p.kind, p.end, p.owner, p.status, entry.vectors is not None, _encode(p)),
    )
    row = connection.last_insert_rowid()
    connection.execute("INSERT INTO words(rowid, text) VALUES(?, ?)", (row, p.text))
    connection.executemany("INSERT INTO speaker VALUES(?, ?)", [(row, name) for name in p.shares()])
    for number, vector in enumerate(entry.vectors[:MAX_PARTS] if entry.vectors is not None else ()):
        part = row * MAX_PARTS + number
        connection.execute("INSERT INTO part VALUES(?, ?)", (part, to_int8(vector)))
        connection.execute("INSERT INTO bits(rowid, signs) VALUES(?, vec_bit(?))", (part, to_bits(vector)))


def _remove(connection: apsw.Connection, where: str, value: str) -> None:
    rows = _column(connection.execute(f"SELECT row FROM passage WHERE {where}", (value,)).get)  # noqa: S608  # ours
    for row in rows:
        for table, key in (("passage", "row"), ("words", "rowid"), ("speaker", "passage")):
            connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (row,))  # noqa: S608  # names from above
        for part in range(row * MAX_PARTS, (row + 1) * MAX_PARTS):
            connection.execute("DELETE FROM part WHERE row = ?", (part,))
            connection.execute("DELETE FROM bits WHERE rowid = ?", (part,))


# -- finding ------------------------------------------------------------------------------------


def _candidates(connection: apsw.Connection, needle: Needle, scope: Scope, limit: int) -> list[Candidate]:
    where, values = _conditions(scope)
    keyword = _by_words(connection, needle.words, where, values, limit)
    rows = set(keyword)
    if needle.vector is not None:
        rows |= _by_vector(connection, needle.vector, where, values, limit)
    nearness = _nearness(connection, needle.vector, rows) if needle.vector is not None else {}
    sql = """SELECT p.row, p.body, m.card FROM passage p JOIN meeting m ON m.id = p.meeting
             WHERE p.row IN (SELECT value FROM json_each(?))"""
    return [
        Candidate(_passage(body), _card(card), keyword.get(row, 0.0), *nearness.get(row, ()))
        for row, body, card in connection.execute(sql, (_json(rows),))
    ]


def _conditions(scope: Scope) -> tuple[str, dict[str, Any]]:
    """The scope as SQL on ``passage p`` and ``meeting m``; every value is bound, none is written into the text."""
    lists: list[tuple[str, Iterable[str] | None]] = [
        ("p.meeting IN (SELECT value FROM json_each(:visible))", scope.visible),
        ("p.meeting IN (SELECT value FROM json_each(:meetings))", scope.meetings or None),
        ("p.kind IN (SELECT value FROM json_each(:kinds))", scope.kinds or None),
        ("p.owner IN (SELECT value FROM json_each(:owners))", scope.owners or None),
        ("p.status IN (SELECT value FROM json_each(:statuses))", scope.statuses or None),
        (
            "EXISTS(SELECT 1 FROM speaker s, json_each(:speakers) j WHERE s.passage = p.row AND s.name = j.value)",
            scope.speakers or None,
        ),
        (
            "EXISTS(SELECT 1 FROM participant a, json_each(:participants) j"
            " WHERE a.meeting = m.id AND a.name = j.value)",
            scope.participants or None,
        ),
    ]
    names = ("visible", "meetings", "kinds", "owners", "statuses", "speakers", "participants")
    clauses = [sql for sql, value in lists if value is not None]
    values: dict[str, Any] = {
        name: _json(value) for name, (_, value) in zip(names, lists, strict=True) if value is not None
    }
    bounds = (
        ("m.started_at >= :after", scope.after),
        ("m.started_at < :before", scope.before),
        ("p.ending >= :since_s", scope.since_s),
    )
    for sql, bound in bounds:
        if bound is not None:
            clauses.append(sql)
            values[sql.rsplit(":", 1)[1]] = bound
    return " AND ".join(clauses), values


def _by_words(
    connection: apsw.Connection, words: Sequence[str], where: str, values: dict[str, Any], limit: int
) -> dict[int, float]:
    match = " OR ".join(f'"{word}"' for word in dict.fromkeys(map(_bare, words)) if word)
    if not match:
        return {}
    joins = "JOIN passage p ON p.row = f.rowid JOIN meeting m ON m.id = p.meeting" if where else ""
    sql = f"""SELECT f.rowid, -f.rank FROM words f {joins} WHERE f.words MATCH :match {"AND " + where if where else ""}
              ORDER BY f.rank LIMIT :limit"""  # noqa: S608  # the text is ours, the values are bound
    found = connection.execute(sql, {**values, "match": match, "limit": limit})
    return {row: max(0.0, score) for row, score in found}


def _by_vector(
    connection: apsw.Connection, vector: Vectors, where: str, values: dict[str, Any], limit: int
) -> set[int]:
    """Rows of passages near the vector: all of a small scope, else the nearest by signs."""
    source = "FROM passage p JOIN meeting m ON m.id = p.meeting"
    if where:
        sql = f"SELECT p.row {source} WHERE {where}"  # the text is ours, the values are bound
        rows = _column(connection.execute(sql, values).get)
    else:
        rows = _column(connection.execute("SELECT row FROM passage LIMIT ?", (EXACT_UP_TO + 1,)).get)
    if len(rows) <= EXACT_UP_TO:
        return _nearest(_nearness(connection, vector, rows), limit)
    among = "AND rowid IN (SELECT value FROM json_each(?))" if where else ""
    parts = [_json(r * MAX_PARTS + n for r in rows for n in range(MAX_PARTS))] if where else []
    sql = f"SELECT rowid FROM bits WHERE signs MATCH vec_bit(?) AND k = ? {among}"  # noqa: S608  # ours
    found = connection.execute(sql, (to_bits(vector), min(4096, limit * MAX_PARTS * OVERSAMPLING), *parts)).get
    return _nearest(_nearness(connection, vector, {part // MAX_PARTS for part in _column(found)}), limit)


def _nearness(connection: apsw.Connection, vector: Vectors, rows: Iterable[int]) -> dict[int, tuple[float, float, int]]:
    """Per row its largest and its mean cosine, and which half the largest belongs to."""
    parts = _json(row * MAX_PARTS + n for row in rows for n in range(MAX_PARTS))
    stored = list(
        connection.execute("SELECT row, vector FROM part WHERE row IN (SELECT value FROM json_each(?))", (parts,))
    )
    scores: dict[int, list[float]] = {}
    for (part, _), cosine in zip(stored, cosines(vector, [v for _, v in stored]), strict=True):
        scores.setdefault(part // MAX_PARTS, []).append(float(cosine))
    return {row: (max(both), sum(both) / len(both), int(np.argmax(both))) for row, both in scores.items()}


def _bare(word: str) -> str:
    """The word as it can stand between quotes in a match expression."""
    return "".join(c for c in word if c.isalnum() or c in "'-_")


def _nearest(nearness: dict[int, tuple[float, float, int]], limit: int) -> set[int]:
    return set(sorted(nearness, key=lambda row: -nearness[row][0])[:limit])


def _column(found: Any) -> list[Any]:
    """apsw's ``get`` gives a bare value for one row of one column."""
    if found is None:
        return []
    return [row[0] if isinstance(row, tuple) else row for row in found] if isinstance(found, list) else [found]


def _json(values: Iterable[Any]) -> str:
    return msgspec.json.encode(list(values)).decode()


def _card(data: bytes) -> Card:
    return msgspec.msgpack.decode(data, type=Card)


def _passage(data: bytes) -> Passage:
    return msgspec.msgpack.decode(data, type=Passage)
