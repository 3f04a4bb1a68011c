"""Guests: they come in by a link, take part in their meeting, and can do nothing else."""

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import websockets
from litestar import Litestar
from litestar.routes import HTTPRoute

from contracts import subjects
from contracts.audio import FRAME_SAMPLES, Flag, decode_frame
from contracts.bus import Bus
from gateway.api import sockets
from gateway.app import create_app
from gateway.ingest import websocket as audio_socket
from gateway.joining import NOTICE
from tests.integration.gateway.client import SESSION, Client, acked, close_code_of, eventually, sound, until
from tests.integration.gateway.conftest import Gateway

OPEN_TO_GUESTS = {
    ("POST", "/v1/auth/signout"),
    ("POST", "/v1/auth/tickets"),
    ("GET", "/v1/me"),
    ("GET", "/v1/meetings/{meeting:str}/feed"),
    ("POST", "/v1/meetings/{meeting:str}/tracks"),
    ("PATCH", "/v1/meetings/{meeting:str}/participants/{participant:str}"),
    ("DELETE", "/v1/meetings/{meeting:str}/participants/{participant:str}"),
}
OPEN_TO_ALL = {
    ("GET", "/"),
    ("GET", "/{path:path}"),
    ("GET", "/signin"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("POST", "/v1/join"),
    ("POST", "/v1/join/look"),
    # Not by who is signed in, but by the token or ticket that the request brings.
    ("GET", "/v1/meetings/{meeting:str}/whip"),
    ("POST", "/v1/meetings/{meeting:str}/whip"),
    ("GET", "/v1/whip/{secret:str}"),
    ("PATCH", "/v1/whip/{secret:str}"),
    ("DELETE", "/v1/whip/{secret:str}"),
    ("POST", "/v1/meetings/{meeting:str}/tracks/{track:str}/sender"),
}


@dataclass
class Guest:
    """A browser that came by a link."""

    client: Client
    meeting: str
    participant: str
    name: str

    @property
    def http(self) -> httpx.AsyncClient:
        return self.client.http

    async def track(self, **more: Any) -> httpx.Response:
        return await self.http.post(f"/v1/meetings/{self.meeting}/tracks", json={"source": "mic"} | more)

    async def ticket(self, scope: str, meeting: str = "", track: str | None = None) -> httpx.Response:
        body = {"meeting": meeting or self.meeting, "scope": scope, "track": track}
        return await self.http.post("/v1/auth/tickets", json=body)

    async def open(self, track: str) -> tuple[websockets.ClientConnection, dict[str, Any]]:
        socket = await self.client.open_audio(self.meeting)
        ticket = (await self.ticket("audio", track=track)).json()["ticket"]
        await socket.send(json.dumps({"type": "hello", "ticket": ticket, "track": track, "session": SESSION}))
        return socket, json.loads(await socket.recv())

    async def leave(self, participant: str = "me") -> int:
        return (await self.http.delete(f"/v1/meetings/{self.meeting}/participants/{participant}")).status_code


@contextlib.asynccontextmanager
async def browser(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody yet, with a place for cookies."""
    async with httpx.AsyncClient(base_url=gateway.url, headers={"origin": gateway.url}, timeout=10) as http:
        yield http


async def invite(client: Client, meeting: str, **body: Any) -> dict[str, Any]:
    answer = await client.http.post(f"/v1/meetings/{meeting}/invites", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def yes(code: str, name: str = "Ruth", **more: Any) -> dict[str, Any]:
    return {"code": code, "name": name, "consent": True, "notice": NOTICE} | more


@contextlib.asynccontextmanager
async def guest_of(gateway: Gateway, code: str, name: str = "Ruth") -> AsyncIterator[Guest]:
    async with browser(gateway) as http:
        answer = await http.post("/v1/join", json=yes(code, name))
        assert answer.status_code == 201, answer.text
        body = answer.json()
        yield Guest(Client(http, gateway.ws_url), body["meeting"], body["participant"], body["name"])


@pytest.fixture
async def meeting(client: Client) -> str:
    return await client.start("Launch")


@pytest.fixture
async def guest(gateway: Gateway, client: Client, meeting: str) -> AsyncIterator[Guest]:
    async with guest_of(gateway, (await invite(client, meeting))["code"]) as made:
        yield made


async def test_a_link_shows_the_meeting_and_lets_in_who_agrees(gateway: Gateway, client: Client, meeting: str) -> None:
    code = (await invite(client, meeting))["code"]
    async with browser(gateway) as http:
        shown = (await http.post("/v1/join/look", json={"code": code})).json()
        assert (shown["title"], shown["people"], shown["notice"]) == ("Launch", [], NOTICE)
        assert (await http.get("/v1/me")).status_code == 401
        assert (await http.post("/v1/join", json=yes(code, consent=False))).status_code == 400
        assert (await http.post("/v1/join", json=yes(code, notice="old"))).status_code == 400
        assert (await http.post("/v1/join", json=yes(code, name="a\u202eb"))).status_code == 400
        joined = await http.post("/v1/join", json=yes(code))
        assert joined.status_code == 201
        assert (await http.get("/v1/me")).json()["role"] == "guest"
        cookie = joined.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie


async def test_consent_is_a_record_and_names_are_exact(
    gateway: Gateway, client: Client, meeting: str, guest: Guest, bus: Bus
) -> None:
    async with guest_of(gateway, (await invite(client, meeting))["code"], "ruth") as second:
        assert (guest.name, second.name) == ("Ruth", "ruth (2)")
        track = (await second.track(speaker="Somebody else")).json()["track"]
    people = (await client.http.get(f"/v1/meetings/{meeting}/participants")).json()
    assert [(p["name"], p["notice"]) for p in people] == [("Ruth", NOTICE), ("ruth (2)", NOTICE)]
    stored = await bus.read_until(subjects.MEETING_STREAM, subjects.lifecycle(meeting), 1, 2**62)
    kinds = [json.loads(message.data)["type"] for message in stored]
    assert kinds.count("participant.joined") == 2
    work = json.loads((await bus.snapshot(subjects.WORK_BUCKET))[subjects.track_work(meeting, track)].value or b"")
    assert work["speaker"] == "ruth (2)"
    assert {"Ruth", "ruth (2)"} <= set(work["vocabulary"])


async def test_a_guest_takes_part(client: Client, guest: Guest, bus: Bus) -> None:
    feed = await websockets.connect(f"{guest.client.ws_url}/v1/meetings/{guest.meeting}/feed")
    await feed.send(json.dumps({"type": "subscribe", "ticket": (await guest.ticket("feed")).json()["ticket"]}))
    snapshot = await until(feed, "snapshot")
    assert [(p["name"], p.get("state", "on")) for p in snapshot["people"]] == [("Ruth", "on")]
    track = (await guest.track()).json()["track"]
    socket, welcome = await guest.open(track)
    assert welcome["type"] == "welcome"
    await socket.send(sound(0))
    await acked(socket, 0)
    await guest.http.patch(f"/v1/meetings/{guest.meeting}/participants/me", json={"state": "off_record"})
    assert (await until(feed, "participant.updated"))["participant"]["state"] == "off_record"
    await guest.http.patch(f"/v1/meetings/{guest.meeting}/participants/me", json={"state": "on"})
    assert "state" not in (await until(feed, "participant.updated"))["participant"]
    await socket.send(sound(1, last=True))
    assert await close_code_of(socket) == 1000
    assert await guest.leave() == 204
    assert (await until(feed, "participant.updated"))["participant"]["left"] == "left"
    last = await bus.last(subjects.AUDIO_STREAM, subjects.audio(guest.meeting, track))
    assert last is not None
    assert decode_frame(last.data).flags & Flag.LAST


async def test_nothing_is_stored_while_off_the_record_whatever_is_sent(guest: Guest, bus: Bus) -> None:
    async def be(state: str) -> None:
        answer = await guest.http.patch(f"/v1/meetings/{guest.meeting}/participants/me", json={"state": state})
        assert answer.status_code == 202

    track = (await guest.track()).json()["track"]
    socket, _ = await guest.open(track)
    await socket.send(sound(0))
    await acked(socket, 0)
    await be("off_record")
    for seq in range(1, 5):
        await socket.send(sound(seq))
    await acked(socket, 4)
    await socket.close()
    socket, welcome = await guest.open(track)
    assert welcome["resume_from"] == 1
    for seq in range(1, 8):
        await socket.send(sound(seq))
    await acked(socket, 7)
    await be("on")
    await socket.send(sound(8))
    await acked(socket, 8)
    await be("paused")
    await socket.send(sound(9, last=True))
    assert await close_code_of(socket) == 1000
    stored = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio(guest.meeting, track), 1, 2**62)
    frames = [decode_frame(message.data) for message in stored]
    heard = [int.from_bytes(f.payload[:2], "little") for f in frames if f.payload and f.gap is None]
    assert heard == [0, 8]
    assert [(f.gap.cause, f.gap.samples) for f in frames if f.gap] == [("off_record", 7 * FRAME_SAMPLES)]
    assert frames[-1].is_last


def _asked(app: Litestar) -> Iterator[tuple[str, str]]:
    """Every method and path of the server."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                    yield str(method), route.path_format if "{" not in route.path else route.path


async def test_every_other_route_is_closed_to_a_guest(gateway: Gateway, client: Client, guest: Guest) -> None:
    paths = sorted(set(_asked(create_app(gateway.services))))
    assert len(paths) > 30
    wrong = []
    for method, path in paths:
        if (method, path) in OPEN_TO_GUESTS | OPEN_TO_ALL or path.startswith("/schema"):
            continue
        parts = [guest.meeting if "{meeting" in p else "x" if "{" in p else p for p in path.split("/")]
        answer = await guest.http.request(method, "/".join(parts), json={} if method != "GET" else None)
        if answer.status_code != 403:
            wrong.append((method, path, answer.status_code))
    assert wrong == []


async def test_a_guest_sees_and_changes_no_other_meeting(client: Client, guest: Guest) -> None:
    other = await client.start("Secret")
    assert (await guest.ticket("feed", other)).status_code == 404
    assert (await guest.ticket("audio", other)).status_code == 404
    assert (await guest.http.get(f"/v1/meetings/{other}/feed")).status_code == 404
    assert (await guest.http.post(f"/v1/meetings/{other}/tracks", json={"source": "mic"})).status_code == 404
    path = f"/v1/meetings/{other}/participants"
    assert (await guest.http.patch(f"{path}/me", json={"state": "on"})).status_code == 404
    assert (await guest.http.delete(f"{path}/me")).status_code == 404
    socket = await websockets.connect(f"{guest.client.ws_url}/v1/meetings/{other}/feed", compression=None)
    await socket.send(json.dumps({"type": "subscribe", "ticket": (await guest.ticket("feed")).json()["ticket"]}))
    assert await close_code_of(socket) == 4401


async def test_a_guest_sends_only_on_tracks_of_their_own(
    gateway: Gateway, client: Client, meeting: str, guest: Guest
) -> None:
    own = (await guest.track()).json()["track"]
    foreign = await client.track(meeting)
    async with guest_of(gateway, (await invite(client, meeting))["code"], "Tom") as tom:
        of_tom = (await tom.track()).json()["track"]
        for track in (foreign, of_tom, "0" * 20, None):
            assert (await guest.ticket("audio", track=track)).status_code == 404
        ticket = (await guest.ticket("audio", track=own)).json()["ticket"]
        socket = await guest.client.open_audio(meeting)
        await socket.send(json.dumps({"type": "hello", "ticket": ticket, "track": of_tom, "session": SESSION}))
        assert await close_code_of(socket) == 4401
        cookie = "; ".join(f"{k}={v}" for k, v in guest.http.cookies.items())
        socket = await guest.client.open_audio(meeting, additional_headers={"cookie": cookie}, origin=gateway.url)
        await socket.send(json.dumps({"type": "hello", "track": of_tom, "session": SESSION}))
        assert await close_code_of(socket) == 4404
        assert await guest.leave(tom.participant) == 403
    for source in ("tab", "upload", "transcript"):
        assert (await guest.track(source=source)).status_code == 403
    statuses = [(await guest.track()).status_code for _ in range(5)]
    assert statuses == [201, 201, 201, 409, 409]


async def test_links_end_by_time_by_hand_and_with_the_meeting(gateway: Gateway, client: Client, meeting: str) -> None:
    made = await invite(client, meeting)
    async with browser(gateway) as http:

        async def look(code: str) -> int:
            return (await http.post("/v1/join/look", json={"code": code})).status_code

        assert await look(made["code"]) == 200
        assert await look(made["code"][:-2] + "xx") == 404
        assert await look("0" * 20 + "." + made["code"].partition(".")[2]) == 404
        assert await look("nonsense") == 400
        listed = (await client.http.get(f"/v1/meetings/{meeting}/invites")).json()
        assert [i["invite"] for i in listed] == [made["invite"]]
        assert made["code"].partition(".")[2] not in json.dumps(listed)
        assert (await client.http.delete(f"/v1/meetings/{meeting}/invites/{made['invite']}")).status_code == 204
        assert await look(made["code"]) == 404
        assert (await http.post("/v1/join", json=yes(made["code"]))).status_code == 404
        assert (await client.http.post(f"/v1/meetings/{meeting}/invites", json={"ttl_s": 5})).status_code == 400
        again = await invite(client, meeting)
        await client.http.post(f"/v1/meetings/{meeting}/end")
        assert await look(again["code"]) == 409


async def test_a_guest_who_is_removed_is_out_at_once(
    gateway: Gateway, client: Client, meeting: str, guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_socket, "RECHECK_S", 0.2)
    code = (await invite(client, meeting))["code"]
    async with guest_of(gateway, code, "Tom") as tom:
        socket, _ = await tom.open((await tom.track()).json()["track"])
        await socket.send(sound(0))
        await acked(socket, 0)
        removed = await client.http.delete(f"/v1/meetings/{meeting}/participants/{tom.participant}")
        assert removed.status_code == 204
        assert await close_code_of(socket) == 4404
        assert (await tom.http.get("/v1/me")).status_code == 401
        assert (await tom.http.post("/v1/join", json=yes(code, "Tom"))).status_code == 404
    people = (await client.http.get(f"/v1/meetings/{meeting}/participants")).json()
    assert [(p["name"], p.get("left", "")) for p in people] == [("Ruth", ""), ("Tom", "removed")]
    assert (await guest.ticket("feed")).status_code == 201


async def test_no_guest_keeps_a_meeting_from_its_end(
    client: Client, meeting: str, guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_socket, "RECHECK_S", 0.2)
    monkeypatch.setattr(sockets, "GUEST_DRAIN_S", 0.0)
    socket, _ = await guest.open((await guest.track()).json()["track"])
    await socket.send(sound(0))
    await acked(socket, 0)
    await client.http.post(f"/v1/meetings/{meeting}/end")
    assert await close_code_of(socket) == 4410


async def test_who_vanishes_is_shown_as_lost_and_back_when_they_are(
    gateway: Gateway, client: Client, meeting: str, guest: Guest
) -> None:
    gateway.services.presence._grace_s = 0.0
    track = (await guest.track()).json()["track"]

    async def left() -> str:
        people = (await client.http.get(f"/v1/meetings/{meeting}/participants")).json()
        return str(people[0].get("left", ""))

    async def is_lost() -> bool:
        return await left() == "lost"

    async def is_here() -> bool:
        return await left() == ""

    socket, _ = await guest.open(track)
    socket.transport.abort()
    await eventually(is_lost)
    socket, _ = await guest.open(track)
    await eventually(is_here)
    await socket.close()


async def test_a_meeting_takes_its_guests_with_it(gateway: Gateway, client: Client, meeting: str, guest: Guest) -> None:
    assert (await client.http.delete(f"/v1/meetings/{meeting}")).status_code == 204

    async def gone() -> bool:
        return (await guest.http.get("/v1/me")).status_code == 401

    await eventually(gone)

    async def forgotten() -> bool:
        return b"Ruth" not in b"".join(p.read_bytes() for p in gateway.settings.data_path.glob("*.db*"))

    await eventually(forgotten)
