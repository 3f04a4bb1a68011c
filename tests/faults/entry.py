"""A worker process whose speech model is scripted: ``python -m tests.faults.entry``. Killed and cut off by the tests.

``FAKE_DELAY_S`` is the time of one answer; sound that holds frame ``FAKE_DEADLY`` ends the process at once,
as a crash in a native library would. ``FAKE_CLOCK_S`` sets the wall clock of this process wrong, ``FAKE_JUMP_S``
lets it jump back by that much every second second, as time servers do once.
"""

import asyncio
import os
import sys
import time

from contracts import log, service, settings
from contracts.bus import Bus
from contracts.settings import BusSettings
from stream_workers.ports import Engine, MakePipeline
from stream_workers.settings import WorkerSettings
from stream_workers.worker import serve
from tests.fakes.transcriber import Job, ScriptedEngine, ScriptedPipeline


def _deadly(value: int, job: Job) -> None:
    if value >= 0 and value in job.pcm:
        os._exit(139)


async def _main(stop: asyncio.Event) -> None:
    log.set_up("worker")
    config = settings.load("WORKER_", WorkerSettings, os.environ)
    bus_settings = settings.load("BUS_", BusSettings, os.environ)
    deadly = int(os.environ.get("FAKE_DEADLY", "-1"))
    engine = ScriptedEngine(float(os.environ.get("FAKE_DELAY_S", "0")), lambda job: _deadly(deadly, job))

    async def build(config: WorkerSettings, bus: Bus) -> tuple[Engine, MakePipeline]:
        return engine, ScriptedPipeline

    await serve(stop, config, bus_settings, build)


def _shift_wall_clock(by_s: float, jump_s: float) -> None:
    true_time = time.time
    time.time = lambda: true_time() + by_s - jump_s * (int(true_time()) % 2)


if __name__ == "__main__":
    _shift_wall_clock(float(os.environ.get("FAKE_CLOCK_S", "0")), float(os.environ.get("FAKE_JUMP_S", "0")))
    sys.exit(service.run(_main))
