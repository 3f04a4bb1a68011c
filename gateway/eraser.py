"""Deletion and retention: what is to go goes from everywhere, and stays gone after a crash in the middle."""

import asyncio
import time

from sqlalchemy import select

from contracts import log
from contracts.errors import Fault
from gateway.lifecycle import Lifecycle
from gateway.settings import GatewaySettings
from gateway.store.database import Database
from gateway.store.models import Audit, Meeting
from gateway.traces import Traces

_ROUND_S = 30.0
_AGAIN_S = 1.0
SETTLE_S = 4.0
"""So long after a deletion somebody who had not heard of it yet may still write."""
RETENTION_ROUND_S = 3600.0
_DAY_S = 24 * 3600.0
WHAT = "meeting.deleted"


class Eraser:
    """Carries out MeetingDeleted records; every step may be repeated.

    A deletion counts as carried out, ``erased_at`` in the audit, when a look at all places found nothing.
    """

    def __init__(self, database: Database, lifecycle: Lifecycle, settings: GatewaySettings, traces: Traces) -> None:
        self._database = database
        self._lifecycle = lifecycle
        self._settings = settings
        self.traces = traces
        """All places of a meeting."""
        self._asked = asyncio.Event()
        self._retained_at = float("-inf")
        self._log = log.get(part="eraser")

    def wake(self) -> None:
        """Something was deleted."""
        self._asked.set()

    async def run(self) -> None:
        """Work for ever; a fault delays one round."""
        while True:
            self._asked.clear()
            pause_s = _ROUND_S
            try:
                if await self.erase_deleted(time.time()):
                    pause_s = _AGAIN_S
                await self.traces.sweep_sound()
                if time.monotonic() - self._retained_at > RETENTION_ROUND_S:
                    await self.retain(time.time())
                    self._retained_at = time.monotonic()
            except (Fault, OSError) as exc:
                self._log.warning("erasing.delayed", error=type(exc).__name__, detail=str(exc))
            try:
                async with asyncio.timeout(pause_s):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def erase_deleted(self, now: float) -> int:
        """Erase every meeting whose deletion was recorded and is not verified yet; how many of them are left."""
        query = select(Audit).where(Audit.what == WHAT, Audit.erased_at.is_(None))
        async with self._database.reading() as session:
            due = [entry for entry in (await session.scalars(query)).all() if entry.meeting]
        done = [entry for entry in due if await self._erase(str(entry.meeting), entry.seq, now - entry.at)]
        if done:
            await self._database.compact()
        async with self._database.writing() as session:
            for entry in done:
                row = await session.get(Audit, entry.id)
                if row is not None:
                    row.erased_at = now
        return len(due) - len(done)

    async def _erase(self, meeting: str, deleted_seq: int, since_s: float) -> bool:
        """Whether all is gone and nobody can write any more."""
        left = await self.traces.left(meeting, deleted_seq)
        if left:
            await self.traces.remove(meeting, deleted_seq)
            self._log.info("meeting.erasing", meeting=meeting, places=left)
        elif since_s >= SETTLE_S:
            self._log.info("meeting.erased", meeting=meeting)
            return True
        return False

    async def retain(self, now: float) -> None:
        """Remove what is older than its class is kept."""
        settings = self._settings
        for meeting in await self._older(now, settings.notes_retention_days):
            await self._lifecycle.delete(meeting, "retention")
        for meeting in await self._older(now, settings.transcript_retention_days):
            if await self.traces.has_words(meeting):
                await self._lifecycle.remove_words(meeting)
                await self.traces.remove_words(meeting)
                self._log.info("meeting.words_removed", meeting=meeting)
        for meeting in await self._older(now, settings.audio_retention_days):
            await self.traces.remove_sound(meeting)

    async def _older(self, now: float, days: int) -> list[str]:
        """Complete meetings that began more than ``days`` ago; none when that is 0."""
        if not days:
            return []
        query = select(Meeting.id).where(Meeting.state == "completed", Meeting.started_at < now - days * _DAY_S)
        async with self._database.reading() as session:
            return list((await session.scalars(query)).all())
