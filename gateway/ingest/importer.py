"""Complete uploads become meetings: decoded in a child, put on AUDIO like any other track, faster than real time.

One file at a time; the files wait on disk. After a restart an import goes on behind the last stored frame.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec

from contracts import log, subjects
from contracts.audio import SAMPLE_RATE_HZ, Flag, Frame, decode_frame, encode_frame
from contracts.bus import Bus
from contracts.errors import BadInput, Conflict, Fault, NotFound, TooLarge
from contracts.lifecycle import MeetingStarted, TrackAdded
from gateway.disk import Disk
from gateway.ingest.decoder import MIN_SAMPLES, Limits, decoded, probe
from gateway.ingest.formats import HEAD_BYTES, container_of
from gateway.ingest.uploads import Upload, UploadStore
from gateway.lifecycle import Lifecycle

LOOK_S = 2.0
RETRY_S = 5.0
TIDY_S = 60.0
SESSION = 1
"""An upload is one capture from beginning to end."""


class Importer:
    """Works off the uploads that are complete."""

    def __init__(self, store: UploadStore, bus: Bus, lifecycle: Lifecycle, disk: Disk, limits: Limits) -> None:
        self._store = store
        self._bus = bus
        self._lifecycle = lifecycle
        self._disk = disk
        self._limits = limits
        self._log = log.get()
        self._wake = asyncio.Event()
        self._held: set[str] = set()

    @contextlib.contextmanager
    def held(self, upload: str) -> Iterator[None]:
        """While the context lasts, this upload is not imported."""
        self._held.add(upload)
        try:
            yield
        finally:
            self._held.discard(upload)

    async def check(self, upload: Upload) -> None:
        """Look into a file that is complete, while it is held. One that is no recording has failed.

        Raises what is wrong with it: BadInput or TooLarge.
        """
        path = self._store.path(upload.id)
        try:
            await probe(path, container_of(await asyncio.to_thread(_head, path)), self._limits)
        except (BadInput, TooLarge) as fault:
            failed = msgspec.structs.replace(upload, state="failed", detail=fault.detail)
            await asyncio.to_thread(self._store.save, failed)
            await asyncio.to_thread(self._store.drop_bytes, upload.id)
            raise

    def wake(self) -> None:
        """Something is complete."""
        self._wake.set()

    async def run(self) -> None:
        """Import for ever, oldest first."""
        tidied = float("-inf")
        while True:
            self._wake.clear()
            if time.monotonic() - tidied > TIDY_S:
                await self._tidy()
                tidied = time.monotonic()
            for upload in await asyncio.to_thread(self._store.all):
                if upload.state in ("waiting", "importing") and upload.id not in self._held:
                    await self._import(upload)
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _tidy(self) -> None:
        """Forget what nobody finished, and what became a meeting that was deleted."""
        await asyncio.to_thread(self._store.remove_stale, time.time())
        for upload in await asyncio.to_thread(self._store.all):
            if upload.state == "done" and upload.meeting and not await self._exists(upload.meeting):
                await asyncio.to_thread(self._store.remove, upload.id)

    async def _exists(self, meeting: str) -> bool:
        """Whether the meeting is there; an unanswered question counts as yes."""
        try:
            return (await self._lifecycle.load(meeting)).deleted is None
        except NotFound:
            return False
        except Fault:
            return True

    async def _import(self, upload: Upload) -> None:
        started = time.monotonic()
        try:
            upload = await self._twin_of(upload) or await self._to_meeting(upload)
        except Fault as fault:
            if fault.retryable:
                self._log.warning("upload.waits", upload_id=upload.id, code=fault.code)
                await asyncio.sleep(RETRY_S)
                return
            upload = msgspec.structs.replace(await self._newest(upload), state="failed", detail=fault.detail)
            await self._abandon(upload)
        await asyncio.to_thread(self._store.save, upload)
        await asyncio.to_thread(self._store.drop_bytes, upload.id)
        took_s = round(time.monotonic() - started, 1)
        self._log.info("upload.imported", upload_id=upload.id, state=upload.state, s=upload.imported_s, took_s=took_s)

    async def _twin_of(self, upload: Upload) -> Upload | None:
        """The upload as done, when the same file is a meeting already that still exists."""
        if upload.meeting is not None:
            return None
        for twin in await asyncio.to_thread(self._store.twins, upload):
            if await self._exists(str(twin.meeting)):
                return msgspec.structs.replace(upload, state="done", duplicate=True, meeting=twin.meeting)
        return None

    async def _to_meeting(self, upload: Upload) -> Upload:
        self._disk.check()
        path = self._store.path(upload.id)
        container = container_of(await asyncio.to_thread(_head, path))
        blocks = decoded(path, container, self._limits)
        first = await anext(blocks, b"")  # a file that cannot be read makes no meeting
        if len(first) < MIN_SAMPLES * 2:
            raise BadInput("the file holds no sound", source="client")
        upload = await self._with_meeting(upload)
        upload = await self._send(upload, first, blocks)
        await self._lifecycle.end(str(upload.meeting), "upload")
        return msgspec.structs.replace(upload, state="done")

    async def _with_meeting(self, upload: Upload) -> Upload:
        """The upload with its meeting and track; ids are kept before the records are written, so none is made twice."""
        if upload.meeting is None:
            upload = msgspec.structs.replace(
                upload, state="importing", meeting=subjects.new_id(), track=subjects.new_id()
            )
            await asyncio.to_thread(self._store.save, upload)
        meeting, track = str(upload.meeting), str(upload.track)
        try:
            view = await self._lifecycle.load(meeting)
        except NotFound:
            start = MeetingStarted(meeting, upload.title, upload.user, time.time(), upload.timezone, upload.language)
            await self._lifecycle.start(start)
            view = await self._lifecycle.load(meeting)
        if view.deleted:
            raise Conflict("the meeting was deleted", source="client")
        if track not in view.tracks:
            await self._lifecycle.add_track(meeting, TrackAdded(meeting, track, "upload", 0.0, user=upload.user))
        return upload

    async def _send(self, upload: Upload, first: bytes, rest: AsyncIterator[bytes]) -> Upload:
        subject = subjects.audio(str(upload.meeting), str(upload.track))
        newest = await self._bus.last(subjects.AUDIO_STREAM, subject)
        last_seq = newest.seq if newest else 0
        stored = decode_frame(newest.data) if newest else None
        facts = (await self._lifecycle.load(str(upload.meeting))).facts
        if (stored is not None and stored.is_last) or (facts is not None and facts.state == "completed"):
            return upload
        done = stored.end_samples if stored else 0
        number, pts = 0, 0
        async for block in _chained(first, rest):
            samples = len(block) // 2
            if pts + samples > done:
                frame = Frame(SESSION, number, pts, block)
                last_seq = await self._append(subject, frame, last_seq)
            number, pts = number + 1, pts + samples
            if number % 30 == 0:
                upload = msgspec.structs.replace(upload, imported_s=pts / SAMPLE_RATE_HZ)
                await asyncio.to_thread(self._store.save, upload)
        await self._append(subject, Frame(SESSION, number, pts, b"", Flag.LAST), last_seq)
        return msgspec.structs.replace(upload, imported_s=pts / SAMPLE_RATE_HZ)

    async def _append(self, subject: str, frame: Frame, last_seq: int) -> int:
        """Store one frame; waits while the disk or the stream has no room, for the workers make some."""
        msg_id = f"{subject.rsplit('.', 1)[1]}:{frame.session}:{frame.seq}"
        while True:
            try:
                self._disk.check()
                return await self._bus.append(subject, encode_frame(frame), msg_id=msg_id, expect_last=last_seq)
            except Fault as fault:
                if not fault.retryable:
                    raise
                await asyncio.sleep(RETRY_S)

    async def _newest(self, upload: Upload) -> Upload:
        return await asyncio.to_thread(self._store.get, upload.id, upload.user)

    async def _abandon(self, upload: Upload) -> None:
        """A file that turns out to be damaged in the middle: what could be read is kept and the meeting ends."""
        if upload.meeting is not None:
            try:
                await self._lifecycle.end(upload.meeting, "upload")
            except Fault as fault:
                self._log.warning("upload.not_ended", upload_id=upload.id, code=fault.code)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head: bytes = file.read(HEAD_BYTES)
    return head


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for block in rest:
        yield block
