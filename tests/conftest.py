"""Fixtures that every kind of test may use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.bus import Bus
from contracts.settings import BusSettings
from tests.servers import NatsServer

KINDS = {"unit", "integration", "faults", "e2e", "eval"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test belongs to the kind that its folder names."""
    here = Path(__file__).parent
    for item in items:
        kind = item.path.relative_to(here).parts[0]
        if kind not in KINDS:
            raise pytest.UsageError(f"{item.path} lies in no folder of a known kind")
        item.add_marker(kind)


@pytest.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    """A real nats-server with its own store."""
    server = NatsServer(tmp_path)
    server.start()
    try:
        await server.ready()
        yield server
    finally:
        server.kill()


@pytest.fixture
def bus_settings(nats_server: NatsServer) -> BusSettings:
    """Settings of a connection to the test's server, with small budgets."""
    return BusSettings(url=nats_server.url, name="test", audio_max_bytes=200 * 1024**2, meeting_max_bytes=100 * 1024**2)


@pytest.fixture
async def bus(bus_settings: BusSettings) -> AsyncIterator[Bus]:
    """A connected bus with streams and buckets made."""
    connection = await Bus.connect(bus_settings)
    await connection.set_up()
    yield connection
    await connection.close()
