"""Deletion and retention: what is to go goes from everywhere, and stays gone after a crash in the middle."""

import asyncio
import shutil
import time

from sqlalchemy import select

from contracts import log, subjects
from contracts.bus import Bus
from contracts.errors import Fault
from gateway.feed.hub import Hub
from gateway.lifecycle import Lifecycle
from gateway.settings import GatewaySettings
from gateway.store.database import Database
from gateway.store.models import Audit, Meeting
from gateway.store.views import erase

_ROUND_S = 30.0
_AT_ONCE = 16
RETENTION_ROUND_S = 3600.0
_DAY_S = 24 * 3600.0
WHAT = "meeting.deleted"


class Eraser:
    """Carries out MeetingDeleted records; every step may be repeated."""

    def __init__(self, bus: Bus, database: Database, lifecycle: Lifecycle, settings: GatewaySettings, hub: Hub) -> None:
        self._bus = bus
        self._database = database
        self._lifecycle = lifecycle
        self._settings = settings
        self._hub = hub
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
            try:
                await self.erase_deleted()
                if time.monotonic() - self._retained_at > RETENTION_ROUND_S:
                    await self.retain(time.time())
                    self._retained_at = time.monotonic()
            except (Fault, OSError) as exc:
                self._log.warning("erasing.delayed", error=type(exc).__name__, detail=str(exc))
            try:
                async with asyncio.timeout(_ROUND_S):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def erase_deleted(self) -> None:
        """Erase every meeting whose deletion was recorded and not carried out."""
        query = select(Audit).where(Audit.what == WHAT, Audit.erased_at.is_(None))
        async with self._database.reading() as session:
            due = list((await session.scalars(query)).all())
        for entry in due:
            if entry.meeting:
                await self._erase(entry.meeting, entry.seq)
                async with self._database.writing() as session:
                    row = await session.get(Audit, entry.id)
                    if row is not None:
                        row.erased_at = time.time()
                self._log.info("meeting.erased", meeting=entry.meeting)
        if due:
            await self._database.compact()

    async def _erase(self, meeting: str, deleted_seq: int) -> None:
        """The record of the deletion itself stays: it is how every reader learns of it."""
        for key in await self._keys(meeting):
            await self._bus.delete(subjects.WORK_BUCKET, key)
        await self._bus.purge(subjects.AUDIO_STREAM, subjects.all_audio(meeting))
        await self._overwrite(meeting, deleted_seq)
        async with self._database.writing() as session:
            await erase(session, meeting)
        await asyncio.to_thread(shutil.rmtree, self._settings.archive_path / meeting, ignore_errors=True)
        self._hub.forget(meeting)

    async def _overwrite(self, meeting: str, keep_seq: int) -> None:
        """Words and notes are overwritten on disk, not only forgotten."""
        subject = subjects.everything(meeting)
        stored = await self._bus.read_until(subjects.MEETING_STREAM, subject, 1, 2**62)
        seqs = [message.seq for message in stored if message.seq != keep_seq]
        for n in range(0, len(seqs), _AT_ONCE):
            async with asyncio.TaskGroup() as tasks:
                for seq in seqs[n : n + _AT_ONCE]:
                    tasks.create_task(self._bus.erase(subjects.MEETING_STREAM, seq), name="erase")

    async def _keys(self, meeting: str) -> list[str]:
        offered = await self._bus.snapshot(subjects.WORK_BUCKET)
        return [key for key in offered if subjects.is_work_of(key, meeting)]

    async def retain(self, now: float) -> None:
        """Remove what is older than its class is kept."""
        settings = self._settings
        if settings.transcript_retention_days:
            for meeting in await self._older(now - settings.transcript_retention_days * _DAY_S):
                await self._lifecycle.delete(meeting, "retention")
        if settings.audio_retention_days:
            for meeting in await self._older(now - settings.audio_retention_days * _DAY_S):
                await self._bus.purge(subjects.AUDIO_STREAM, subjects.all_audio(meeting))
                await asyncio.to_thread(shutil.rmtree, settings.archive_path / meeting, ignore_errors=True)

    async def _older(self, before: float) -> list[str]:
        query = select(Meeting.id).where(Meeting.state == "completed", Meeting.started_at < before)
        async with self._database.reading() as session:
            return list((await session.scalars(query)).all())
