"""Pools of workers that grow, shrink and restart, sound that kills, clocks that lie, long runs."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from contracts import subjects
from contracts.bus import Bus
from contracts.errors import Unavailable
from contracts.records import decode
from tests.fakes.sound import frame
from tests.fakes.track import FakeTrack
from tests.fakes.transcriber import CYCLE
from tests.faults.conftest import Report, StartWorker
from tests.faults.processes import WorkerProcess
from tests.faults.publisher import Speaker
from tests.faults.talk import PATIENCE_S, talk
from tests.faults.watch import LogWatch

R = TypeVar("R")


async def test_f19_a_rolling_restart_stalls_no_track_for_long_and_loses_nothing(
    bus: Bus, start_worker: StartWorker, report: Report, full_size: bool
) -> None:
    count = 12 if full_size else 4
    tracks = [FakeTrack(bus, track=f"t{n}") for n in range(count)]
    watches = [LogWatch(bus, track=f"t{n}") for n in range(count)]
    speakers = [Speaker(track) for track in tracks]
    workers = [start_worker(name, WORKER_MAX_TRACKS=str(count)) for name in "abc"]
    handovers: list[float] = []
    async with asyncio.timeout(PATIENCE_S * (4 if full_size else 1)), asyncio.TaskGroup() as tasks:
        for worker in workers:
            await worker.ready()
        for track, watch, speaker in zip(tracks, watches, speakers, strict=True):
            await track.open()
            tasks.create_task(watch.follow())
            tasks.create_task(speaker.speak())
        await _all_move(watches)
        spread = _spread(watches)
        for worker in (workers[0], workers[1]):  # 3 -> 1
            handovers += await _hand_over(worker, watches)
        await _all_move(watches)
        for worker in (workers[0], workers[1]):  # 1 -> 3
            worker.start()
        for worker in workers:  # rolling restart
            await worker.ready()
            handovers += await _hand_over(worker, watches)
            worker.start()
            await _all_move(watches)
        for speaker in speakers:
            speaker.stop()
        for track in tracks:
            await track.closed()
    for track in tracks:
        await track.check()
    handovers.sort()
    report(
        "F19",
        tracks=count,
        spread=spread,
        handovers=len(handovers),
        handover_p50_s=round(handovers[len(handovers) // 2], 2),
        handover_max_s=round(handovers[-1], 2),
        longest_silence_s=round(max(_silences(watches)), 2),
    )


async def _all_move(watches: list[LogWatch]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for watch in watches:
            tasks.create_task(watch.more_finals(1))


def _spread(watches: list[LogWatch]) -> list[int]:
    owners = [w.owner for w in watches]
    return sorted(owners.count(o) for o in set(owners))


def _silences(watches: list[LogWatch]) -> list[float]:
    return [b.at - a.at for w in watches for a, b in pairwise(w.seen)]


async def _hand_over(worker: WorkerProcess, watches: list[LogWatch]) -> list[float]:
    """Stop a worker; the seconds until the bus had the first word of each track's next owner."""
    left = [w for w in watches if w.owner == worker.owner]
    asked_at, owner = time.time(), worker.owner
    stopping = asyncio.create_task(asyncio.to_thread(worker.stop))
    taken = [(await w.new_owner(owner)).stored_at for w in left]
    assert await stopping == 0
    return [at - asked_at for at in taken]


async def test_f20_sound_that_kills_every_worker_becomes_a_gap(
    bus: Bus, start_worker: StartWorker, report: Report
) -> None:
    track, watch = FakeTrack(bus), LogWatch(bus)
    await track.open()
    await track.speak(200)
    await track.end()
    deadly = {"FAKE_DEADLY": "100"}
    worker = start_worker("a", **deadly)
    started = time.monotonic()
    starts = 1
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(watch.follow())
        closed = tasks.create_task(track.closed())
        while not closed.done():
            await asyncio.wait({closed}, timeout=0.1)
            if not worker.alive:  # as the supervisor does
                worker.start()
                starts += 1
    ledger = await track.ledger()
    assert ledger.finished
    [(start, _, cause)] = ledger.gaps
    assert cause == "undecodable"
    assert start % CYCLE == 0
    report("F20", starts=starts, seconds=round(time.monotonic() - started, 1))


async def test_f14_wrong_clocks_change_nothing(bus: Bus, start_worker: StartWorker, report: Report) -> None:
    async with talk(bus) as talking:
        watch = talking.watch
        early = start_worker("early", FAKE_CLOCK_S="-3600", FAKE_JUMP_S="5")
        await watch.more_finals(1)
        start_worker("late", FAKE_CLOCK_S="3600", FAKE_JUMP_S="5")
        killed_at = time.monotonic()
        early.kill()
        taken = await watch.new_owner(watch.owner)
        await watch.more_finals(2)
    ledger = await talking.check()
    assert ledger.epochs == 2
    report("F14", skew_s="-3600 and +3600, jumping by 5", takeover_s=round(taken.at - killed_at, 2))


async def test_f18_a_long_run_keeps_memory_and_descriptors_flat(
    quick_bus: tuple[Bus, str], start_worker: StartWorker, tmp_path: Path, report: Report, full_size: bool
) -> None:
    bus, url = quick_bus
    minutes, count = (int(os.environ.get("FAULTS_MINUTES", "30")), 8) if full_size else (3, 2)
    patience_s = 1800 if full_size else PATIENCE_S  # a long run shares the machine, and may be frozen for a while
    tracks = [FakeTrack(bus, track=f"t{n}") for n in range(count)]
    worker = start_worker("a", url, WORKER_SEGMENT_S="30")
    figures: list[tuple[int, int]] = []
    await worker.ready()
    for track in tracks:
        await track.open()
    for _ in range(minutes):
        async with asyncio.timeout(patience_s), asyncio.TaskGroup() as tasks:
            for track in tracks:
                tasks.create_task(_a_minute_of(track))
        await _insist(lambda: _caught_up(bus, tracks))
        figures.append((worker.rss_bytes(), worker.descriptors()))
    async with asyncio.timeout(patience_s):
        for track in tracks:
            await _insist(track.end)
        for track in tracks:
            await track.closed()
        for track in tracks:
            await _insist(track.check)
        used, _ = await _insist(lambda: bus.used_bytes(subjects.AUDIO_STREAM))
    settled = figures[len(figures) // 4]
    assert figures[-1][1] <= settled[1] + 5
    assert figures[-1][0] < settled[0] + 8 * 2**20
    report(
        "F18",
        minutes=minutes,
        tracks=count,
        rss_mb=[round(f[0] / 2**20, 1) for f in (figures[0], settled, figures[-1])],
        rss_slope_mb_per_h=round(_slope([f[0] / 2**20 for f in figures[len(figures) // 2 :]]) * 60, 2),
        descriptors=[f[1] for f in (figures[0], settled, figures[-1])],
        audio_stream_bytes_left=used,
        archive_bytes=sum(p.stat().st_size for p in (tmp_path / "archive").rglob("*.flac")),
    )


async def _insist(call: Callable[[], Awaitable[R]]) -> R:
    """The answer of the bus, which may be frozen for a while."""
    while True:
        try:
            return await call()
        except Unavailable:
            await asyncio.sleep(1.0)


async def _a_minute_of(track: FakeTrack) -> None:
    for _ in range(1000):
        await _insist(lambda: track.send(frame(track.next_seq)))
        track.next_seq += 1


def _slope(values: list[float]) -> float:
    """By least squares, for each step."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    spread = sum((n - middle) ** 2 for n in range(len(values)))
    return sum((n - middle) * (v - mean) for n, v in enumerate(values)) / spread if spread else 0.0


async def _caught_up(bus: Bus, tracks: list[FakeTrack]) -> None:
    """Return when the workers are within three seconds of the sound."""
    for track in tracks:
        while True:
            last = await bus.last(subjects.MEETING_STREAM, subjects.transcript("m1", track.work.track))
            if last is not None and track.end_sample - _position(last.data) < 3 * 16000:
                break
            await asyncio.sleep(0.1)


def _position(data: bytes) -> int:
    checkpoint = getattr(decode(data), "checkpoint", None)
    return checkpoint.samples if checkpoint else 0
