"""SQLite connections that a cancellation can not tear: it waits until the transaction has ended.

The driver runs each call in a thread. A task that is cancelled between a call and its answer would leave the
connection in a state that nobody knows, with the write lock held. Calls are short and bounded by the busy timeout.
"""

import asyncio
import functools
import sqlite3
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiosqlite

R = TypeVar("R")
_CHUNK_ROWS = 64


class Cancellations:
    """Keeps cancellations of tasks that are inside of the database until they are outside again."""

    def __init__(self) -> None:
        self._kept: dict[asyncio.Task[Any], int] = {}

    async def hold(self, call: Coroutine[Any, Any, R]) -> R:
        """The result of ``call``, whatever happens to the caller meanwhile."""
        running = asyncio.ensure_future(call)
        while not running.done():
            try:
                await asyncio.wait({running})
            except asyncio.CancelledError:
                self._keep()
        return running.result()

    def _keep(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
            self._kept[task] = self._kept.get(task, 0) + 1

    async def deliver(self) -> None:
        """Called outside of the database: raises CancelledError when one was kept for the calling task."""
        task = asyncio.current_task()
        count = self._kept.pop(task, 0) if task is not None else 0
        for _ in range(count):
            task.cancel()  # type: ignore[union-attr]  # a count belongs to a task
        if count:
            await asyncio.sleep(0)


class SteadyConnection(aiosqlite.Connection):
    """One connection whose calls are always awaited to their end."""

    def __init__(self, path: str, cancellations: Cancellations) -> None:
        connector = functools.partial(sqlite3.connect, path, check_same_thread=False)
        super().__init__(connector, _CHUNK_ROWS)
        self._thread.daemon = True
        self._cancellations = cancellations

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        return await self._cancellations.hold(super()._execute(fn, *args, **kwargs))  # type: ignore[no-untyped-call]

    async def _connect(self) -> aiosqlite.Connection:
        return await self._cancellations.hold(super()._connect())
