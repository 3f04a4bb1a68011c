"""The worker process: one engine, one owner for each track that it holds."""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable

from contracts import log, service, settings, subjects
from contracts.bus import Bus, Lease
from contracts.errors import Unavailable
from contracts.live import TrackWork
from contracts.settings import BusSettings
from stream_workers.claims import Claims
from stream_workers.health import report_all
from stream_workers.leases import TrackLeases
from stream_workers.owner import Parts, TrackOwner
from stream_workers.ports import Engine, MakePipeline
from stream_workers.recorder import RecorderLimits
from stream_workers.settings import WorkerSettings
from stream_workers.speech import build as build_speech
from stream_workers.voice_desk import VoiceDesk

_RETRY_S = 0.5
TRACKS_PER_CORE = 4
_SWITCH_S = 0.0005
"""The event loop gets Python's lock back from the threads that decode within this time: each chunk of sound gives it
away, and with many tracks waiting 5 ms for it every time made leases lapse."""

Build = Callable[[WorkerSettings, Bus], Awaitable[tuple[Engine, MakePipeline]]]


async def serve(stop: asyncio.Event, config: WorkerSettings, bus_settings: BusSettings, build: Build) -> None:
    """Run a worker until ``stop``: then every track is handed over at once and the bus is left."""
    owner = f"worker-{subjects.new_id()}"
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(_run(owner, config, bus_settings, build), name=owner)
        await stop.wait()
        log.get(owner=owner).info("worker.stops")
        running.cancel()


async def _run(owner: str, config: WorkerSettings, bus_settings: BusSettings, build: Build) -> None:
    bus = await _connect(bus_settings)
    try:
        engine, make_pipeline = await _built(build, config, bus)
        try:
            await _serve_tracks(owner, config, bus, engine, make_pipeline)
        finally:
            await asyncio.to_thread(engine.close)
    finally:
        await bus.close()


async def _serve_tracks(
    owner: str, config: WorkerSettings, bus: Bus, engine: Engine, make_pipeline: MakePipeline
) -> None:
    parts = Parts(
        bus,
        engine,
        make_pipeline,
        config.data / "archive" if config.archive else None,
        config.reserve_bytes,
        RecorderLimits(config.segment_s, config.trim_s),
        second_pass=bool(config.second_pass),
    )

    async def run_track(work: TrackWork, lease: Lease) -> None:
        await TrackOwner(parts, work, lease).run()

    capacity = config.max_tracks or TRACKS_PER_CORE * settings.cpu_count()
    claims = Claims(owner, capacity, random.Random(owner))  # noqa: S311 (spreads claims, guards nothing)
    await VoiceDesk(bus).serve()
    log.get(owner=owner).info("worker.ready", capacity=capacity, model=config.model)
    await TrackLeases(bus, owner, claims, run_track).serve()


async def _built(build: Build, config: WorkerSettings, bus: Bus) -> tuple[Engine, MakePipeline]:
    """The speech parts; while they cannot be built because a model is not there, the meetings are told so."""
    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(report_all(bus, "the speech model is not there yet"), name="report:waiting")
        parts = await build(config, bus)
        telling.cancel()
    return parts


async def _connect(bus_settings: BusSettings) -> Bus:
    """A set-up bus, however long it takes."""
    while True:
        try:
            bus = await Bus.connect(bus_settings)
        except Unavailable:
            await asyncio.sleep(_RETRY_S)
            continue
        try:
            await bus.set_up()
        except Unavailable:
            await bus.close()
            await asyncio.sleep(_RETRY_S)
        else:
            return bus


async def main(stop: asyncio.Event) -> None:
    """A worker as the environment describes it."""
    config = settings.load("WORKER_", WorkerSettings, os.environ)
    log.set_up("worker", level=config.log_level)
    sys.setswitchinterval(_SWITCH_S)
    await serve(stop, config, settings.load("BUS_", BusSettings, os.environ), build_speech)


if __name__ == "__main__":
    sys.exit(service.run(main))
