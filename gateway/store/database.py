"""The connection to SQL: SQLite by default, PostgreSQL by setting."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from contracts.errors import StorageFull, Unavailable
from gateway.store.steady import Cancellations, SteadyConnection

SOURCE = "store"
_BUSY_MS = 5_000


class Database:
    """Sessions for reading (one consistent snapshot each) and for writing (one at a time on SQLite)."""

    def __init__(self, url: str) -> None:
        self._sqlite = url.startswith("sqlite")
        self._cancellations = Cancellations()
        self._reader = self._engine(url, "BEGIN")
        self._writer = self._engine(url, "BEGIN IMMEDIATE") if self._sqlite else self._reader

    @classmethod
    def at(cls, url: str, data: Path) -> "Database":
        """The database by that URL, or the SQLite file in ``data`` when it is empty."""
        return cls(url or f"sqlite+aiosqlite:///{data / 'rapporteur.db'}")

    def _engine(self, url: str, begin: str) -> AsyncEngine:
        if not self._sqlite:
            return create_async_engine(url, pool_pre_ping=True, isolation_level="REPEATABLE READ")
        path = make_url(url).database or ""

        async def connect() -> SteadyConnection:
            connection = SteadyConnection(path, self._cancellations)
            await connection
            return connection

        engine = create_async_engine(url, async_creator=connect)
        # The driver's own transaction handling would let one snapshot span several; we begin ourselves.
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    async def migrate(self) -> None:
        """Bring the tables to the newest version. Raises Unavailable."""
        async with self._guarded(), self._writer.connect() as connection:
            await connection.run_sync(_upgrade)
            await connection.commit()

    @contextlib.asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        """Foreign errors become Faults; a cancellation arrives at the end."""
        try:
            with _as_faults():
                yield
        finally:
            await self._cancellations.deliver()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database. Raises Unavailable."""
        async with self._guarded(), AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction: committed at the end, rolled back by an exception. Raises Unavailable or StorageFull."""
        async with self._guarded(), AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    async def compact(self) -> None:
        """Give back the space of what was deleted, and overwrite it (SQLite)."""
        if self._sqlite:
            async with self._guarded(), self._reader.connect() as connection:
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Close all connections."""
        async with self._guarded():
            await self._reader.dispose()
            await self._writer.dispose()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={_BUSY_MS}", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextlib.contextmanager
def _as_faults() -> Any:
    try:
        yield
    except SQLAlchemyError as exc:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # Cleaning up after a cancellation can fail by itself; that must not hide the cancellation.
            raise asyncio.CancelledError from exc
        raise _translated(exc) from exc


def _translated(exc: SQLAlchemyError) -> StorageFull | Unavailable:
    if not isinstance(exc, DBAPIError):
        return Unavailable(f"the database does not answer ({type(exc).__name__})", source=SOURCE)
    if "disk is full" in str(exc.orig):
        return StorageFull("the database has no space", source=SOURCE)
    return Unavailable(f"the database does not answer ({type(exc.orig).__name__})", source=SOURCE)
