"""Records to rows: read in order, and the cursor moves in the transaction of its effects."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from contracts import log, records, subjects
from contracts.bus import Bus, Reader, Stored
from contracts.errors import BadInput, Fault
from contracts.lifecycle import MeetingDeleted
from gateway.store.database import Database
from gateway.store.models import Audit
from gateway.store.views import PROJECTION, get_cursor, load_view, save_change, set_cursor
from gateway.view import MeetingView

BATCH = 256
_MAX_VIEWS = 64
_RETRY_S = 1.0


class _Moved(Exception):
    """Another projector has worked on the same database."""


class Projector:
    """Keeps SQL equal to the fold of the records. Any number may run on one database; one of them wins each step."""

    def __init__(self, bus: Bus, database: Database, on_change: Callable[[], None]) -> None:
        self._bus = bus
        self._database = database
        self._on_change = on_change
        self._views: OrderedDict[str, MeetingView] = OrderedDict()
        self._moved = asyncio.Condition()
        self._log = log.get(part="projector")
        self.cursor = 0
        """Stream sequence up to which SQL is complete."""
        self.lag = 0
        """Records that wait, as of the last read."""

    async def run(self) -> None:
        """Project for ever; an outage of the bus or the database delays it and loses nothing."""
        while True:
            reader: Reader | None = None
            try:
                reader = await self._open()
                await self._follow(reader)
            except (Fault, _Moved) as exc:
                self._log.warning("projection.delayed", error=type(exc).__name__, detail=str(exc))
                await asyncio.sleep(_RETRY_S)
            finally:
                self._views.clear()
                if reader is not None:
                    await reader.close()

    async def wait_for(self, seq: int, timeout_s: float = 3.0) -> bool:
        """Whether SQL was complete up to ``seq`` within ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s), self._moved:
                await self._moved.wait_for(lambda: self.cursor >= seq)
        except TimeoutError:
            return False
        return True

    async def _open(self) -> Reader:
        async with self._database.reading() as session:
            cursor = await get_cursor(session, PROJECTION)
        newest = await self._bus.last_seq(subjects.MEETING_STREAM)
        if cursor > newest:
            # The stream was made anew (its store is gone); its numbers start again, our rows stay.
            self._log.error("projection.restarted", cursor=cursor, newest=newest)
            async with self._database.writing() as session:
                await set_cursor(session, PROJECTION, 0)
            cursor = 0
        await self._move(cursor)
        return self._bus.reader(subjects.MEETING_STREAM, subjects.MEETING_ALL, self.cursor + 1)

    async def _follow(self, reader: Reader) -> None:
        while True:
            batch = await reader.fetch(timeout_s=1.0, batch=BATCH)
            self.lag = reader.pending
            if batch:
                await self._project(batch)

    async def _project(self, batch: list[Stored]) -> None:
        async with self._database.writing() as session:
            if await get_cursor(session, PROJECTION) != self.cursor:
                raise _Moved
            for stored in batch:
                await self._apply(session, stored)
            await set_cursor(session, PROJECTION, batch[-1].seq)
        await self._move(batch[-1].seq)
        self._on_change()

    async def _move(self, cursor: int) -> None:
        async with self._moved:
            self.cursor = cursor
            self._moved.notify_all()

    async def _apply(self, session: AsyncSession, stored: Stored) -> None:
        try:
            record = records.decode(stored.data)
        except BadInput:
            self._log.error("record.unreadable", seq=stored.seq)
            return
        view = await self._view(session, subjects.meeting_of(stored.subject))
        change = view.apply(stored.seq, record)
        if isinstance(record, MeetingDeleted) and change.deleted:
            session.add(
                Audit(at=stored.at, user=record.by, what="meeting.deleted", meeting=view.meeting, seq=stored.seq)
            )
        if change:
            await save_change(session, view, change, stored.at)

    async def _view(self, session: AsyncSession, meeting: str) -> MeetingView:
        view = self._views.pop(meeting, None) or await load_view(session, meeting) or MeetingView(meeting)
        self._views[meeting] = view
        while len(self._views) > _MAX_VIEWS:
            self._views.popitem(last=False)
        return view
