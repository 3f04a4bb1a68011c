"""Bad input: each case has a documented answer, hurts only its own connection, and loses nothing."""

import json
import zlib

import httpx
import pytest
import websockets

from contracts import subjects
from contracts.audio import HEADER, Frame, decode_frame, encode_frame
from contracts.bus import Bus
from tests.integration.gateway.client import SESSION, Client, acked, close_code_of, sound, until
from tests.integration.gateway.conftest import Gateway

GARBAGE = {
    "odd": (HEADER.pack(1, 0, 0, 0, SESSION, 1, 960, zlib.crc32(b"abc")) + b"abc", 4400),
    "empty": (b"", 4400),
    "short": (b"\x01\x02", 4400),
    "noise": (bytes(range(256)) * 7, 4400),
    "wrong checksum": (HEADER.pack(1, 0, 0, 0, SESSION, 1, 960, 1) + b"abcd", 4400),
    "no sound": (encode_frame(Frame(SESSION, 1, 960)), 4400),
    "foreign session": (sound(1, session=SESSION + 5), 4400),
    "far future": (sound(1, pts=2**60), 4400),
    "large": (encode_frame(Frame(SESSION, 1, 960, bytes(61 * 1024))), 4413),
    "huge": (bytes(200_000), 1009),
}


async def test_a_bad_frame_closes_its_socket_and_nothing_else(client: Client, bus: Bus) -> None:
    meeting = await client.start()
    good, bad = await client.track(meeting), await client.track(meeting)
    neighbour, _ = await client.hello(meeting, good)
    for n, (name, (data, code)) in enumerate(GARBAGE.items()):
        socket, welcome = await client.hello(meeting, bad)
        assert welcome["resume_from"] == min(n, 1)
        await socket.send(sound(0))
        await acked(socket, 0)
        await socket.send(data)
        assert await close_code_of(socket) == code, name
    await neighbour.send(sound(0, last=True))
    await acked(neighbour, 0)
    stored = await bus.last(subjects.AUDIO_STREAM, subjects.audio(meeting, bad))
    assert stored is not None
    assert decode_frame(stored.data).seq == 0


async def test_duplicates_and_disorder_are_stored_once_in_order(client: Client, bus: Bus) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    socket, _ = await client.hello(meeting, track)
    for n in (0, 0, 2, 1, 1, 3, 7, 6, 5, 4, 4, 9, 8, 8, 10):
        await socket.send(sound(n, last=n == 10))
    await acked(socket, 10)
    stored = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio(meeting, track), 1, 10**9)
    assert [decode_frame(s.data).seq for s in stored] == list(range(11))


async def test_a_skipped_frame_is_asked_for_then_marked(client: Client, bus: Bus) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    socket, _ = await client.hello(meeting, track)
    await socket.send(sound(0))
    await socket.send(sound(3, last=True))
    nack = await until(socket, "nack")
    assert (nack["from"], nack["to"]) == (1, 2)
    assert (await acked(socket, 3))["stored_s"] == 0.24
    stored = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio(meeting, track), 1, 10**9)
    gap = decode_frame(stored[1].data).gap
    assert gap is not None
    assert (gap.samples, gap.cause) == (1920, "network")


async def test_an_old_session_gives_way_to_a_newer_one(client: Client) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    old, _ = await client.hello(meeting, track)
    await old.send(sound(0))
    await acked(old, 0)
    new, welcome = await client.hello(meeting, track, session=SESSION + 1)
    assert (welcome["resume_from"], welcome["pts_samples"]) == (0, 960)
    await new.send(sound(0, session=SESSION + 1))
    await acked(new, 0)
    await old.send(sound(1))
    assert await close_code_of(old) == 4409
    socket = await client.open_audio(meeting)
    hello = {"type": "hello", "ticket": await client.ticket(meeting, "audio"), "track": track, "session": SESSION}
    await socket.send(json.dumps(hello))
    assert await close_code_of(socket) == 4409
    await new.close()


async def test_what_a_dying_connection_still_delivers_does_not_end_the_new_one_for_good(client: Client) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    old, _ = await client.hello(meeting, track)
    new, welcome = await client.hello(meeting, track, session=SESSION + 1)
    assert welcome["pts_samples"] == 0
    await old.send(sound(0))
    await acked(old, 0)
    await new.send(sound(0, session=SESSION + 1))
    assert await close_code_of(new) == 1013
    again, welcome = await client.hello(meeting, track, session=SESSION + 1)
    assert (welcome["resume_from"], welcome["pts_samples"]) == (0, 960)
    await again.send(sound(0, session=SESSION + 1, pts=960))
    await acked(again, 0)
    await old.close()


async def test_sound_for_ended_and_unknown_places_is_refused(client: Client) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    socket, _ = await client.hello(meeting, track)
    await socket.send(sound(0, last=True))
    assert await close_code_of(socket) == 1000

    async def code(place: str, on: str) -> int:
        socket = await client.open_audio(place)
        ticket = await client.ticket(meeting, "audio")
        await socket.send(json.dumps({"type": "hello", "ticket": ticket, "track": on, "session": SESSION}))
        return await close_code_of(socket)

    assert await code(meeting, track) == 4410
    assert await code(meeting, "nothing") == 4404
    assert await code(meeting, "not an id") == 4400
    assert await code("elsewhere", track) == 4401


async def test_tickets_open_one_socket_once(client: Client) -> None:
    meeting = await client.start()
    track = await client.track(meeting)
    used = await client.ticket(meeting, "audio")
    for ticket, code in ((used, None), (used, 4401), ("wrong", 4401), ("", 4401)):
        socket = await client.open_audio(meeting)
        await socket.send(json.dumps({"type": "hello", "ticket": ticket, "track": track, "session": SESSION}))
        if code is None:
            await until(socket, "welcome")
            await socket.close()
        else:
            assert await close_code_of(socket) == code
    feed_ticket = await client.ticket(meeting, "feed")
    socket = await client.open_audio(meeting)
    await socket.send(json.dumps({"type": "hello", "ticket": feed_ticket, "track": track, "session": SESSION}))
    assert await close_code_of(socket) == 4401


async def test_a_malformed_first_message_closes_with_4400(client: Client) -> None:
    meeting = await client.start()
    for path in ("audio", "feed"):
        for text in ("", "{", "[]", '{"type":"nothing"}', "\x00", '{"type":"ping"}', "x" * 5000, b"\x00\xff"):
            socket = await websockets.connect(f"{client.ws_url}/v1/meetings/{meeting}/{path}")
            await socket.send(text)
            assert await close_code_of(socket) == 4400, (path, text)


async def test_sockets_from_a_foreign_page_are_refused(client: Client) -> None:
    meeting = await client.start()
    with pytest.raises(websockets.InvalidStatus) as refused:
        await client.open_audio(meeting, origin="https://evil.example")
    assert refused.value.response.status_code == 403
    own = await client.open_audio(meeting, origin=client.ws_url.replace("ws", "http", 1))
    await own.close()


BODIES = [
    ("POST", "/v1/meetings", b"{", 400),
    ("POST", "/v1/meetings", b"[]", 400),
    ("POST", "/v1/meetings", b'{"title": 7}', 400),
    ("POST", "/v1/meetings", b'{"title": ""}', 400),
    ("POST", "/v1/meetings", b'{"title": "  "}', 400),
    ("POST", "/v1/meetings", json.dumps({"title": "x" * 201}).encode(), 400),
    ("POST", "/v1/meetings", json.dumps({"title": "a\u0000b"}).encode(), 400),
    ("POST", "/v1/meetings", json.dumps({"title": "a\u202eb"}).encode(), 400),
    ("POST", "/v1/meetings", b'{"title": "a", "unknown": 1}', 400),
    ("POST", "/v1/meetings", b'{"title": "a", "language": "klingon"}', 400),
    ("POST", "/v1/meetings", b'{"title": "a", "timezone": "../etc/passwd"}', 400),
    ("POST", "/v1/meetings", b"\xff\xfe", 400),
    ("POST", "/v1/meetings", b'{"title": "' + b"x" * 2_000_000 + b'"}', 413),
    ("GET", "/v1/meetings/unknown", b"", 404),
    ("GET", "/v1/meetings/not%20an%20id", b"", 400),
    ("GET", "/v1/meetings/unknown/transcript", b"", 404),
    ("GET", "/v1/meetings/unknown/audio.wav", b"", 404),
    ("GET", "/v1/meetings/unknown/feed", b"", 404),
    ("POST", "/v1/meetings/unknown/end", b"", 404),
    ("DELETE", "/v1/meetings/unknown", b"", 404),
    ("POST", "/v1/auth/tickets", b'{"meeting": "unknown", "scope": "feed"}', 404),
    ("GET", "/v1/meetings?limit=0", b"", 400),
    ("GET", "/v1/nothing", b"", 404),
    ("PUT", "/v1/meetings", b"", 405),
    ("GET", "/signin?code=wrong", b"", 401),
]


async def test_every_refusal_is_a_problem_document(gateway: Gateway) -> None:
    for method, path, body, status in BODIES:
        headers = {"content-type": "application/json", "authorization": f"Bearer {gateway.token}"}
        if path.startswith("/signin"):
            del headers["authorization"]
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as http:
            answer = await http.request(method, path, content=body)
        assert answer.status_code == status, (path, body[:80], answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
        problem = answer.json()
        assert {"type", "title", "status", "detail", "code"} <= set(problem)
        assert problem["status"] == status
        assert "Traceback" not in answer.text


async def test_browsers_sign_in_once_by_link_and_write_only_from_our_pages(gateway: Gateway, client: Client) -> None:
    link = (await client.http.post("/v1/auth/links")).json()["url"]
    async with httpx.AsyncClient(base_url=gateway.url) as browser:
        assert (await browser.get("/v1/me")).status_code == 401
        entered = await browser.get(link)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        assert "httponly" in entered.headers["set-cookie"].lower()
        assert (await browser.get("/v1/me")).json()["role"] == "owner"
        body, own = {"title": "From a page"}, {"origin": gateway.url}
        assert (await browser.post("/v1/meetings", json=body, headers=own)).status_code == 201
        assert (await browser.post("/v1/meetings", json=body)).status_code == 403
        evil = {"origin": "https://evil.example"}
        assert (await browser.post("/v1/meetings", json=body, headers=evil)).status_code == 403
        await browser.post("/v1/auth/signout", headers=own)
        assert (await browser.get("/v1/me")).status_code == 401
    async with httpx.AsyncClient(base_url=gateway.url) as other:
        assert (await other.get(link)).status_code == 401


async def test_foreign_meetings_look_like_unknown_ones(gateway: Gateway, client: Client) -> None:
    """Every route with a meeting in its path answers 404 to a member who is not in the meeting."""
    meeting = await client.start()
    stranger = await gateway.services.accounts.add("Sam", "member")
    token = await gateway.services.accounts.issue(stranger, "token", 60.0)
    headers = {"authorization": f"Bearer {token}"}
    bodies = {
        "tracks": {"source": "mic"},
        "segments": {"track": "t"},
        "notes": {"kind": "action", "text": "x"},
        "speakers": {"speaker": "S1", "name": "x"},
        "merge": {"into": "x"},
        "recap": {},
        "invites": {},
        "participants": {"name": "x", "consent": True, "notice": "x"},
        "{participant}": {"state": "on"},
        "{item}": {"text": "x"},
        "{segment}": {"text": "x"},
        "{meeting}": {"title": "x"},
    }
    schema = (await client.http.get("/schema/openapi.json")).json()
    checked = 0
    async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as http:
        for path, operations in schema["paths"].items():
            if "{meeting}" not in path:
                continue
            url = path.replace("{meeting}", meeting).replace("{item}", "i").replace("{segment}", "s")
            for method in set(operations) & {"get", "post", "patch", "delete"}:
                answer = await http.request(method, url, json=bodies.get(path.rsplit("/", 1)[-1]))
                assert answer.status_code == 404, (method, url, answer.text)
                checked += 1
    assert checked >= 15
