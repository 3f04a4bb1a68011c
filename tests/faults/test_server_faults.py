"""The bus server dies, loses power, runs out of disk: what was acknowledged is there, what was not is not claimed."""

import asyncio
import contextlib
import random
import time
from pathlib import Path

import pytest

from contracts import subjects
from contracts.archive import read_index
from contracts.audio import encode_frame
from contracts.bus import Bus
from contracts.errors import StorageFull, Unavailable
from contracts.settings import BusSettings
from tests.fakes.sound import frame
from tests.fakes.track import FakeTrack
from tests.faults.conftest import Report, StartWorker
from tests.faults.disks import CannotMount, DiskImage, PowerCutDisk, power_cut_disk, small_disk
from tests.faults.talk import PATIENCE_S, talk
from tests.faults.watch import LogWatch
from tests.servers import NatsServer

AUDIO = subjects.audio("m1", "t1")


def _settings(url: str) -> BusSettings:
    return BusSettings(url=url, name="test", audio_max_bytes=2**25, meeting_max_bytes=2**25)


@pytest.mark.parametrize("down_s", [2.0, 15.0])
async def test_f3_every_acknowledged_frame_survives_a_killed_server(
    bus: Bus, nats_server: NatsServer, start_worker: StartWorker, report: Report, full_size: bool, down_s: float
) -> None:
    if down_s > 2.0 and not full_size:
        down_s = 4.0  # longer than a lease lives, which is what matters
    worker = start_worker("a")
    async with talk(bus) as talking:
        watch = talking.watch
        await watch.more_finals(1)
        nats_server.kill()
        await asyncio.sleep(down_s)
        nats_server.start()
        await nats_server.ready()
        up_at = time.monotonic()
        live_again_s = (await watch.more_finals(1)).at - up_at
        await watch.more_finals(1)
    await talking.check()
    assert worker.alive
    report("F3", down_s=down_s, frames=talking.track.next_seq, live_again_s=round(live_again_s, 2))


async def test_f4_what_was_acknowledged_before_a_power_cut_is_there(
    tmp_path: Path, report: Report, full_size: bool
) -> None:
    cuts = 20 if full_size else 3
    rng = random.Random(4)
    acked_total = 0
    for n in range(cuts):
        acked, stored = await _power_cut(tmp_path / str(n), after_s=rng.uniform(0.2, 1.5), sync="always")
        assert stored[: len(acked)] == acked
        acked_total += len(acked)
    report("F4", cuts=cuts, acked=acked_total, lost=0)


async def test_f4_the_power_cut_would_show_a_server_that_acknowledges_too_early(tmp_path: Path) -> None:
    acked, stored = await _power_cut(tmp_path / "early", after_s=1.0, sync="2m")
    assert len(stored) < len(acked)


async def _power_cut(folder: Path, after_s: float, sync: str) -> tuple[list[int], list[int]]:
    """Publish, cut the power, boot what the disk holds: the frames acknowledged, and those that are there."""
    try:
        with power_cut_disk(folder) as disk:
            acked, image = await _publish_until_cut(folder, disk, after_s, sync)
        with image.mounted() as store:
            return acked, await _stored_after_reboot(folder, store, sync)
    except CannotMount as why:
        pytest.skip(str(why))


async def _publish_until_cut(
    folder: Path, disk: PowerCutDisk, after_s: float, sync: str
) -> tuple[list[int], DiskImage]:
    acked: list[int] = []
    server = NatsServer(folder, store=disk.path / "jetstream", sync=sync)
    server.start()
    await server.ready()
    bus = await Bus.connect(_settings(server.url))
    await bus.set_up()
    with contextlib.suppress(TimeoutError, StorageFull):
        async with asyncio.timeout(after_s):
            for seq in range(100_000):
                await bus.append(AUDIO, encode_frame(frame(seq)), msg_id=str(seq))
                acked.append(seq)
    server.freeze()
    image = disk.cut()
    server.kill()
    await bus.close()
    return acked, image


async def _stored_after_reboot(folder: Path, store: Path, sync: str) -> list[int]:
    server = NatsServer(folder, store=store / "jetstream", sync=sync)
    server.start()
    await server.ready()
    bus = await Bus.connect(_settings(server.url))
    await bus.set_up()
    stored = await bus.read_until(subjects.AUDIO_STREAM, AUDIO, 1, 2**62)
    await bus.close()
    server.kill()
    return [int(m.msg_id) for m in stored]


async def test_f7_a_full_disk_never_acknowledges_what_it_did_not_store(tmp_path: Path, report: Report) -> None:
    acked: list[int] = []
    try:
        with small_disk(tmp_path / "small", 24 * 1024**2) as disk:
            server = NatsServer(tmp_path, store=disk / "jetstream")
            server.start()
            await server.ready()
            bus = await Bus.connect(_settings(server.url))
            await bus.set_up()
            hog = disk / "hog"
            hog.write_bytes(bytes(20 * 1024**2))
            refused_s = await _publish_until_refused(bus, acked)
            hog.unlink()
            await bus.close()
            server.kill()  # as its supervisor does when the server says that it cannot write
            server.start()
            await server.ready()
            bus = await Bus.connect(_settings(server.url))
            stored = [int(m.msg_id) for m in await bus.read_until(subjects.AUDIO_STREAM, AUDIO, 1, 2**62)]
            await bus.append(AUDIO, encode_frame(frame(len(stored))), msg_id="after")
            await bus.close()
            server.kill()
    except CannotMount as why:
        pytest.skip(str(why))
    assert stored[: len(acked)] == acked
    report("F7", acked=len(acked), stored=len(stored), refused_after_s=round(refused_s, 2))


async def _publish_until_refused(bus: Bus, acked: list[int]) -> float:
    """Publish until the bus says no; returns how long that answer took."""
    for seq in range(100_000):
        asked_at = time.monotonic()
        try:
            await bus.append(AUDIO, encode_frame(frame(seq)), msg_id=str(seq))
        except (StorageFull, Unavailable):
            return time.monotonic() - asked_at
        acked.append(seq)
    raise AssertionError("the disk was never full")


async def test_f7_a_full_archive_holds_up_neither_captions_nor_the_bus(
    bus: Bus, start_worker: StartWorker, tmp_path: Path, report: Report
) -> None:
    track, audio = FakeTrack(bus), subjects.audio("m1", "t1")
    try:
        with small_disk(tmp_path / "archive", 1024**2) as disk:
            hog = disk / "hog"
            hog.write_bytes(bytes(1024**2 - 8192))
            await track.open()
            worker = start_worker("a")
            await track.speak(400)
            await track.end()
            watch = LogWatch(bus)
            async with asyncio.timeout(PATIENCE_S):
                await watch.follow()
                await worker.logged("recorder.waits")
                kept = await bus.read_until(subjects.AUDIO_STREAM, audio, 1, 2**62)
                hog.unlink()
                await track.closed()
            recorded = read_index(tmp_path / "archive", "m1", "t1")
            assert sum(e.samples for e in recorded) == track.end_sample
    except CannotMount as why:
        pytest.skip(str(why))
    await track.check()
    assert len(kept) == len(track.published)
    report("F7", archive="full", frames_kept_on_the_bus=len(kept), frames=len(track.published))
