"""The bus through connections that break, stall and go deaf."""

import asyncio
import os
import random
import time

import msgspec
import pytest

from contracts import subjects
from contracts.bus import Bus
from contracts.errors import Unavailable
from contracts.settings import BusSettings
from tests.faults.conftest import Report
from tests.faults.proxy import FaultProxy, Mode
from tests.servers import NatsServer

PATIENCE_S = 600 if os.environ.get("FAULTS_FULL") == "1" else 60
SUBJECT = subjects.audio("m1", "t1")


async def _through(proxy: FaultProxy, settings: BusSettings) -> Bus:
    return await Bus.connect(msgspec.structs.replace(settings, url=proxy.url, name="far"))


async def test_a_reader_delivers_each_message_once_over_a_connection_that_keeps_breaking(
    bus: Bus, bus_settings: BusSettings, nats_server: NatsServer, report: Report, full_size: bool
) -> None:
    count, rng = (20_000, random.Random(5)) if full_size else (2_000, random.Random(5))
    for n in range(count):
        await bus.append(SUBJECT, b"%d" % n + bytes(1900), msg_id=str(n))
    seen: list[int] = []
    breaks = 0
    async with FaultProxy(nats_server.port) as proxy, asyncio.timeout(PATIENCE_S):
        far = await _through(proxy, bus_settings)
        reader = far.reader(subjects.AUDIO_STREAM, SUBJECT)
        while len(seen) < count:
            if rng.random() < 0.2 and breaks < 40:
                # The request is on its way, the answers are, and then the line breaks.
                proxy.after_bytes(rng.randrange(1, 200_000))
                breaks += 1
            try:
                seen += [int(m.data.rstrip(b"\0")) for m in await reader.fetch(batch=100)]
            except Unavailable:
                await asyncio.sleep(0.05)
        await far.close()
    assert seen == list(range(count))
    report("F5", part="reader", messages=count, broken_connections=breaks)


async def test_a_reader_that_gets_no_answer_leaves_no_inbox_behind(
    bus: Bus, bus_settings: BusSettings, nats_server: NatsServer
) -> None:
    await bus.append(SUBJECT, b"1", msg_id="1")
    async with FaultProxy(nats_server.port) as proxy, asyncio.timeout(PATIENCE_S):
        far = await _through(proxy, bus_settings)
        reader, before = far.reader(subjects.AUDIO_STREAM, SUBJECT), far.inboxes
        assert len(await reader.fetch(batch=1)) == 1
        assert far.inboxes > before
        proxy.mode = Mode.HALF_OPEN
        with pytest.raises(Unavailable):
            await reader.fetch()
        left = far.inboxes
        proxy.mode = Mode.PASS
        proxy.drop()
        await far.close()
    assert left <= before + 1, "more than the inbox of answers"


@pytest.mark.parametrize("mode", [Mode.BLACKHOLE, Mode.HALF_OPEN])
async def test_f5_a_message_that_is_sent_again_after_a_silent_cut_is_stored_once(
    bus: Bus, bus_settings: BusSettings, nats_server: NatsServer, report: Report, mode: Mode
) -> None:
    async with FaultProxy(nats_server.port) as proxy, asyncio.timeout(PATIENCE_S):
        far = await _through(proxy, bus_settings)
        first = await far.append(SUBJECT, b"1", msg_id="1", expect_last=0)
        proxy.mode = mode
        asked_at = time.monotonic()
        with pytest.raises(Unavailable):
            await far.append(SUBJECT, b"2", msg_id="2", expect_last=first)
        noticed_s = time.monotonic() - asked_at
        proxy.mode = Mode.PASS
        proxy.drop()
        second = await _until_stored(far, first)
        third = await far.append(SUBJECT, b"3", msg_id="3", expect_last=second)
        await far.close()
    stored = await bus.read_until(subjects.AUDIO_STREAM, SUBJECT, 1, 2**62)
    assert [(m.seq, m.data) for m in stored] == [(first, b"1"), (second, b"2"), (third, b"3")]
    report("F5", part="append", mode=mode.value, noticed_s=round(noticed_s, 1))


async def _until_stored(far: Bus, first: int) -> int:
    while True:
        try:
            return await far.append(SUBJECT, b"2", msg_id="2", expect_last=first)
        except Unavailable:
            await asyncio.sleep(0.1)
