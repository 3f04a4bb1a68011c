"""Many who read along, and one who does not: nobody misses a final, and the slow one harms nobody."""

import asyncio
import json
import os
import socket
import time
from dataclasses import dataclass, field

import httpx
import websockets

from contracts import subjects
from contracts.bus import Bus
from contracts.records import encode
from contracts.transcript import Segment, SegmentFinal
from tests.faults.audience import Reader
from tests.faults.conftest import Report, StartGateway
from tests.faults.processes import GatewayProcess
from tests.servers import NatsServer

PATIENCE_S = 1800 if os.environ.get("FAULTS_FULL") == "1" else 120
PER_SECOND = 5


@dataclass
class Audience:
    """A meeting, and those who read along."""

    gateway: GatewayProcess
    meeting: str
    track: str
    sent_at: dict[str, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.gateway.url.replace('http', 'ws', 1)}/v1/meetings/{self.meeting}/feed"

    async def ticket(self, http: httpx.AsyncClient) -> str:
        answer = await http.post("/v1/auth/tickets", json={"meeting": self.meeting, "scope": "feed"})
        answer.raise_for_status()
        return str(answer.json()["ticket"])


async def test_f15_f16_readers_get_every_final_while_a_slow_one_is_left_behind(
    bus: Bus, nats_server: NatsServer, start_gateway: StartGateway, report: Report, full_size: bool
) -> None:
    readers, seconds = (1000, 600) if full_size else (60, 4)
    gateway = start_gateway("gateway", GATEWAY_TICKETS_PER_MINUTE="100000", GATEWAY_SOCKETS_PER_MINUTE="100000")
    await gateway.ready()
    headers = {"authorization": f"Bearer {gateway.token}"}
    async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=30) as http:
        meeting = (await http.post("/v1/meetings", json={"title": "Many"})).json()["id"]
        track = (await http.post(f"/v1/meetings/{meeting}/tracks", json={"source": "mic"})).json()["track"]
        audience = Audience(gateway, meeting, track)
        async with asyncio.timeout(PATIENCE_S):
            before, consumers = gateway.rss_bytes(), await _consumers(nats_server)
            seen, cores = await _run(audience, http, bus, readers, seconds * PER_SECOND)
            assert await _consumers(nats_server) <= consumers + 1, "readers cost the bus something"
            rss = gateway.rss_bytes()
        for reader in seen:
            reader.close()
        assert (await http.get("/health/live")).status_code == 200
    expected = [s for s in audience.sent_at if s.startswith("final")]
    assert all(r.seen == expected for r in seen)
    late = sorted(d for r in seen for d in r.late_s)
    report(
        "F15/F16",
        readers=readers,
        finals=len(expected),
        fan_out_p50_ms=round(1000 * late[len(late) // 2]),
        fan_out_p95_ms=round(1000 * late[int(len(late) * 0.95)]),
        fan_out_p99_ms=round(1000 * late[int(len(late) * 0.99)]),
        gateway_cores=round(cores, 2),
        rss_before_readers_mb=round(before / 2**20),
        gateway_rss_mb=round(rss / 2**20),
    )


async def _consumers(server: NatsServer) -> int:
    """How many consumers the log of meetings has; those of the buckets come and go with the looks at open work."""
    async with httpx.AsyncClient() as http:
        accounts = (await http.get(f"http://127.0.0.1:{server.monitor}/jsz?streams=true")).json()["account_details"]
    streams = [stream for account in accounts for stream in account["stream_detail"]]
    return int(next(s["state"]["consumer_count"] for s in streams if s["name"] == subjects.MEETING_STREAM))


async def _run(
    audience: Audience, http: httpx.AsyncClient, bus: Bus, readers: int, finals: int
) -> tuple[list[Reader], float]:
    """The readers, and how many cores the gateway used while the finals went out."""
    slow = await _deaf(audience, http)
    seen = []
    for _ in range(readers):
        ticket = await audience.ticket(http)
        seen.append(await Reader.connect(audience.url, ticket, finals, audience.sent_at.__getitem__))
    began, used_s = time.monotonic(), audience.gateway.cpu_s()
    await _write(audience, bus, finals)
    await asyncio.gather(*(reader.done for reader in seen))
    cores = (audience.gateway.cpu_s() - used_s) / (time.monotonic() - began)
    slow.transport.abort()
    return seen, cores


async def _deaf(audience: Audience, http: httpx.AsyncClient) -> websockets.ClientConnection:
    """A subscriber with a tiny buffer that never reads again."""
    slow = await websockets.connect(audience.url, compression=None, max_queue=4, open_timeout=30)
    await slow.send(json.dumps({"type": "subscribe", "ticket": await audience.ticket(http)}))
    slow.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.transport.pause_reading()
    return slow


async def _write(audience: Audience, bus: Bus, finals: int) -> None:
    """Finals of the size of real ones at an even pace."""
    subject = subjects.transcript(audience.meeting, audience.track)
    start = time.monotonic()
    for n in range(finals):
        await asyncio.sleep(max(0.0, start + n / PER_SECOND - time.monotonic()))
        segment = Segment(
            f"final-{n:05d}", audience.track, n / PER_SECOND, (n + 1) / PER_SECOND, "word " * 30, final=True
        )
        audience.sent_at[segment.id] = time.monotonic()
        await bus.append(subject, encode(SegmentFinal(audience.meeting, segment)), msg_id=segment.id)
