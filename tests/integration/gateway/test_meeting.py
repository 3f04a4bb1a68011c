"""A meeting's way through a real gateway, with plain code in place of worker and analyzer."""

import json

import httpx

from contracts import records, subjects
from contracts.bus import Bus
from contracts.notes import Evidence, NoteItem, NotesCheckpoint, NotesUpdated, RecapReady
from contracts.recap import Recap
from contracts.transcript import Segment, SegmentFinal, TrackFinished, Word
from gateway.closer import sound_of
from gateway.store.views import load_view
from gateway.view import MeetingView
from tests.integration.gateway.client import Client, acked, close_code_of, eventually, sound, until
from tests.integration.gateway.conftest import Gateway


async def append(bus: Bus, subject: str, record: records.Record) -> int:
    return await bus.append(subject, records.encode(record), msg_id=subjects.new_id())


def final(meeting: str, track: str, n: int) -> SegmentFinal:
    words = (Word("hello", n, n + 0.5), Word(str(n), n + 0.5, n + 1))
    return SegmentFinal(meeting, Segment(f"{track}-{n}", track, n, n + 1, f"hello {n}", words, final=True))


async def test_a_meeting_goes_from_start_to_recap(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start("Planning", participants=["Ana"])
    track = await client.track(meeting)
    work = await bus.snapshot(subjects.WORK_BUCKET)
    assert set(work) == {subjects.meeting_work(meeting), subjects.track_work(meeting, track)}
    feed = await client.feed(meeting)
    assert (await until(feed, "snapshot"))["meeting"]["title"] == "Planning"

    socket, welcome = await client.hello(meeting, track)
    assert welcome["resume_from"] == 0
    for n in range(20):
        await socket.send(sound(n, last=n == 19))
    assert (await acked(socket, 19))["stored_s"] == 1.2
    assert await close_code_of(socket) == 1000

    await append(bus, subjects.transcript(meeting, track), final(meeting, track, 0))
    assert (await until(feed, "segment.updated"))["segment"]["text"] == "hello 0"
    item = NoteItem("i1", "action", "Say hello", evidence=(Evidence(f"{track}-0", "hello", 0, 0.5),))
    await append(bus, subjects.notes(meeting), NotesUpdated(meeting, NotesCheckpoint(), (item,), summary="Short."))
    assert (await until(feed, "notes.updated"))["items"][0]["id"] == "i1"

    assert (await client.http.post(f"/v1/meetings/{meeting}/end")).status_code == 202
    assert (await until(feed, "meeting.updated"))["meeting"]["state"] == "ending"
    await append(bus, subjects.transcript(meeting, track), TrackFinished(meeting, track, 1.2))
    recap = RecapReady(meeting, Recap("Planning", "They said hello."), NotesCheckpoint())
    await append(bus, subjects.notes(meeting), recap)
    await until(feed, "recap.ready")
    completed = await until(feed, "meeting.completed")
    assert completed["duration_s"] == 1.2
    page = (await client.http.get(f"/v1/meetings/{meeting}/recap")).json()
    assert page["meeting"]["state"] == "completed"
    assert page["recap"]["summary"] == "They said hello."
    assert page["items"][0]["evidence"][0]["quote"] == "hello"
    listed = (await client.http.get("/v1/meetings")).json()["items"]
    assert [(m["id"], m["open_actions"]) for m in listed] == [(meeting, 1)]
    await feed.close()

    await bus.delete(subjects.WORK_BUCKET, subjects.meeting_work(meeting))
    segment = f"/v1/meetings/{meeting}/segments/{track}-0"
    assert (await client.http.patch(segment, json={"speaker": "Ana"})).status_code == 200
    assert subjects.meeting_work(meeting) not in await bus.snapshot(subjects.WORK_BUCKET)
    assert (await client.http.patch(segment, json={"text": "goodbye"})).status_code == 200
    assert subjects.meeting_work(meeting) in await bus.snapshot(subjects.WORK_BUCKET), "its notes are judged again"


async def test_sql_equals_the_fold_of_the_records(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    for n in range(5):
        await append(bus, subjects.transcript(meeting, track), final(meeting, track, n))
    item = NoteItem("i1", "action", "Say hello")
    seq = await append(bus, subjects.notes(meeting), NotesUpdated(meeting, NotesCheckpoint(), (item,), "Sum."))
    assert await gateway.services.projector.wait_for(seq)
    http, base = client.http, f"/v1/meetings/{meeting}"
    edited = await http.patch(f"{base}/notes/i1", json={"text": "Greet", "owner": "Ana", "due": "2026-12-01"})
    assert (edited.json()["text"], edited.json()["locked"]) == ("Greet", ["text", "owner", "due"])
    again = NotesUpdated(meeting, NotesCheckpoint(), (NoteItem("i1", "action", "Overwritten"),))
    await append(bus, subjects.notes(meeting), again)
    corrected = await http.patch(f"{base}/segments/{track}-1", json={"text": "hallo one"})
    assert corrected.json()["words"][0] == {"w": "hallo", "s": 1.0, "e": 1.5}
    assert (await http.post(f"{base}/speakers", json={"speaker": "S1", "name": "Ana"})).status_code == 202
    assert (await http.patch(base, json={"title": "Renamed"})).json()["title"] == "Renamed"
    made = await http.post(f"{base}/notes", json={"kind": "decision", "text": "We greet"})
    assert made.status_code == 201
    merged = await http.post(f"{base}/notes/{made.json()['id']}/merge", json={"into": "i1"})
    assert merged.status_code == 202

    view = MeetingView(meeting)
    last = await bus.last_seq(subjects.MEETING_STREAM)
    assert await gateway.services.projector.wait_for(last)
    for stored in await bus.read_until(subjects.MEETING_STREAM, subjects.everything(meeting), 1, last):
        view.apply(stored.seq, records.decode(stored.data))
    async with gateway.services.database.reading() as session:
        stored_view = await load_view(session, meeting)
    assert stored_view is not None
    assert vars(stored_view) == vars(view)
    assert view.notes.items["i1"].text == "Greet"


async def test_feed_resumes_exactly_after_any_cursor(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    seqs = [await append(bus, subjects.transcript(meeting, track), final(meeting, track, n)) for n in range(10)]
    for cached in (False, True):
        for n in (0, 4, 8):
            if not cached:
                gateway.services.hub.forget(meeting)
            feed = await client.feed(meeting, since=seqs[n])
            got = [await until(feed, "segment.updated") for _ in seqs[n + 1 :]]
            assert [m["seq"] for m in got] == seqs[n + 1 :]
            await feed.close()
    feed = await client.feed(meeting, since=10**9)
    assert json.loads(await feed.recv())["type"] == "resync"
    assert len((await until(feed, "snapshot"))["segments"]) == 10
    await feed.close()


async def test_sse_sends_the_same_messages_with_their_cursor(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    async with client.http.stream("GET", f"/v1/meetings/{meeting}/feed") as answer:
        lines = answer.aiter_lines()
        seen = []
        async for line in lines:
            if line.startswith("data: "):
                seen.append(json.loads(line[6:]))
                if seen[-1]["type"] == "snapshot":
                    seq = await append(bus, subjects.transcript(meeting, track), final(meeting, track, 1))
                if seen[-1]["type"] == "segment.updated":
                    break
        assert seen[-1]["seq"] == seq
    missed = await append(bus, subjects.transcript(meeting, track), final(meeting, track, 2))
    headers = {"last-event-id": str(seq)}
    async with client.http.stream("GET", f"/v1/meetings/{meeting}/feed", headers=headers) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                assert line == f"id: {missed}"
                break


async def test_words_without_sound_reach_the_transcript_and_the_end(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start()
    track = await client.track(meeting, "transcript")
    turns = [{"speaker": "Ana", "start": 0, "end": 2, "text": "We ship on Friday"}]
    url = f"/v1/meetings/{meeting}/segments"
    assert (await client.http.post(url, json={"track": track, "segments": turns})).status_code == 202
    assert (await client.http.post(url, json={"track": track, "last": True})).status_code == 202
    assert (await client.http.post(url, json={"track": track, "segments": turns})).status_code == 409
    shown = (await client.http.get(f"/v1/meetings/{meeting}/transcript")).json()
    assert shown["segments"][0]["text"] == "We ship on Friday"
    assert shown["segments"][0]["words"][1] == {"w": "ship", "s": 0.5, "e": 1.0}
    assert (await client.http.post(f"/v1/meetings/{meeting}/end")).status_code == 202
    await append(bus, subjects.notes(meeting), RecapReady(meeting, Recap("t", "s"), NotesCheckpoint()))

    async def completed() -> bool:
        return bool((await client.http.get(f"/v1/meetings/{meeting}")).json()["state"] == "completed")

    await eventually(completed)


async def test_a_track_whose_client_is_gone_is_closed_after_the_end(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start()
    silent, cut = await client.track(meeting), await client.track(meeting)
    socket, _ = await client.hello(meeting, cut)
    for n in range(3):
        await socket.send(sound(n))
    await acked(socket, 2)
    await socket.close()
    await client.http.post(f"/v1/meetings/{meeting}/end")

    async def closed(track: str) -> bool:
        return sound_of(await bus.last(subjects.AUDIO_STREAM, subjects.audio(meeting, track))).closed

    await eventually(lambda: closed(silent))
    await eventually(lambda: closed(cut))
    last = sound_of(await bus.last(subjects.AUDIO_STREAM, subjects.audio(meeting, cut)))
    assert last.frame is not None
    assert (last.frame.seq, last.frame.pts_samples) == (3, 3 * 960)


async def test_pages_are_served_with_a_validator(gateway: Gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        home = await http.get("/")
        assert (home.status_code, home.headers["cache-control"]) == (200, "no-cache")
        assert "default-src 'self'" in home.headers["content-security-policy"]
        again = await http.get("/", headers={"if-none-match": home.headers["etag"]})
        assert again.status_code == 304
        script = await http.get("/js/main.js")
        assert script.headers["content-type"].startswith("text/javascript")
        for path in ("/nothing.html", "/../pyproject.toml", "/%2e%2e/rapporteur.db", "/.hidden"):
            assert (await http.get(path)).status_code == 404
        assert (await http.get("/schema")).status_code == 200
        assert (await http.get("/schema/openapi.json")).json()["info"]["title"] == "Rapporteur"
        assert (await http.get("/health/ready")).json() == {"status": "ok"}
