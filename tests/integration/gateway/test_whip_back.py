"""WebRTC with a ticket: coming back to the same track, and what people may say about their sound."""

import asyncio
import time
from itertools import pairwise

import httpx
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from contracts import subjects
from contracts.audio import Frame, decode_frame
from contracts.bus import Bus
from gateway.ingest import standing
from tests.integration.gateway.client import Client, eventually
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.lossy import through, without_candidates
from tests.integration.gateway.test_guests import guest_of, invite
from tests.integration.gateway.test_whip import OFFER, Tone, Whip, offer, running, stored


@pytest.fixture
async def whip(gateway: Gateway, client: Client, bus: Bus):  # type: ignore[no-untyped-def]
    async with running(gateway, client, bus) as parts:
        yield parts


async def call(whip: Whip, ticket: str, track: str, tone: Tone) -> tuple[RTCPeerConnection, httpx.Response]:
    peer = await offer(tone)
    headers = OFFER | {"authorization": f"Bearer {ticket}"}
    sdp = without_candidates(peer.localDescription.sdp)
    answer = await whip.http.post(f"{whip.path}?track={track}", content=sdp, headers=headers)
    if answer.status_code == 201:
        lossy, _ = await through(answer.text, 0.0, 0.0)
        await peer.setRemoteDescription(RTCSessionDescription(lossy, "answer"))
    return peer, answer


async def test_who_comes_back_goes_on_with_the_same_track(whip: Whip, client: Client, bus: Bus) -> None:
    track = await client.track(whip.meeting)

    async def ticket() -> str:
        body = {"meeting": whip.meeting, "scope": "audio", "track": track}
        return str((await client.http.post("/v1/auth/tickets", json=body)).json()["ticket"])

    first, second = Tone(60), Tone(60)
    used = await ticket()
    one, _ = await call(whip, used, track, first)
    await first.finished.wait()
    refused, answer = await call(whip, used, track, Tone(1))
    assert answer.status_code == 401
    again = await ticket()
    two, answer = await call(whip, again, track, second)
    await second.finished.wait()
    left = await whip.http.delete(answer.headers["location"], headers={"authorization": f"Bearer {again}"})
    assert left.status_code == 200
    frames = await stored(bus, whip)
    ended, answer = await call(whip, await ticket(), track, Tone(1))
    assert answer.status_code == 409
    await asyncio.gather(*(peer.close() for peer in (one, two, refused, ended)))
    assert [f.is_last for f in frames].count(True) == 1
    assert [f.gap.cause for f in frames if f.gap] == ["network"]
    assert all(a.end_samples == b.pts_samples for a, b in pairwise(frames))
    sessions = list(dict.fromkeys(f.session for f in frames))
    assert len(sessions) == 2
    assert sessions == sorted(sessions)


async def test_a_guest_by_webrtc_is_off_when_they_say_so_and_out_when_removed(
    gateway: Gateway, whip: Whip, client: Client, bus: Bus
) -> None:
    async with guest_of(gateway, (await invite(client, whip.meeting))["code"]) as guest:
        track = (await guest.track()).json()["track"]
        ticket = (await guest.ticket("audio", track=track)).json()["ticket"]
        peer, answer = await call(whip, ticket, track, Tone(1500))
        assert answer.status_code == 201

        async def frames() -> list[Frame]:
            found = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio(whip.meeting, track), 1, 2**62)
            return [decode_frame(message.data) for message in found]

        async def sounds() -> bool:
            found = await frames()
            return len(found) > 5 and found[-1].gap is None

        await eventually(sounds)
        me = f"/v1/meetings/{whip.meeting}/participants/me"
        assert (await guest.http.patch(me, json={"state": "off_record"})).status_code == 202
        session = next(iter(whip.sessions.by_id.values()))

        async def is_quiet() -> bool:
            return session.peer.quiet == "off_record"

        await eventually(is_quiet)
        before = len(await frames())
        await asyncio.sleep(0.6)
        assert (await frames())[before + 1 :] == []
        assert (await guest.http.patch(me, json={"state": "on"})).status_code == 202

        async def goes_on() -> bool:
            found = (await frames())[before:]
            return any(f.gap for f in found) and found[-1].gap is None

        await eventually(goes_on)
        removed = await client.http.delete(f"/v1/meetings/{whip.meeting}/participants/{guest.participant}")
        assert removed.status_code == 204
        everything = await stored(bus, whip)
        await peer.close()
    assert [f.gap.cause for f in everything if f.gap] == ["off_record"]
    assert all(a.end_samples == b.pts_samples for a, b in pairwise(everything))


async def test_whose_webrtc_is_gone_is_shown_as_lost_and_is_back_when_it_is(
    gateway: Gateway, whip: Whip, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "THERE_S", 0.5)
    people = f"/v1/meetings/{whip.meeting}/participants"

    async def left() -> str:
        found = (await client.http.get(people)).json()
        return str(next(p.get("left", "") for p in found if p["participant"] == guest.participant))

    async def is_lost() -> bool:
        await whip.sessions.presence.tick(time.time())
        return await left() == "lost"

    async def is_back() -> bool:
        return await left() == ""

    async def is_there() -> bool:
        return bool(whip.sessions.presence.open_count)

    async with guest_of(gateway, (await invite(client, whip.meeting))["code"]) as guest:
        track = (await guest.track()).json()["track"]
        ticket = (await guest.ticket("audio", track=track)).json()["ticket"]
        first, _ = await call(whip, ticket, track, Tone(100))  # falls silent after two seconds, without a goodbye
        await eventually(is_there)
        await whip.sessions.presence.tick(time.time())
        assert await left() == ""
        await eventually(is_lost)
        ticket = (await guest.ticket("audio", track=track)).json()["ticket"]
        second, _ = await call(whip, ticket, track, Tone(1500))
        await eventually(is_back)
        await asyncio.gather(first.close(), second.close())
