"""The analyzer's process: ``python -m analyzer.worker``. Every open meeting gets a session on one of these."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import msgspec

from analyzer.ask import Asker
from analyzer.brain import Brain
from analyzer.chain import Chain
from analyzer.detector import Detector
from analyzer.guard import Guard
from analyzer.models import Models
from analyzer.prompt import Prompts
from analyzer.recap import Writer
from analyzer.session import Session
from analyzer.settings import AnalyzerSettings
from analyzer.tone import Tone
from analyzer.vectors import Remembered
from contracts import log, service, subjects
from contracts.bus import Bus
from contracts.embedder import AsyncEmbedder
from contracts.errors import Fault
from contracts.live import AnalyzerHealth, MeetingWork, encode_live
from contracts.settings import BusSettings, load, models_dir

SCAN_S = 1.0
_PREFIX = "meeting."


class Worker:
    """Finds open meetings and runs their sessions, at most ``settings.meetings`` at a time."""

    def __init__(self, bus: Bus, models: Models, settings: AnalyzerSettings) -> None:
        self._bus = bus
        self._models = models
        self._settings = settings
        self._owner = f"analyzer-{subjects.new_id()}"
        self._guard = Guard(settings.deadline_s)
        self._prompts = Prompts.load()
        self._detector = Detector.load()
        self._tone = Tone.load()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._log = log.get(owner=self._owner)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; then give the leases back and return."""
        asker = Asker(self._models, self._prompts, Guard(self._settings.deadline_s))
        await self._bus.serve(subjects.ASK, subjects.ASK_QUEUE, asker.handle)
        async with asyncio.TaskGroup() as tasks:
            loading = tasks.create_task(self._models.load(), name="models")
            while not stop.is_set():
                await self._scan(tasks)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SCAN_S):
                        await stop.wait()
            loading.cancel()
            for task in self._running.values():
                task.cancel()
        await self._models.close()

    async def _scan(self, tasks: asyncio.TaskGroup) -> None:
        """Look at the open meetings; a scan that fails is made again in a moment."""
        try:
            entries = await self._bus.snapshot(subjects.WORK_BUCKET, f"{_PREFIX}>")
        except Fault as fault:
            self._log.warning("scan.failed", detail=fault.detail)
            return
        for entry in entries.values():
            if entry.key in self._running or len(self._running) >= self._settings.meetings:
                continue
            work = _work_of(entry.key, entry.value or b"")
            if self._models.embedder is None:
                await self._tell_loading(work)
                continue
            session = self._session(work, self._models.embedder)
            task = tasks.create_task(self._attend(entry.key, session), name=f"session:{work.meeting}")
            self._running[entry.key] = task

    def _session(self, work: MeetingWork, embedder: AsyncEmbedder) -> Session:
        vectors = Remembered(embedder)
        chain = Chain(self._detector, vectors, self._prompts, self._guard)
        brain = Brain(chain, Writer(self._prompts, self._guard), vectors, self._tone)
        return Session(self._bus, work, self._owner, self._models, brain)

    async def _attend(self, key: str, session: Session) -> None:
        """Run one session; what fails in it stays in it, and the next scan tries again."""
        try:
            await session.run()
        except* Fault as group:
            self._log.warning("session.failed", detail=str(group.exceptions[0]))
            await asyncio.sleep(SCAN_S)
        finally:
            self._running.pop(key, None)

    async def _tell_loading(self, work: MeetingWork) -> None:
        health = AnalyzerHealth(work.meeting, "loading", 0.0, "waiting for the embedding model")
        await self._bus.publish_live(subjects.live(work.meeting, "analyzer"), encode_live(health))


def _work_of(key: str, value: bytes) -> MeetingWork:
    try:
        return msgspec.json.decode(value, type=MeetingWork)
    except msgspec.DecodeError:
        return MeetingWork(key.removeprefix(_PREFIX))


async def main(stop: asyncio.Event) -> None:
    """Read the settings, connect, work until ``stop``."""
    settings = load("ANALYZER_", AnalyzerSettings, os.environ)
    bus_settings = msgspec.structs.replace(load("BUS_", BusSettings, os.environ), name="analyzer")
    log.set_up("analyzer")
    if settings.niceness > 0:
        service.step_back(settings.niceness)  # words come first, notes second
    folder = Path(settings.models) if settings.models else models_dir(os.environ)
    models = Models(settings, folder)
    await models.load_present()
    bus = await Bus.connect(bus_settings)
    try:
        await bus.set_up()
        await Worker(bus, models, settings).run(stop)
    finally:
        await bus.close()


if __name__ == "__main__":
    sys.exit(service.run(main))
