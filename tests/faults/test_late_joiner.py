"""Somebody joins a long meeting late: the whole state comes at once, also from a gateway that has just started."""

import asyncio
import json
import time

import httpx
import websockets

from contracts import subjects
from contracts.bus import Bus
from contracts.notes import Evidence, NoteItem, NotesCheckpoint, NotesUpdated
from contracts.records import Record, encode
from contracts.transcript import Segment, SegmentFinal, Word
from tests.faults.conftest import Report, StartGateway
from tests.faults.processes import GatewayProcess

PATIENCE_S = 180.0
AT_ONCE = 32
EVERY_S = 0.7
"""A final every so often makes 15,400 in three hours."""


def _records(meeting: str, track: str, hours: float) -> list[tuple[str, Record]]:
    records: list[tuple[str, Record]] = []
    for n in range(int(hours * 3600 / EVERY_S)):
        start = n * EVERY_S
        words = tuple(Word(f"word{k}", start + k / 10, start + (k + 1) / 10, 0.9) for k in range(6))
        text = " ".join(word.w for word in words)
        segment = Segment(f"{track}-{n:06d}", track, start, start + EVERY_S, text, words, final=True)
        records.append((subjects.transcript(meeting, track), SegmentFinal(meeting, segment)))
        if n % 50 == 49:
            evidence = (Evidence(segment.id, text, start, start + EVERY_S),)
            item = NoteItem(f"i{n}", "action", "Somebody does what was said", evidence=evidence)
            records.append((subjects.notes(meeting), NotesUpdated(meeting, NotesCheckpoint(), (item,))))
    return records


async def _fill(bus: Bus, records: list[tuple[str, Record]]) -> int:
    """Appends all in order of subject; the last sequence."""
    newest = 0
    for n in range(0, len(records), AT_ONCE):
        part = records[n : n + AT_ONCE]
        seqs = await asyncio.gather(*(bus.append(s, encode(r), msg_id=subjects.new_id()) for s, r in part))
        newest = max(newest, *seqs)
    return newest


async def _join(gateway: GatewayProcess, http: httpx.AsyncClient, meeting: str) -> tuple[float, str]:
    """Seconds from the connection to the whole snapshot, and the snapshot."""
    answer = await http.post(f"{gateway.url}/v1/auth/tickets", json={"meeting": meeting, "scope": "feed"})
    began = time.monotonic()
    url = f"{gateway.url.replace('http', 'ws', 1)}/v1/meetings/{meeting}/feed"
    async with websockets.connect(url, max_size=None) as feed:
        await feed.send(json.dumps({"type": "subscribe", "ticket": answer.json()["ticket"]}))
        text = str(await feed.recv())
    return time.monotonic() - began, text


async def test_a_late_joiner_has_the_whole_state_at_once(
    quick_bus: tuple[Bus, str], start_gateway: StartGateway, report: Report, full_size: bool
) -> None:
    bus, url = quick_bus
    async with asyncio.timeout(PATIENCE_S * (5 if full_size else 1)):
        await _late_joiner(bus, start_gateway("gateway", url), report, 3.0 if full_size else 0.1)


async def _late_joiner(bus: Bus, gateway: GatewayProcess, report: Report, hours: float) -> None:
    await gateway.ready()
    headers = {"authorization": f"Bearer {gateway.token}"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        meeting = (await http.post(f"{gateway.url}/v1/meetings", json={"title": "Long"})).json()["id"]
        track = (await http.post(f"{gateway.url}/v1/meetings/{meeting}/tracks", json={"source": "mic"})).json()["track"]
        records = _records(meeting, track, hours)
        newest = await _fill(bus, records)
        while (await http.get(f"{gateway.url}/v1/meetings/{meeting}/notes")).json()["seq"] < newest:  # noqa: ASYNC110
            await asyncio.sleep(1.0)
        gateway.kill()
        gateway.start()
        await gateway.ready()
        cold_s, text = await _join(gateway, http, meeting)
        warm_s, again = await _join(gateway, http, meeting)
    state, repeated = json.loads(text), json.loads(again)
    finals = [record for _, record in records if isinstance(record, SegmentFinal)]
    assert [segment["id"] for segment in state["segments"]] == [final.segment.id for final in finals]
    assert len(state["notes"]) == len(records) - len(finals)
    assert (state["seq"], repeated["seq"]) == (newest, newest)
    figures = {"cold_ms": round(1000 * cold_s), "warm_ms": round(1000 * warm_s), "snapshot_kb": len(text) // 1024}
    report("late joiner", segments=len(finals), notes=len(records) - len(finals), **figures)
    print(len(finals), figures)
