"""The SQLite file of the index, off the event loop: one thread writes, a few threads read.

The file is opened with apsw and not with the stock ``sqlite3`` module, because apsw brings its own SQLite with FTS5,
whose tokenizer we use.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import apsw

from contracts.errors import Misconfigured, StorageFull, Unavailable

R = TypeVar("R")
READERS = 2
_SOURCE = "search"
SCHEMA_VERSION = 3
MAPPED_BYTES = 8 * 1024**3
"""How much of the file may be read without copying."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meeting(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, card BLOB);
CREATE TABLE IF NOT EXISTS passage(
    row INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, meeting INTEGER NOT NULL, kind TEXT NOT NULL,
    length INTEGER NOT NULL, ending REAL, owner TEXT, status TEXT, signs BLOB NOT NULL, listed INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS passage_meeting ON passage(meeting);
CREATE INDEX IF NOT EXISTS passage_owner ON passage(owner) WHERE owner IS NOT NULL;
CREATE INDEX IF NOT EXISTS passage_status ON passage(status) WHERE status IS NOT NULL;
CREATE INDEX IF NOT EXISTS passage_waiting ON passage(row) WHERE signs = x'';
CREATE INDEX IF NOT EXISTS passage_fresh ON passage(row) WHERE listed = 0;
CREATE TABLE IF NOT EXISTS body(row INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS vector(row INTEGER PRIMARY KEY, numbers BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS speaker(row INTEGER, name TEXT, PRIMARY KEY(row, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS speaker_name ON speaker(name);
CREATE TABLE IF NOT EXISTS word(
    word TEXT, block INTEGER, places BLOB NOT NULL, counts BLOB NOT NULL, UNIQUE(word, block));
"""
TABLES = ("passage", "body", "vector", "speaker", "word", "meeting", "meta")


def open_file(path: Path) -> apsw.Connection:
    """A connection with durable, concurrent settings."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(5000)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "normal")
    connection.pragma("secure_delete", True)
    connection.pragma("mmap_size", MAPPED_BYTES)
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

    async def write(self, work: Callable[[apsw.Connection], R], then: Callable[[R], None] | None = None) -> R:
        """Run ``work`` in the writing thread, in one transaction, and ``then`` with its result once that is durable."""

        def transaction(connection: apsw.Connection) -> R:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if not connection.get_autocommit():
                    connection.execute("ROLLBACK")
                raise
            if then is not None:
                then(result)
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
