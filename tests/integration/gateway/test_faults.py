"""Outages: nothing is acknowledged that is not stored, nothing stored is lost or doubled."""

import asyncio
import contextlib
import json
import random
from pathlib import Path

import httpx
import pytest
import websockets

from contracts import records, subjects
from contracts.audio import decode_frame
from contracts.bus import Bus
from contracts.lifecycle import MeetingStarted, TrackAdded
from contracts.notes import NoteItem, NotesCheckpoint, NotesUpdated
from contracts.transcript import Segment, SegmentFinal
from gateway.projector import Projector
from gateway.store.database import Database
from gateway.store.views import load_view
from gateway.view import MeetingView
from tests.integration.gateway.client import Client, acked, close_code_of, sound, until
from tests.integration.gateway.conftest import Gateway, running_gateway
from tests.servers import NatsServer


async def test_sound_is_held_back_while_the_bus_is_away_and_goes_on_after(
    client: Client, bus: Bus, nats_server: NatsServer
) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    socket, _ = await client.hello(meeting, track)
    for n in range(5):
        await socket.send(sound(n))
    await acked(socket, 4)
    nats_server.kill()
    for n in range(5, 15):
        await socket.send(sound(n, last=n == 14))
    assert (await until(socket, "slow"))["detail"]
    nats_server.start()
    await nats_server.ready()
    await acked(socket, 14)
    stored = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio(meeting, track), 1, 10**9)
    assert [decode_frame(s.data).seq for s in stored] == list(range(15))


async def test_a_full_disk_stores_nothing_acknowledges_nothing_and_says_so(
    gateway: Gateway, client: Client, bus: Bus, tmp_path: Path
) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    async with (
        running_gateway(bus, gateway.settings.data_path, min_free_bytes=2**60) as full,
        httpx.AsyncClient(base_url=full.url, headers={"authorization": f"Bearer {full.token}"}) as http,
    ):
        there = Client(http, full.ws_url)
        refused = await http.post("/v1/meetings", json={"title": "No"})
        assert (refused.status_code, refused.json()["code"]) == (507, "storage-full")
        socket, _ = await there.hello(meeting, track)
        await socket.send(sound(0))
        slow = await until(socket, "slow")
        assert ("disk" in slow["detail"], slow["code"]) == (True, "storage-full")
        assert await bus.last(subjects.AUDIO_STREAM, subjects.audio(meeting, track)) is None
        await socket.close()
        assert (await http.get("/v1/status")).json()["disk"]["state"] == "full"
    socket, welcome = await client.hello(meeting, track)
    assert welcome["resume_from"] == 0
    await socket.send(sound(0, last=True))
    await acked(socket, 0)


async def test_another_gateway_resumes_a_track_when_one_dies(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    async with (
        running_gateway(bus, gateway.settings.data_path) as other,
        httpx.AsyncClient(base_url=other.url, headers={"authorization": f"Bearer {other.token}"}) as http,
    ):
        socket, _ = await Client(http, other.ws_url).hello(meeting, track)
        feed = await Client(http, other.ws_url).feed(meeting)
        await until(feed, "snapshot")
        for n in range(9):
            await socket.send(sound(n))
        await acked(socket, 8)
    assert await close_code_of(feed) == 1012
    assert await close_code_of(socket) == 1012
    socket, welcome = await client.hello(meeting, track)
    assert welcome["resume_from"] == 9
    await socket.close()


async def test_two_sockets_of_one_session_never_double_or_mix_its_frames(client: Client, bus: Bus) -> None:
    """The old one is half-open when the client comes back and sends again from what was acknowledged."""
    meeting = await client.start()
    track = await client.track(meeting)
    old, _ = await client.hello(meeting, track)
    new, _ = await client.hello(meeting, track)
    with contextlib.suppress(websockets.ConnectionClosed):
        for n in range(40):
            await old.send(sound(n))
            await new.send(sound(n))
    for socket in (old, new):
        await socket.close()
    socket, welcome = await client.hello(meeting, track)
    for n in range(welcome["resume_from"], 50):
        await socket.send(sound(n, last=n == 49))
    await acked(socket, 49)
    stored = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio(meeting, track), 1, 10**9)
    assert [decode_frame(s.data).seq for s in stored] == list(range(50))


async def test_a_reader_who_does_not_read_is_dropped_and_the_others_get_everything(bus: Bus, tmp_path: Path) -> None:
    async with (
        running_gateway(bus, tmp_path / "data", feed_backlog=8) as gateway,
        httpx.AsyncClient(base_url=gateway.url, headers={"authorization": f"Bearer {gateway.token}"}) as http,
    ):
        client = Client(http, gateway.ws_url)
        meeting = await client.start()
        good, stuck = await client.feed(meeting), await client.feed(meeting)
        await until(good, "snapshot")
        stuck.transport.pause_reading()
        text = "word " * 60_000
        for n in range(40):
            record = SegmentFinal(meeting, Segment(f"t-{n}", "t", n, n + 1, text, final=True))
            await bus.append(subjects.transcript(meeting, "t"), records.encode(record), msg_id=subjects.new_id())
            assert (await until(good, "segment.updated"))["segment"]["id"] == f"t-{n}"
        metrics = (await http.get("/metrics")).text
        assert "rapporteur_feed_dropped_total 1.0" in metrics
        assert "rapporteur_feed_subscribers 1.0" in metrics
        stuck.transport.abort()


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_projector_that_is_killed_anywhere_ends_with_the_same_rows(bus: Bus, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    database = Database.at("", tmp_path)
    await database.migrate()
    written = 0

    async def write(meeting: str, n: int) -> None:
        made: list[tuple[str, records.Record]] = [
            (subjects.transcript(meeting, "t"), SegmentFinal(meeting, Segment(f"t-{n}", "t", n, n + 1, f"w {n}"))),
            (
                subjects.notes(meeting),
                NotesUpdated(meeting, NotesCheckpoint(), (NoteItem(f"i{n % 7}", "action", f"{n}"),)),
            ),
        ]
        for subject, record in made:
            await bus.append(subject, records.encode(record), msg_id=subjects.new_id())

    for meeting in ("a", "b"):
        for record in (MeetingStarted(meeting, "t", "u", 1.0), TrackAdded(meeting, "t", "mic", 0.0)):
            await bus.append(subjects.lifecycle(meeting), records.encode(record), msg_id=subjects.new_id())
    while written < 120:
        projector = Projector(bus, database, lambda: None)
        task = asyncio.create_task(projector.run())
        for _ in range(dice.randint(5, 30)):
            await write(dice.choice("ab"), written)
            written += 1
        await asyncio.sleep(dice.random() * 0.05)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    last = await bus.last_seq(subjects.MEETING_STREAM)
    projector = Projector(bus, database, lambda: None)
    task = asyncio.create_task(projector.run())
    assert await projector.wait_for(last, 20)
    task.cancel()
    for meeting in ("a", "b"):
        view = MeetingView(meeting)
        for stored in await bus.read_until(subjects.MEETING_STREAM, subjects.everything(meeting), 1, last):
            view.apply(stored.seq, records.decode(stored.data))
        async with database.reading() as session:
            rows = await load_view(session, meeting)
        assert rows is not None
        view.seq = rows.seq
        assert vars(rows) == vars(view)
    await database.close()


async def test_the_recording_is_served_in_ranges_before_anything_is_archived(client: Client) -> None:
    meeting = await client.start()
    track = await client.track(meeting, "upload")
    socket, _ = await client.hello(meeting, track)
    for n in range(5):
        await socket.send(sound(n, last=n == 4))
    await acked(socket, 4)
    url = f"/v1/meetings/{meeting}/audio.wav"
    whole = await client.http.get(url)
    assert (whole.status_code, len(whole.content)) == (200, 44 + 5 * 1920)
    part = await client.http.get(url, headers={"range": "bytes=1964-1967"})
    assert (part.status_code, part.headers["content-range"]) == (206, f"bytes 1964-1967/{44 + 5 * 1920}")
    assert part.content == whole.content[1964:1968] == (1).to_bytes(2, "little") * 2
    assert (await client.http.get(url, headers={"range": "bytes=99999-"})).status_code == 416
    assert json.dumps(dict(whole.headers)).count("accept-ranges") == 1
