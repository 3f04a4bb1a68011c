"""The bus against a real nats-server."""

import asyncio
import time

import nats
import pytest

from contracts import subjects
from contracts.bus import Bus
from contracts.errors import Fenced, StorageFull, Unavailable
from contracts.settings import BusSettings
from tests.servers import NatsServer

SUBJECT = subjects.transcript("m1", "t1")


async def test_fenced_append_accepts_the_expected_writer_only(bus: Bus) -> None:
    first = await bus.append(SUBJECT, b"1", msg_id="a", expect_last=0)
    second = await bus.append(SUBJECT, b"2", msg_id="b", expect_last=first)
    with pytest.raises(Fenced):
        await bus.append(SUBJECT, b"x", msg_id="c", expect_last=first)
    last = await bus.last(subjects.MEETING_STREAM, SUBJECT)
    assert last is not None
    assert (last.seq, last.data, last.msg_id) == (second, b"2", "b")


async def test_retry_of_an_own_append_is_not_fenced(bus: Bus) -> None:
    first = await bus.append(SUBJECT, b"1", msg_id="a", expect_last=0)
    assert await bus.append(SUBJECT, b"1", msg_id="a", expect_last=0) == first


async def test_last_of_an_empty_subject_is_none(bus: Bus) -> None:
    assert await bus.last(subjects.MEETING_STREAM, SUBJECT) is None


async def test_full_stream_refuses_and_stores_nothing(nats_server: NatsServer) -> None:
    small = await Bus.connect(
        BusSettings(url=nats_server.url, name="small", audio_max_bytes=100_000, meeting_max_bytes=10_000_000)
    )
    await small.set_up()
    audio = subjects.audio("m1", "t1")
    accepted = 0

    async def fill() -> None:
        nonlocal accepted
        for n in range(100):
            await small.append(audio, bytes(2000), msg_id=str(n))
            accepted += 1

    with pytest.raises(StorageFull):
        await fill()
    stored = await small.read_until(subjects.AUDIO_STREAM, audio, 1, 10_000)
    assert len(stored) == accepted
    await small.close()


async def test_reader_delivers_once_in_order_across_a_kill(bus: Bus, nats_server: NatsServer) -> None:
    reader = bus.reader(subjects.MEETING_STREAM, SUBJECT)
    seen: list[bytes] = []
    for n in range(30):
        await bus.append(SUBJECT, b"%d" % n, msg_id=str(n))
    while len(seen) < 30:
        seen += [m.data for m in await reader.fetch()]
    nats_server.kill()
    nats_server.start()
    await nats_server.ready()
    for n in range(30, 60):
        await _until_up(bus, n)
    for _ in range(30):
        try:
            seen += [m.data for m in await reader.fetch()]
        except Unavailable:
            await asyncio.sleep(0.2)
        if len(seen) == 60:
            break
    assert [int(d) for d in seen] == list(range(60))


async def _until_up(bus: Bus, n: int) -> None:
    for _ in range(50):
        try:
            await bus.append(SUBJECT, b"%d" % n, msg_id=str(n))
        except Unavailable:
            await asyncio.sleep(0.2)
        else:
            return
    raise AssertionError("the server did not come back")


async def test_read_until_is_bounded_on_both_sides(bus: Bus) -> None:
    seqs = [await bus.append(SUBJECT, b"%d" % n, msg_id=str(n)) for n in range(10)]
    await bus.append(subjects.notes("m1"), b"other", msg_id="o")
    part = await bus.read_until(subjects.MEETING_STREAM, SUBJECT, seqs[2], seqs[5])
    assert [m.data for m in part] == [b"2", b"3", b"4", b"5"]
    assert await bus.read_until(subjects.MEETING_STREAM, SUBJECT, seqs[9] + 1, 10**9) == []


async def test_lease_has_one_holder_and_passes_on_release_and_expiry(bus: Bus) -> None:
    mine, theirs = bus.lease("track.m.t", "a"), bus.lease("track.m.t", "b")
    assert await mine.acquire()
    assert not await theirs.acquire()
    await mine.renew()
    assert mine.fresh(time.monotonic())
    await mine.release()
    assert await theirs.acquire()
    with pytest.raises(Fenced):
        await mine.renew()
    await asyncio.sleep(subjects.LEASE_TTL_S + 1.0)
    assert not theirs.fresh(time.monotonic())
    third = bus.lease("track.m.t", "c")
    assert await third.acquire()
    with pytest.raises(Fenced):
        await theirs.renew()


async def test_snapshot_and_entries_show_live_keys_and_deletions(bus: Bus) -> None:
    await bus.put(subjects.WORK_BUCKET, "track.m.a", b"1")
    await bus.put(subjects.WORK_BUCKET, "track.m.b", b"2")
    await bus.delete(subjects.WORK_BUCKET, "track.m.a")
    assert list(await bus.snapshot(subjects.WORK_BUCKET)) == ["track.m.b"]
    seen: dict[str, bytes | None] = {}
    async with asyncio.timeout(5):
        async for entry in bus.entries(subjects.WORK_BUCKET):
            seen[entry.key] = entry.value
            if entry.key == "track.m.b" and entry.value is not None:
                await bus.delete(subjects.WORK_BUCKET, "track.m.b")
            elif entry.key == "track.m.b":
                break
    assert seen["track.m.b"] is None


async def test_live_messages_reach_a_subscriber(bus: Bus) -> None:
    got: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def handle(subject: str, data: bytes) -> None:
        await got.put((subject, data))

    await bus.subscribe_live(subjects.LIVE_ALL, handle)
    await bus.publish_live(subjects.live("m1", "t1"), b"hello")
    assert await asyncio.wait_for(got.get(), 5) == ("live.m1.t1", b"hello")


async def test_a_reader_whose_consumer_was_removed_goes_on_where_it_was(bus: Bus, nats_server: NatsServer) -> None:
    await bus.append(SUBJECT, b"0", msg_id="0")
    reader = bus.reader(subjects.MEETING_STREAM, SUBJECT)
    assert [m.data for m in await reader.fetch()] == [b"0"]
    client = await nats.connect(nats_server.url)
    manager = client.jsm()
    for consumer in await manager.consumers_info(subjects.MEETING_STREAM):
        await manager.delete_consumer(subjects.MEETING_STREAM, consumer.name)
    await client.close()
    await bus.append(SUBJECT, b"1", msg_id="1")
    seen = [m.data for _ in range(5) for m in await reader.fetch(timeout_s=0.2)]
    await reader.close()
    assert seen == [b"1"]
