"""Fixtures of the fault tests: a publisher that never gives up, worker processes, and the report."""

import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from contracts.bus import Bus
from contracts.settings import BusSettings
from tests.faults.processes import GatewayProcess, WorkerProcess
from tests.servers import NatsServer

StartWorker = Callable[..., WorkerProcess]
StartGateway = Callable[..., GatewayProcess]
Report = Callable[..., None]


@pytest.fixture
def full_size() -> bool:
    """Whether the tests run at full size (FAULTS_FULL=1), by hand."""
    return os.environ.get("FAULTS_FULL") == "1"


@pytest.fixture
def start_worker(nats_server: NatsServer, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts worker processes and ends them after the test."""
    started: list[WorkerProcess] = []

    def start(name: str, bus_url: str | None = None, **extra: str) -> WorkerProcess:
        worker = WorkerProcess(name, bus_url or nats_server.url, tmp_path, **extra)
        started.append(worker)
        return worker.start()

    with contextlib.ExitStack() as stack:
        stack.callback(lambda: [worker.kill() for worker in started])
        yield start


@pytest.fixture
def start_gateway(nats_server: NatsServer, tmp_path: Path) -> Iterator[StartGateway]:
    """Starts gateway processes and ends them after the test."""
    started: list[GatewayProcess] = []

    def start(name: str, bus_url: str | None = None, **extra: str) -> GatewayProcess:
        gateway = GatewayProcess(name, bus_url or nats_server.url, tmp_path, **extra)
        started.append(gateway)
        return gateway.start()

    with contextlib.ExitStack() as stack:
        stack.callback(lambda: [gateway.kill() for gateway in started])
        yield start


@pytest.fixture
async def quick_bus(tmp_path: Path) -> AsyncIterator[tuple[Bus, str]]:
    """A bus and its address, of a server that does not sync each record: for tests of size, not of durability."""
    folder = tmp_path / "quick"
    folder.mkdir()
    server = NatsServer(folder, sync="2m")
    server.start()
    await server.ready()
    bus = await Bus.connect(BusSettings(url=server.url, audio_max_bytes=2**28, meeting_max_bytes=2**28))
    await bus.set_up()
    try:
        yield bus, server.url
    finally:
        await bus.close()
        server.stop()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Notes what was measured in the file that FAULTS_REPORT names, one JSON object a line."""

    def note(fault: str, **figures: object) -> None:
        path = os.environ.get("FAULTS_REPORT")
        if path:
            with Path(path).open("a") as file:
                file.write(json.dumps({"fault": fault, "test": request.node.name, **figures}) + "\n")

    return note
