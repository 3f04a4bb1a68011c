"""A SQLite file of the index, off the event loop: one thread writes, a few threads read.

The stock ``sqlite3`` module cannot load extensions on every system, so the file is opened with apsw, which brings
its own SQLite with FTS5 and loads ``sqlite-vec``.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import apsw
import sqlite_vec

from contracts.errors import Misconfigured, StorageFull, Unavailable

R = TypeVar("R")
READERS = 2
_SOURCE = "search"
SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meeting(id TEXT PRIMARY KEY, title TEXT, started_at REAL, card BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS participant(meeting TEXT, name TEXT, PRIMARY KEY(meeting, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passage(
    row INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, meeting TEXT NOT NULL, kind TEXT NOT NULL, ending REAL,
    owner TEXT, status TEXT, embedded INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS passage_meeting ON passage(meeting);
CREATE INDEX IF NOT EXISTS passage_waiting ON passage(row) WHERE embedded = 0;
CREATE TABLE IF NOT EXISTS speaker(passage INTEGER, name TEXT, PRIMARY KEY(passage, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part(row INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    text, content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO words(words, rank) VALUES('secure-delete', 1);
CREATE VIRTUAL TABLE IF NOT EXISTS bits USING vec0(signs bit[384]);
"""


def open_file(path: Path) -> apsw.Connection:
    """A connection with the extension loaded and durable, concurrent settings."""
    connection = apsw.Connection(str(path))
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    connection.enable_load_extension(False)
    connection.set_busy_timeout(5000)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "normal")
    connection.pragma("secure_delete", True)
    return connection


class IndexFile:
    """The file, with ``read`` and ``write`` that run a function on a connection in a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[apsw.Connection] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="index-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="index-read")

    async def set_up(self) -> None:
        """Make the file and its tables. A file of another schema version is started anew: records refill it."""
        await asyncio.to_thread(self._path.parent.mkdir, parents=True, exist_ok=True)
        if await self.write(_version) not in (0, SCHEMA_VERSION):
            await self._remove()
        await self.write(lambda c: c.execute(_SCHEMA).get)
        await self.write(lambda c: c.pragma("user_version", SCHEMA_VERSION))

    async def read(self, work: Callable[[apsw.Connection], R]) -> R:
        """Run ``work`` in a reading thread."""
        return await self._run(self._readers, work)

    async def write(self, work: Callable[[apsw.Connection], R]) -> R:
        """Run ``work`` in the writing thread, in one transaction."""

        def transaction(connection: apsw.Connection) -> R:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if not connection.get_autocommit():
                    connection.execute("ROLLBACK")
                raise
            return result

        return await self._run(self._writer, transaction)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[apsw.Connection], R]) -> R:
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, lambda: work(self._connection()))
        except apsw.FullError as exc:
            raise StorageFull("no space is left for the search index", source=_SOURCE) from exc
        except (apsw.BusyError, apsw.IOError, apsw.LockedError) as exc:
            raise Unavailable("the search index does not answer", source=_SOURCE) from exc
        except (apsw.CorruptError, apsw.NotADBError, apsw.CantOpenError) as exc:
            raise Misconfigured("the search index cannot be read; remove it to build it again", source=_SOURCE) from exc

    def _connection(self) -> apsw.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = open_file(self._path)
            self._opened.append(self._local.connection)
        connection: apsw.Connection = self._local.connection
        return connection

    async def _remove(self) -> None:
        def drop() -> None:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._local = threading.local()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)

        await asyncio.get_running_loop().run_in_executor(self._writer, drop)

    async def close(self) -> None:
        """Let running work end, then close the connections."""
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._writer.shutdown)
        for connection in self._opened:
            connection.close()


def _version(connection: apsw.Connection) -> Any:
    return connection.pragma("user_version")
