"""All places in which a meeting leaves traces: removing them, and looking whether anything is left."""

import asyncio
import shutil
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts import records, subjects
from contracts.bus import Bus, Stored
from contracts.errors import BadInput
from contracts.notes import SegmentCorrected
from gateway.feed.hub import Hub
from gateway.index.memory import Memory
from gateway.ingest.uploads import UploadStore
from gateway.settings import GatewaySettings
from gateway.store.database import Database
from gateway.store.models import Meeting
from gateway.store.views import CONTENT, erase

_AT_ONCE = 16


class Traces:
    """One meeting, wherever it lies. Every step may be repeated. Raises Faults and OSError."""

    def __init__(
        self, bus: Bus, database: Database, settings: GatewaySettings, hub: Hub, memory: Memory, uploads: UploadStore
    ) -> None:
        self._bus = bus
        self._database = database
        self._settings = settings
        self._hub = hub
        self._memory = memory
        self._uploads = uploads

    async def remove(self, meeting: str, keep_seq: int) -> None:
        """Remove all but the record ``keep_seq``, the deletion itself: it is how every reader learns of it.

        The search index follows that record by itself.
        """
        for key in await self._work(meeting):
            await self._bus.delete(subjects.WORK_BUCKET, key)
        await self.remove_sound(meeting)
        await self._overwrite(subjects.everything(meeting), lambda message: message.seq != keep_seq)
        async with self._database.writing() as session:
            await erase(session, meeting)
        await asyncio.to_thread(self._remove_uploads, meeting)
        self._hub.forget(meeting)

    async def remove_sound(self, meeting: str) -> None:
        """Remove the recording and what of it is still on the bus."""
        await self._bus.purge(subjects.AUDIO_STREAM, subjects.all_audio(meeting))
        folder = self._settings.archive_path / meeting
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def remove_words(self, meeting: str) -> None:
        """Remove what was said: sound, words, and what people corrected in them. Notes and recap stay."""
        await self.remove_sound(meeting)
        await self._overwrite(subjects.all_transcripts(meeting), lambda _: True)
        await self._overwrite(subjects.edits(meeting), _is_correction)
        self._hub.drop(meeting)

    async def has_words(self, meeting: str) -> bool:
        """Whether the log has any words of the meeting."""
        return await self._bus.holds(subjects.MEETING_STREAM, subjects.all_transcripts(meeting))

    async def sweep_sound(self) -> None:
        """Take from the bus the sound of meetings that are complete and recorded.

        While a meeting lasts, the newest frame of each track stays as the mark from which its client goes on. Later
        it would only keep alive the file of the store around it, with all the sound that was trimmed from it.
        """
        counts = await self._bus.counts(subjects.AUDIO_STREAM, subjects.AUDIO_ALL)
        kept = {subjects.meeting_of(subject) for subject in counts}
        for meeting in await self._completed(kept):
            if not await self._work(meeting):
                await self._bus.purge(subjects.AUDIO_STREAM, subjects.all_audio(meeting))

    async def _completed(self, meetings: set[str]) -> list[str]:
        query = select(Meeting.id).where(Meeting.id.in_(meetings), Meeting.state == "completed")
        async with self._database.reading() as session:
            return list((await session.scalars(query)).all())

    async def left(self, meeting: str, keep_seq: int) -> list[str]:
        """The places that still hold something of a meeting that was removed."""
        bus = self._bus
        kept = await bus.read_until(subjects.MEETING_STREAM, subjects.everything(meeting), 1, 2**62)
        async with self._database.reading() as session:
            rows = await _has_rows(session, meeting)
        places = {
            "work": bool(await self._work(meeting)),
            "audio": await bus.holds(subjects.AUDIO_STREAM, subjects.all_audio(meeting)),
            "records": any(message.seq != keep_seq for message in kept),
            "rows": rows,
            "search": await self._memory.holds(meeting),
            "archive": (self._settings.archive_path / meeting).exists(),
            "uploads": await asyncio.to_thread(lambda: bool(self._uploads_of(meeting))),
            "feed": self._hub.remembers(meeting),
        }
        return [place for place, found in places.items() if found]

    async def _overwrite(self, subject: str, wanted: Callable[[Stored], bool]) -> None:
        """Records are overwritten on disk, not only forgotten: a purge leaves bytes in files with other records."""
        stored = await self._bus.read_until(subjects.MEETING_STREAM, subject, 1, 2**62)
        seqs = [message.seq for message in stored if wanted(message)]
        for n in range(0, len(seqs), _AT_ONCE):
            async with asyncio.TaskGroup() as tasks:
                for seq in seqs[n : n + _AT_ONCE]:
                    tasks.create_task(self._bus.erase(subjects.MEETING_STREAM, seq), name="erase")

    async def _work(self, meeting: str) -> list[str]:
        offered = await self._bus.snapshot(subjects.WORK_BUCKET)
        return [key for key in offered if subjects.is_work_of(key, meeting)]

    def _uploads_of(self, meeting: str) -> list[str]:
        return [upload.id for upload in self._uploads.all() if upload.meeting == meeting]

    def _remove_uploads(self, meeting: str) -> None:
        for upload in self._uploads_of(meeting):
            self._uploads.remove(upload)


async def _has_rows(session: AsyncSession, meeting: str) -> bool:
    queries = [
        select(Meeting.id).where(Meeting.id == meeting),
        *(select(table.meeting).where(table.meeting == meeting) for table in CONTENT),
    ]
    for query in queries:
        if (await session.execute(query.limit(1))).first() is not None:
            return True
    return False


def _is_correction(message: Stored) -> bool:
    try:
        return isinstance(records.decode(message.data), SegmentCorrected)
    except BadInput:
        return False
