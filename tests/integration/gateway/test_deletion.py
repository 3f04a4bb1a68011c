"""What is deleted is gone from every place, and what is complete leaves no sound on the bus."""

import time

import msgspec
from sqlalchemy import select

from contracts import records, subjects
from contracts.audio import Frame, encode_frame
from contracts.bus import Bus
from contracts.notes import Evidence, NoteItem, NotesCheckpoint, NotesUpdated, RecapReady, SegmentCorrected
from contracts.recap import Recap
from contracts.transcript import TrackFinished
from gateway.eraser import Eraser
from gateway.store.models import Audit
from gateway.store.views import load_view
from gateway.view import MeetingView
from tests.integration.gateway.client import SESSION, Client, acked, close_code_of, eventually, sound, until
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_meeting import append, final
from tests.servers import NatsServer


async def until_erased(gateway: Gateway, meeting: str) -> None:
    """Waits for the audit line that says that a look at all places found nothing."""

    async def erased() -> bool:
        query = select(Audit.erased_at).where(Audit.meeting == meeting, Audit.what == "meeting.deleted")
        async with gateway.services.database.reading() as session:
            return await session.scalar(query) is not None

    await eventually(erased)


async def test_deletion_leaves_nothing_but_an_audit_line(
    gateway: Gateway, client: Client, bus: Bus, nats_server: NatsServer
) -> None:
    meeting = await client.start("Zebra budget")
    track = await client.track(meeting)
    socket, _ = await client.hello(meeting, track)
    await socket.send(encode_frame(Frame(SESSION, 0, 0, b"giraffe!" * 240)))
    await acked(socket, 0)
    await append(bus, subjects.transcript(meeting, track), final(meeting, track, 1))
    folder = gateway.settings.archive_path / meeting / track
    folder.mkdir(parents=True)
    (folder / "000.flac").write_bytes(b"sound")
    uploads = gateway.services.uploads
    upload = uploads.create("owner", "Zebra.flac", 4, None, "UTC")
    uploads.save(msgspec.structs.replace(upload, state="done", meeting=meeting))
    feed = await client.feed(meeting)
    await until(feed, "snapshot")
    assert (await client.http.delete(f"/v1/meetings/{meeting}")).status_code == 204
    await until(feed, "meeting.deleted")
    assert await close_code_of(feed) == 1000
    assert (await client.http.get(f"/v1/meetings/{meeting}")).status_code == 404
    await until_erased(gateway, meeting)
    assert not folder.parent.exists()
    assert not await bus.snapshot(subjects.WORK_BUCKET)
    assert not list(uploads.path(upload.id).parent.glob(f"{upload.id}*"))
    everything = await bus.read_until(subjects.MEETING_STREAM, subjects.everything(meeting), 1, 10**9)
    assert [type(records.decode(s.data)).__name__ for s in everything] == ["MeetingDeleted"]
    assert await bus.last(subjects.AUDIO_STREAM, subjects.audio(meeting, track)) is None
    nats_server.stop()
    files = [path for path in nats_server.store.rglob("*") if path.is_file()]
    assert files
    files += [path for path in gateway.settings.data_path.rglob("*") if path.is_file()]
    for word in (b"Zebra", b"hello 1", b"giraffe!"):
        assert [path.name for path in files if word in path.read_bytes()] == []
    nats_server.start()
    await nats_server.ready()


async def test_what_is_written_after_a_deletion_goes_as_well(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start("Zebra budget")
    track = await client.track(meeting)
    await client.http.delete(f"/v1/meetings/{meeting}")

    async def swept() -> bool:
        kept = await bus.read_until(subjects.MEETING_STREAM, subjects.everything(meeting), 1, 10**9)
        return len(kept) == 1

    await eventually(swept)
    await append(bus, subjects.transcript(meeting, track), final(meeting, track, 1))
    folder = gateway.settings.archive_path / meeting / track
    folder.mkdir(parents=True)
    await until_erased(gateway, meeting)
    assert await swept()
    assert not folder.exists()


async def test_words_go_after_their_time_and_notes_stay(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start("Planning")
    track = await client.track(meeting)
    await append(bus, subjects.transcript(meeting, track), final(meeting, track, 1))
    item = NoteItem("i1", "action", "Say hello", evidence=(Evidence(f"{track}-1", "hello", 1, 1.5),))
    await append(bus, subjects.notes(meeting), NotesUpdated(meeting, NotesCheckpoint(), (item,)))
    await append(bus, subjects.edits(meeting), SegmentCorrected(meeting, f"{track}-1", "owner", 0.0, "hello one"))
    await complete(client, bus, meeting, track)
    settings = msgspec.structs.replace(gateway.settings, transcript_retention_days=7, audio_retention_days=0)
    services = gateway.services
    eraser = Eraser(services.database, services.lifecycle, settings, services.eraser.traces)
    await eraser.retain(time.time() + 6 * 24 * 3600)
    assert await services.eraser.traces.has_words(meeting)
    await eraser.retain(time.time() + 8 * 24 * 3600)

    async def wordless() -> bool:
        return (await client.http.get(f"/v1/meetings/{meeting}/transcript")).json()["segments"] == []

    await eventually(wordless)
    assert [i["id"] for i in (await client.http.get(f"/v1/meetings/{meeting}/notes")).json()["items"]] == ["i1"]
    kept = await bus.read_until(subjects.MEETING_STREAM, subjects.everything(meeting), 1, 10**9)
    view = MeetingView(meeting)
    for message in kept:
        assert b"hello 1" not in message.data
        assert b"hello one" not in message.data
        view.apply(message.seq, records.decode(message.data))
    async with services.database.reading() as session:
        projected = await load_view(session, meeting)
    assert projected is not None
    for part in ("facts", "tracks", "segments", "gaps", "notes"):
        assert getattr(projected, part) == getattr(view, part)


async def complete(client: Client, bus: Bus, meeting: str, track: str) -> None:
    """Brings a meeting to its end, as worker and analyzer do."""
    await client.http.post(f"/v1/meetings/{meeting}/end")
    await append(bus, subjects.transcript(meeting, track), TrackFinished(meeting, track, 0.06))
    await append(bus, subjects.notes(meeting), RecapReady(meeting, Recap("Planning", "Short."), NotesCheckpoint()))

    async def completed() -> bool:
        return bool((await client.http.get(f"/v1/meetings/{meeting}")).json()["state"] == "completed")

    await eventually(completed)


async def test_the_last_mark_of_a_track_goes_when_its_meeting_is_complete(
    gateway: Gateway, client: Client, bus: Bus
) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    socket, _ = await client.hello(meeting, track)
    await socket.send(sound(0, last=True))
    await acked(socket, 0)
    await complete(client, bus, meeting, track)
    await gateway.services.eraser.traces.sweep_sound()
    audio = subjects.audio(meeting, track)
    assert await bus.holds(subjects.AUDIO_STREAM, audio), "the recorder may not have it yet"
    await bus.delete(subjects.WORK_BUCKET, subjects.track_work(meeting, track))
    await bus.delete(subjects.WORK_BUCKET, subjects.meeting_work(meeting))
    await gateway.services.eraser.traces.sweep_sound()
    assert not await bus.holds(subjects.AUDIO_STREAM, audio)
