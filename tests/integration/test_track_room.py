"""A worker has room again for each track that ended, however its end met the news of it."""

import asyncio
import random

import msgspec

from contracts import subjects
from contracts.bus import Bus, Lease
from contracts.live import TrackWork
from stream_workers.claims import Claims
from stream_workers.leases import TrackLeases

TRACKS = 12


async def test_a_worker_takes_track_after_track_with_room_for_one(bus: Bus) -> None:
    finished: list[str] = []
    enough = asyncio.Event()

    async def run_track(work: TrackWork, lease: Lease) -> None:
        finished.append(work.track)
        if len(finished) == TRACKS:
            enough.set()
        await bus.delete(subjects.WORK_BUCKET, subjects.track_work(work.meeting, work.track))
        await asyncio.sleep(0.05 if len(finished) % 2 else 0.0)  # the watcher is told before its end, or after it

    leases = TrackLeases(bus, "worker", Claims("worker", 1, random.Random(1)), run_track)
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(leases.serve())
        for n in range(TRACKS):
            work = TrackWork("m1", f"t{n}", 0.0)
            await bus.put(subjects.WORK_BUCKET, subjects.track_work("m1", work.track), msgspec.json.encode(work))
        await enough.wait()
        serving.cancel()
    assert sorted(finished) == sorted(f"t{n}" for n in range(TRACKS))
