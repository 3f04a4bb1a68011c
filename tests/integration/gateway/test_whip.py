"""WHIP end to end on loopback: a real aiortc client, a real gateway, a real bus."""

import asyncio
import contextlib
import fractions
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import pairwise

import httpx
import numpy as np
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from av import AudioFrame

from contracts import subjects
from contracts.audio import SAMPLE_RATE_HZ, Frame, decode_frame
from contracts.bus import Bus
from gateway.attendance import Attendance
from gateway.ingest.admission import Admission
from gateway.ingest.peers import Sessions
from gateway.ingest.settings import WhipSettings
from gateway.ingest.whip import Server, web_config
from gateway.ingest.whip_http import create_app
from gateway.lifecycle import Lifecycle
from gateway.presence import Presence
from tests.integration.gateway.client import Client, eventually
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.lossy import LossyPath, through, without_candidates
from tests.servers import free_port

OFFER = {"content-type": "application/sdp"}
FRAGMENT = {"content-type": "application/trickle-ice-sdpfrag"}


class Tone(AudioStreamTrack):
    """A tone for ``frames`` times 20 ms in real time, then nothing more comes."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self._left = frames
        self._pts = 0
        self.finished = asyncio.Event()
        self._start = 0.0
        self.began_at = 0.0
        """Wall clock of its first sample."""

    async def recv(self) -> AudioFrame:
        if self._left == 0:
            self.finished.set()
            await asyncio.Future()
        self._left -= 1
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        self.began_at = self.began_at or time.time()
        await asyncio.sleep(max(0.0, self._start + self._pts / 48_000 - loop.time()))
        at = (np.arange(960) + self._pts) / 48_000
        samples = (8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)
        frame = AudioFrame.from_ndarray(np.repeat(samples, 2)[None], format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._pts, fractions.Fraction(1, 48_000)
        self._pts += 960
        return frame


@dataclass
class Whip:
    """A running WHIP process's worth of parts."""

    http: httpx.AsyncClient
    sessions: Sessions
    meeting: str

    @property
    def path(self) -> str:
        return f"/v1/meetings/{self.meeting}/whip"


@contextlib.asynccontextmanager
async def running(gateway: Gateway, client: Client, bus: Bus, **changes: object) -> AsyncIterator[Whip]:
    fields = {"port": free_port(), "gateway_url": gateway.url, "connect_s": 10.0, "posts_per_minute": 1000} | changes
    settings = WhipSettings(**fields)  # type: ignore[arg-type]
    lifecycle = Lifecycle(bus)
    presence = Presence(bus, lifecycle, Attendance(lifecycle), grace_s=0.0)
    sessions = Sessions(settings, bus, Admission(settings.gateway_url), presence)
    web = Server(web_config(create_app(sessions), settings))
    task = asyncio.create_task(web.serve())
    meeting = (await client.http.post("/v1/meetings", json={"title": "Test"})).json()["id"]
    headers = {"authorization": f"Bearer {gateway.token}"}
    try:
        while not web.started:
            assert not task.done(), task
            await asyncio.sleep(0.02)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", headers=headers, timeout=30) as http:
            yield Whip(http, sessions, meeting)
    finally:
        await sessions.close()
        web.should_exit = True
        await task


@pytest.fixture
async def whip(gateway: Gateway, client: Client, bus: Bus) -> AsyncIterator[Whip]:
    async with running(gateway, client, bus) as parts:
        yield parts


async def offer(*tracks: AudioStreamTrack) -> RTCPeerConnection:
    peer = RTCPeerConnection()
    for track in tracks:
        peer.addTransceiver(track, direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    return peer


async def publish(
    whip: Whip, tone: Tone, *, loss: float = 0.0, jitter_s: float = 0.0
) -> tuple[RTCPeerConnection, httpx.Response, LossyPath]:
    peer = await offer(tone)
    answer = await whip.http.post(whip.path, content=without_candidates(peer.localDescription.sdp), headers=OFFER)
    assert answer.status_code == 201, answer.text
    lossy, path = await through(answer.text, loss, jitter_s)
    await peer.setRemoteDescription(RTCSessionDescription(lossy, "answer"))
    return peer, answer, path


async def stored(bus: Bus, whip: Whip) -> list[Frame]:
    """All frames of the meeting's one track, once its LAST frame is there."""
    reader = bus.reader(subjects.AUDIO_STREAM, f"audio.{whip.meeting}.*")
    frames: list[Frame] = []
    async with asyncio.timeout(60):
        while not frames or not frames[-1].is_last:
            frames += [decode_frame(m.data) for m in await reader.fetch()]
    await reader.close()
    return frames


def check(frames: list[Frame], seconds: float) -> None:
    assert [f.seq for f in frames] == list(range(len(frames)))
    assert all(a.end_samples == b.pts_samples for a, b in pairwise(frames))
    assert abs(frames[-1].end_samples / SAMPLE_RATE_HZ - seconds) < 0.5


async def test_sound_arrives_whole_and_the_track_ends_with_delete(whip: Whip, bus: Bus) -> None:
    tone = Tone(150)
    peer, answer, _ = await publish(whip, tone)
    await tone.finished.wait()
    left = await whip.http.delete(answer.headers["location"])
    frames = await stored(bus, whip)
    await peer.close()
    assert left.status_code == 200
    check(frames, 3.0)
    assert not any(f.gap for f in frames)
    pcm = np.concatenate([np.frombuffer(f.payload, "<i2") for f in frames])[8000:32000].astype(float)
    peak_hz = np.abs(np.fft.rfft(pcm)).argmax() * SAMPLE_RATE_HZ / len(pcm)
    assert abs(peak_hz - 440) < 2


@pytest.mark.parametrize("loss", [0.005, 0.02, 0.05])
async def test_a_bad_path_costs_only_what_it_loses(whip: Whip, bus: Bus, loss: float) -> None:
    tone = Tone(250)
    peer, answer, path = await publish(whip, tone, loss=loss, jitter_s=0.1)
    await tone.finished.wait()
    await whip.http.delete(answer.headers["location"])
    frames = await stored(bus, whip)
    await peer.close()
    check(frames, 5.0)
    pcm = np.concatenate([np.frombuffer(f.payload, "<i2") for f in frames]).astype(float)
    level = np.abs(pcm[: len(pcm) // 320 * 320]).reshape(-1, 320).mean(axis=1)
    quiet = int((level[10:-10] < 3000).sum())
    assert quiet <= path.lost + 0.03 * path.sent


async def test_a_peer_that_vanishes_leaves_a_finished_track(whip: Whip, bus: Bus) -> None:
    tone = Tone(100)
    peer, _, path = await publish(whip, tone)
    await tone.finished.wait()
    path.cut = True
    frames = await stored(bus, whip)
    check(frames, 2.0)
    await peer.close()


async def test_a_peer_that_never_connects_is_given_up(gateway: Gateway, client: Client, bus: Bus) -> None:
    async with running(gateway, client, bus, connect_s=0.5) as whip:
        peer = await offer(Tone(1))
        answer = await whip.http.post(whip.path, content=without_candidates(peer.localDescription.sdp), headers=OFFER)
        assert answer.status_code == 201
        frames = await stored(bus, whip)
        await peer.close()
        assert [f.is_last for f in frames] == [True]

        async def gone() -> bool:
            return not whip.sessions.by_id

        await eventually(gone)  # its last frame is stored just before its place is free again


async def test_the_protocol_of_a_session(whip: Whip) -> None:
    peer = await offer(Tone(10))
    answer = await whip.http.post(whip.path, content=peer.localDescription.sdp, headers=OFFER)
    location, etag = answer.headers["location"], answer.headers["etag"]
    assert answer.headers["content-type"].startswith("application/sdp")
    assert "a=recvonly" in answer.text
    ufrag = next(line for line in peer.localDescription.sdp.splitlines() if line.startswith("a=ice-ufrag:"))
    candidate = f"{ufrag}\r\na=mid:0\r\na=candidate:9 1 udp 2130706431 127.0.0.1 9 typ host\r\n"

    async def patch(body: str, **headers: str) -> int:
        return (await whip.http.patch(location, content=body, headers=FRAGMENT | headers)).status_code

    assert await patch(candidate, **{"if-match": etag}) == 204
    assert await patch(candidate) == 428
    assert await patch(candidate, **{"if-match": '"other"'}) == 412
    assert await patch("a=ice-ufrag:new1\r\na=ice-pwd:x\r\n", **{"if-match": "*"}) == 422
    assert await patch("nonsense", **{"if-match": etag}) == 400
    assert (await whip.http.patch(location, content=candidate, headers=OFFER)).status_code == 415
    assert (await whip.http.patch(location, headers=FRAGMENT | {"authorization": "Bearer other"})).status_code == 404
    assert (await whip.http.request("OPTIONS", location)).headers["accept-patch"] == "application/trickle-ice-sdpfrag"
    assert (await whip.http.delete(location)).status_code == 200
    assert (await whip.http.delete(location)).status_code == 404
    await peer.close()


async def test_what_is_refused_before_a_session_exists(whip: Whip) -> None:
    peer = await offer(Tone(1))
    good = peer.localDescription.sdp
    await peer.close()

    async def post(body: str, path: str = "", **headers: str) -> int:
        return (await whip.http.post(path or whip.path, content=body, headers=OFFER | headers)).status_code

    assert await post(good, **{"content-type": "text/plain"}) == 415
    assert await post(good, authorization="Bearer wrong") == 401
    assert await post(good, authorization="Basic x") == 401
    assert await post(good, path="/v1/meetings/0123456789abcdef0123/whip") == 404
    assert await post("garbage") == 400
    assert await post(good.replace("sendonly", "recvonly")) == 422
    assert await post("v=0\r\nm=audio x\r\na=rtpmap:1 opus/48000/2\r\n") == 400
    assert await post("v=0\r\n" + "a=x\r\n" * 20_000) in (400, 413)
    assert (await whip.http.request("OPTIONS", whip.path)).headers["accept-post"] == "application/sdp"
    assert (await whip.http.get(whip.path)).status_code == 204
    assert not whip.sessions.by_id
    assert whip.sessions.opening == 0


async def test_a_full_process_says_when_to_come_back_or_where_to_go(gateway: Gateway, client: Client, bus: Bus) -> None:
    async with running(gateway, client, bus, max_tracks=0, ice_servers=("stun:127.0.0.1:9",)) as whip:
        full = await whip.http.post(whip.path, content="v=0", headers=OFFER)
        assert (full.status_code, full.headers["retry-after"]) == (503, "30")
    async with running(gateway, client, bus, max_tracks=0, overflow_url="http://other:1/") as whip:
        moved = await whip.http.post(whip.path, content="v=0", headers=OFFER)
        assert (moved.status_code, moved.headers["location"]) == (307, f"http://other:1{whip.path}")


async def test_twenty_tracks_at_once_arrive_whole(whip: Whip, bus: Bus, client: Client) -> None:
    """Two seconds of a bad network, two of a good one. How late the sound is stored is printed (``-s``)."""
    other = replace(whip, meeting=await client.start())
    tones = [Tone(200) for _ in range(20)]
    sent = [await publish(whip if n % 2 else other, tone, loss=0.02, jitter_s=0.1) for n, tone in enumerate(tones)]
    senders = {
        f".{whip.sessions.by_id[answer.headers['location'].rpartition('/')[2]].track}": tone
        for (_, answer, _), tone in zip(sent, tones, strict=True)
    }
    await asyncio.sleep(2.0)
    for _, _, path in sent:
        path.calm()
    await asyncio.gather(*(tone.finished.wait() for tone in tones))
    for _, answer, _ in sent:
        await whip.http.delete(answer.headers["location"])
    reader = bus.reader(subjects.AUDIO_STREAM, subjects.AUDIO_ALL)
    frames: dict[str, list[tuple[Frame, float]]] = {}
    async with asyncio.timeout(60):
        while sum(f[-1][0].is_last for f in frames.values()) < 20:
            for message in await reader.fetch():
                frames.setdefault(message.subject, []).append((decode_frame(message.data), message.at))
    await reader.close()
    await asyncio.gather(*(peer.close() for peer, _, _ in sent))
    assert sum(path.lost for _, _, path in sent) > 10
    late = {"bad": [0.0], "good": [0.0]}
    for subject, track in frames.items():
        check([frame for frame, _ in track], 4.0)
        assert not any(frame.gap for frame, _ in track)
        began = senders[subject[subject.rindex(".") :]].began_at
        for frame, at in track[:-1]:
            end_s = frame.end_samples / SAMPLE_RATE_HZ
            late["bad" if end_s < 2.0 else "good"] += [at - began - end_s] if end_s < 2.0 or end_s > 3.0 else []
    for network, lags in late.items():
        median, worst = np.percentile(lags, [50, 95])
        print(f"20 tracks, {network} network: stored {1000 * median:.0f} ms late, p95 {1000 * worst:.0f} ms")
