"""The embedded search index: one SQLite file, and in memory what every search looks through; nothing to install.

Vectors are found by their signs (48 bytes each, compared in memory) and compared again by eight-bit numbers; inside a
small scope, as in one meeting, every vector is compared and none is missed. Words are found by ``wordlists``.
"""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import apsw
import msgspec
import numpy as np

from gateway.index import embedded_rows as stored
from gateway.index import wordlists
from gateway.index.columns import Columns, Mask, Rows
from gateway.index.port import Candidate, Card, Entry, Needle, Passage, Scope
from gateway.index.quantise import Vectors, nearness, to_bits
from gateway.index.sqlite import TABLES, IndexFile

EXACT_UP_TO = 2000
"""Scopes of at most this many passages are compared exactly."""
OVERSAMPLING = 4
Nearness = dict[int, tuple[float, float, int]]


class EmbeddedIndex:
    """A ``SearchIndex`` in one file."""

    def __init__(self, file: IndexFile) -> None:
        self._file = file
        self._columns = Columns()
        self._newest = wordlists.Newest()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """The index in the file at ``path``, made when it is not there. Raises Misconfigured."""
        index = cls(IndexFile(path))
        await index._file.set_up()
        index._columns, fresh = await index._file.read(stored.load)
        index._newest = wordlists.Newest(fresh)
        return index

    async def put(self, card: Card, entries: Sequence[Entry], gone: Sequence[str] = ()) -> None:
        """As the port says; one transaction."""

        def work(connection: apsw.Connection) -> stored.Change:
            change = stored.Change()
            number = stored.put_card(connection, card, change)
            stored.remove(connection, "id IN (SELECT value FROM json_each(?))", _json(gone), change)
            for entry in entries:
                stored.put_entry(connection, number, entry, change)
            return self._merged(connection, change)

        await self._file.write(work, self._apply)

    async def delete(self, meeting: str) -> None:
        """As the port says; one transaction."""

        def work(connection: apsw.Connection) -> stored.Change:
            change = stored.Change()
            number = connection.execute("SELECT number FROM meeting WHERE id = ?", (meeting,)).get
            if number is not None:
                stored.remove(connection, "meeting = ?", number, change)
                connection.execute("DELETE FROM meeting WHERE number = ?", (number,))
                change.cards[number] = None
            return self._merged(connection, change)

        await self._file.write(work, self._apply)

    def _merged(self, connection: apsw.Connection, change: stored.Change) -> stored.Change:
        """The change, with all new words moved to the file when enough have gathered (in the writing thread)."""
        fresh = {r: c for r, c in self._newest.counts.items() if r not in change.rows} | change.fresh
        if len(fresh) >= stored.MERGE_AT:
            stored.merge(connection, fresh)
            change.merged, change.fresh = tuple(fresh), {}
        return change

    def _apply(self, change: stored.Change) -> None:
        for number, card in change.cards.items():
            if card is not None:
                self._columns.set_card(number, card)
        self._columns.place(change.rows)
        for number, card in change.cards.items():
            if card is None:
                self._columns.drop_card(number)
        self._newest.drop([*change.rows, *change.merged])
        self._newest.put(change.fresh)

    async def ids(self, meeting: str) -> set[str]:
        """As the port says."""
        sql = "SELECT p.id FROM passage p JOIN meeting m ON m.number = p.meeting WHERE m.id = ?"
        return {id_ for (id_,) in await self._file.read(lambda c: list(c.execute(sql, (meeting,))))}

    async def candidates(self, needle: Needle, scope: Scope, limit: int) -> list[Candidate]:
        """As the port says; words and vectors are looked for at the same time."""
        columns, newest = self._columns, self._newest
        meetings = columns.meetings_in(scope)
        keyword, near = await asyncio.gather(
            self._file.read(
                lambda c: _by_words(c, needle.words, newest, columns, _rights(c, columns, meetings, scope), limit)
            ),
            self._file.read(
                lambda c: _by_vector(c, needle.vector, columns, _rights(c, columns, meetings, scope).allowed, limit)
            ),
        )
        return await self._file.read(lambda c: _collected(c, columns, needle.vector, keyword, near, meetings))

    async def unembedded(self, limit: int) -> list[tuple[Card, Passage]]:
        """As the port says."""
        sql = """SELECT p.meeting, b.body FROM passage p JOIN body b ON b.row = p.row
                 WHERE p.signs = x'' ORDER BY p.row LIMIT ?"""
        rows = await self._file.read(lambda c: list(c.execute(sql, (limit,))))
        cards = self._columns.cards
        return [(cards[number], stored.to_passage(body)) for number, body in rows if number in cards]

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
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608  # our own names

        def forget(_: None) -> None:
            self._columns, self._newest = Columns(), wordlists.Newest()

        await self._file.write(work, forget)

    async def close(self) -> None:
        """As the port says."""
        await self._file.close()


def _rights(connection: apsw.Connection, columns: Columns, meetings: set[int] | None, scope: Scope) -> wordlists.Rights:
    """Which rows the scope allows, and which the asker may see."""
    mask = columns.allowed(meetings, scope.kinds)
    where, values = _conditions(scope, meetings)
    if where:
        found = connection.execute(f"SELECT p.row FROM passage p WHERE {where}", values)  # noqa: S608  # values are bound
        asked = np.zeros(len(mask), bool)
        asked[[row for (row,) in found if row < len(mask)]] = True
        mask &= asked
    if scope.visible is None:
        return wordlists.Rights(mask, None)
    seen = columns.allowed(columns.meetings_in(Scope(scope.visible)), ())
    return wordlists.Rights(mask, seen[: len(mask)])


def _conditions(scope: Scope, meetings: set[int] | None) -> tuple[str, dict[str, Any]]:
    """What of the scope only the file knows, as SQL on ``passage p``; every value is bound."""
    lists: dict[str, tuple[str, Iterable[Any]]] = {
        "owners": ("p.owner IN (SELECT value FROM json_each(:owners))", scope.owners),
        "statuses": ("p.status IN (SELECT value FROM json_each(:statuses))", scope.statuses),
        "speakers": (
            "p.row IN (SELECT s.row FROM speaker s WHERE s.name IN (SELECT value FROM json_each(:speakers)))",
            scope.speakers,
        ),
    }
    clauses = {name: sql for name, (sql, value) in lists.items() if value}
    values: dict[str, Any] = {name: _json(lists[name][1]) for name in clauses}
    if scope.since_s is not None:
        clauses["since_s"], values["since_s"] = "p.ending >= :since_s", scope.since_s
    if clauses and meetings is not None:
        clauses["meetings"] = "p.meeting IN (SELECT value FROM json_each(:meetings))"
        values["meetings"] = _json(meetings)
    return " AND ".join(clauses.values()), values


def _by_words(
    connection: apsw.Connection,
    words: Sequence[str],
    newest: wordlists.Newest,
    columns: Columns,
    rights: wordlists.Rights,
    limit: int,
) -> dict[int, float]:
    scores = wordlists.scores(connection, words, newest, columns.length[: len(rights.allowed)], rights)
    return wordlists.best(scores, limit)


def _by_vector(
    connection: apsw.Connection, vector: Vectors | None, columns: Columns, allowed: Mask, limit: int
) -> Nearness:
    """Passages near the vector: the nearest of all of a small scope, else of those nearest by signs."""
    if vector is None:
        return {}
    rows: Rows = np.flatnonzero(allowed)
    if len(rows) > EXACT_UP_TO:
        rows = columns.nearest(to_bits(vector), allowed, limit * OVERSAMPLING)
    near = _nearness(connection, vector, rows.tolist())
    best = sorted(near, key=lambda row: -near[row][0])[:limit]
    return {row: near[row] for row in best}


def _nearness(connection: apsw.Connection, vector: Vectors, rows: Iterable[int]) -> Nearness:
    """Per row its largest and its mean cosine, and which part the largest belongs to."""
    sql = "SELECT row, numbers FROM vector WHERE row IN (SELECT value FROM json_each(?))"
    found = list(connection.execute(sql, (_json(rows),)))
    near = nearness(vector, [numbers for _, numbers in found])
    return dict(zip((row for row, _ in found), near, strict=True))


def _collected(
    connection: apsw.Connection,
    columns: Columns,
    vector: Vectors | None,
    keyword: dict[int, float],
    near: Nearness,
    meetings: set[int] | None,
) -> list[Candidate]:
    """The passages of those rows, if they are still passages of these meetings."""
    rows = keyword.keys() | near.keys()
    near = near | _nearness(connection, vector, keyword.keys() - near.keys()) if vector is not None else near
    sql = """SELECT p.row, p.meeting, b.body FROM passage p JOIN body b ON b.row = p.row
             WHERE p.row IN (SELECT value FROM json_each(?))"""
    found = []
    for row, number, body in connection.execute(sql, (_json(rows),)):
        card = columns.cards.get(number)
        if card is not None and (meetings is None or number in meetings):
            passage = stored.to_passage(body)
            found.append(Candidate(passage, card, keyword.get(row, 0.0), *near.get(row, ())))
    return found


def _json(values: Iterable[Any]) -> str:
    return msgspec.json.encode(list(values)).decode()
