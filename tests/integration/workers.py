"""A worker inside the test's process, with the scripted pipeline and engine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from contracts.bus import Bus
from contracts.settings import BusSettings
from stream_workers.ports import Engine, MakePipeline
from stream_workers.settings import WorkerSettings
from stream_workers.worker import serve
from tests.fakes.transcriber import ScriptedEngine, ScriptedPipeline


def worker_settings(data: Path) -> WorkerSettings:
    """Settings with short archive files and no reserve."""
    return WorkerSettings(data=data, models=data, segment_s=2.0, trim_s=1.0, reserve_bytes=0)


@contextlib.asynccontextmanager
async def running_worker(
    bus_settings: BusSettings,
    data: Path,
    engine: Engine | None = None,
    second_pass: str = "",
    make: MakePipeline = ScriptedPipeline,
) -> AsyncIterator[asyncio.Event]:
    """A worker that serves until the block ends; setting the event stops it earlier."""
    stop = asyncio.Event()

    async def build(_config: WorkerSettings, _bus: Bus) -> tuple[Engine, MakePipeline]:
        return engine or ScriptedEngine(), make

    config = msgspec.structs.replace(worker_settings(data), second_pass=second_pass)
    named = msgspec.structs.replace(bus_settings, name="worker")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(stop, config, named, build), name="worker")
        try:
            yield stop
        finally:
            stop.set()
