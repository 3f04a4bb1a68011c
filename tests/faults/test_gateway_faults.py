"""From a client through a gateway, the bus and a worker into SQL, while the connection or a process breaks."""

import asyncio
import contextlib
import json
import os
import random
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from contracts import subjects
from contracts.audio import FRAME_SAMPLES, Frame, encode_frame
from contracts.bus import Bus
from contracts.records import decode
from contracts.transcript import SegmentFinal, TrackGap
from tests.fakes.ledger import check_complete, read_ledger, records_of
from tests.fakes.sound import frame
from tests.faults.conftest import Report, StartGateway, StartWorker
from tests.faults.microphone import SESSION, Microphone
from tests.faults.processes import GatewayProcess
from tests.faults.proxy import FaultProxy, Mode
from tests.faults.watch import LogWatch
from tests.servers import NatsServer

PATIENCE_S = 600 if os.environ.get("FAULTS_FULL") == "1" else 90


@dataclass
class Meeting:
    """A meeting that is being recorded, and what sees its log."""

    id: str
    track: str
    offset_s: float
    gateway: GatewayProcess
    microphone: Microphone
    watch: LogWatch


def owner_of(gateway: GatewayProcess) -> httpx.AsyncClient:
    """HTTP as the owner."""
    headers = {"authorization": f"Bearer {gateway.token}"}
    return httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=10)


@contextlib.asynccontextmanager
async def recorded(bus: Bus, gateway: GatewayProcess, frames: int) -> AsyncIterator[Meeting]:
    """Records ``frames`` frames while the block does harm; leaves when the track is finished."""
    await gateway.ready()
    async with owner_of(gateway) as http:
        meeting = (await http.post("/v1/meetings", json={"title": "Fault"})).json()["id"]
        added = (await http.post(f"/v1/meetings/{meeting}/tracks", json={"source": "mic"})).json()
        track = added["track"]
    microphone = Microphone(gateway.url, gateway.token, meeting, track, frames)
    watch = LogWatch(bus, meeting, track)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(watch.follow())
        tasks.create_task(microphone.record())
        yield Meeting(meeting, track, added["offset_s"], gateway, microphone, watch)


async def check_all(bus: Bus, meeting: Meeting, frames: int) -> None:
    """Every captured frame is in the log once, and SQL is what the log says."""
    stored = await records_of(bus, meeting.id, meeting.track)
    ledger = read_ledger(stored, {}, meeting.offset_s)
    check_complete(ledger, frames * FRAME_SAMPLES)
    expected = [r.segment for m in stored if isinstance(r := decode(m.data), SegmentFinal)]
    gaps = [(r.start, r.end, r.cause) for m in stored if isinstance(r := decode(m.data), TrackGap)]
    async with asyncio.timeout(PATIENCE_S):
        shown = await _shown(meeting, stored[-1].seq)
    assert [(s["id"], s["text"], s["start"], s["end"]) for s in shown["segments"]] == [
        (s.id, s.text, s.start, s.end) for s in expected
    ]
    assert [(g["start"], g["end"], g["cause"]) for g in shown["gaps"]] == gaps


async def _shown(meeting: Meeting, seq: int) -> dict[str, Any]:
    """The transcript as the gateway serves it, once it is complete up to ``seq``."""
    async with owner_of(meeting.gateway) as http:
        while True:
            answer = await http.get(f"/v1/meetings/{meeting.id}/transcript")
            if answer.status_code == 200 and answer.json()["seq"] >= seq:
                shown: dict[str, Any] = answer.json()
                return shown
            await asyncio.sleep(0.2)


async def test_f11_a_lost_connection_and_a_killed_gateway_lose_no_frame(
    bus: Bus, start_gateway: StartGateway, start_worker: StartWorker, report: Report, full_size: bool
) -> None:
    frames, rounds = (1000, 5) if full_size else (180, 1)
    gateway = start_gateway("gateway")
    start_worker("worker")
    async with recorded(bus, gateway, frames) as meeting:
        for _ in range(rounds):
            await meeting.watch.more_finals(1)
            await meeting.microphone.drop()
            await meeting.watch.more_finals(1)
            gateway.kill()
            await asyncio.sleep(1.0)
            gateway.start()
            await gateway.ready()
            await meeting.watch.more_finals(1)
    await check_all(bus, meeting, frames)
    assert meeting.microphone.connections >= 1 + 2 * rounds
    report(
        "F11",
        frames=frames,
        connections=meeting.microphone.connections,
        longest_unsafe_s=round(meeting.microphone.longest_unsafe_s, 1),
    )


async def test_f3_everything_behind_a_gateway_survives_a_killed_server(
    bus: Bus, nats_server: NatsServer, start_gateway: StartGateway, start_worker: StartWorker, report: Report
) -> None:
    frames = 200
    gateway = start_gateway("gateway")
    start_worker("worker")
    async with recorded(bus, gateway, frames) as meeting:
        await meeting.watch.more_finals(1)
        nats_server.kill()
        await asyncio.sleep(4.0)
        nats_server.start()
        await meeting.watch.more_finals(1)
    await check_all(bus, meeting, frames)
    assert gateway.alive
    report("F3", through="gateway", down_s=4.0, longest_unsafe_s=round(meeting.microphone.longest_unsafe_s, 1))


def _forget_databases(folder: Path) -> None:
    for file in folder.glob("*.db*"):
        file.unlink()


@pytest.mark.parametrize("mode", [Mode.BLACKHOLE, Mode.HALF_OPEN])
async def test_f5_a_gateway_that_is_cut_off_from_the_bus_acknowledges_nothing_and_goes_on(
    bus: Bus,
    nats_server: NatsServer,
    start_gateway: StartGateway,
    start_worker: StartWorker,
    report: Report,
    full_size: bool,
    mode: Mode,
) -> None:
    if mode is Mode.HALF_OPEN and not full_size:
        pytest.skip("only at full size")
    frames, cut_s = (500, 10.0) if full_size else (180, 4.0)
    async with FaultProxy(nats_server.port) as proxy:
        gateway = start_gateway("gateway", proxy.url)
        start_worker("worker")
        async with recorded(bus, gateway, frames) as meeting:
            await meeting.watch.more_finals(1)
            before = gateway.rss_bytes()
            proxy.mode = mode
            await asyncio.sleep(cut_s)
            grown = gateway.rss_bytes() - before
            proxy.mode = Mode.PASS
            proxy.drop()
            await meeting.watch.more_finals(1)
        await check_all(bus, meeting, frames)
    assert grown < 30 * 2**20
    report(
        "F5",
        mode=mode.value,
        cut_s=cut_s,
        rss_growth_mb=round(grown / 2**20, 1),
        longest_unsafe_s=round(meeting.microphone.longest_unsafe_s, 1),
    )


async def test_f8_a_projection_made_again_is_the_same(
    bus: Bus, start_gateway: StartGateway, start_worker: StartWorker, tmp_path: Path, report: Report
) -> None:
    frames = 120
    gateway = start_gateway("gateway")
    start_worker("worker")
    async with recorded(bus, gateway, frames) as meeting:
        pass
    await check_all(bus, meeting, frames)
    first = await _shown(meeting, 0)
    gateway.kill()
    _forget_databases(tmp_path)
    gateway.start()
    await gateway.ready()
    last = await bus.last(subjects.MEETING_STREAM, subjects.transcript(meeting.id, meeting.track))
    assert last is not None
    async with asyncio.timeout(PATIENCE_S):
        again = await _shown(meeting, last.seq)
    assert again == first
    report("F8", records=last.seq, equal=True)


async def test_f8_a_locked_database_delays_the_projection_and_nothing_else(
    bus: Bus, start_gateway: StartGateway, start_worker: StartWorker, tmp_path: Path, report: Report, full_size: bool
) -> None:
    locked_s, frames = (30.0, 700) if full_size else (6.5, 180)  # longer than a writer waits
    gateway = start_gateway("gateway")
    start_worker("worker")
    async with recorded(bus, gateway, frames) as meeting:
        await meeting.watch.more_finals(1)
        with contextlib.closing(sqlite3.connect(tmp_path / "rapporteur.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            before = meeting.watch.finals
            await asyncio.sleep(locked_s)
            written = meeting.watch.finals - before
            delayed = gateway.events("projection.delayed")
    await check_all(bus, meeting, frames)
    assert written > 0, "the words waited for the database"
    assert delayed, "the database was not locked for long enough to be noticed"
    assert meeting.microphone.connections == 1
    report(
        "F8",
        locked_s=locked_s,
        finals_meanwhile=written,
        longest_unsafe_s=round(meeting.microphone.longest_unsafe_s, 1),
    )


async def test_f12_disorder_and_repetition_change_nothing_and_lost_frames_are_a_gap(
    bus: Bus, start_gateway: StartGateway, start_worker: StartWorker, report: Report, full_size: bool
) -> None:
    frames, lost = (1500 if full_size else 150), range(50, 55)
    gateway = start_gateway("gateway", GATEWAY_GAP_WAIT_S="0.5")
    start_worker("worker")
    await gateway.ready()
    async with owner_of(gateway) as http:
        meeting = (await http.post("/v1/meetings", json={"title": "Disorder"})).json()["id"]
        added = (await http.post(f"/v1/meetings/{meeting}/tracks", json={"source": "mic"})).json()
        track = added["track"]
        ticket = (await http.post("/v1/auth/tickets", json={"meeting": meeting, "scope": "audio"})).json()["ticket"]
    watch = LogWatch(bus, meeting, track)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(watch.follow())
        tasks.create_task(_send_disorderly(gateway, meeting, track, ticket, _disorder(frames, lost)))
    stored = await records_of(bus, meeting, track)
    ledger = read_ledger(stored, {}, added["offset_s"])
    check_complete(ledger, frames * FRAME_SAMPLES, ((50 * FRAME_SAMPLES, 55 * FRAME_SAMPLES, "network"),))
    report("F12", frames=frames, lost=len(lost), gaps=ledger.gaps)


def _disorder(frames: int, lost: range) -> list[Frame]:
    """Each frame three times, up to ten places from where it belongs, and some never."""
    rng = random.Random(12)
    copies = [seq for seq in range(frames) for _ in range(3) if seq not in lost]
    mixed = sorted(copies, key=lambda seq: seq + rng.uniform(0, 10))
    return [*(frame(seq, session=SESSION) for seq in mixed), frame(frames, session=SESSION, last=True)]


async def _send_disorderly(gateway: GatewayProcess, meeting: str, track: str, ticket: str, frames: list[Frame]) -> None:
    url = f"{gateway.url.replace('http', 'ws', 1)}/v1/meetings/{meeting}/audio"
    async with websockets.connect(url, compression=None) as socket:
        hello = {"type": "hello", "ticket": ticket, "track": track, "session": SESSION, "next_seq": 0}
        await socket.send(json.dumps(hello))
        for sound in frames:
            await socket.send(encode_frame(sound))
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                message = json.loads(await socket.recv())
                if message["type"] == "ack" and message["upto"] >= frames[-1].seq:
                    return
