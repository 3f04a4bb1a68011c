"""A whole gateway on loopback: real server, real bus, real SQLite."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar.stores.memory import MemoryStore

from contracts.bus import Bus
from gateway.app import Server, create_app, make_services, server
from gateway.services import Services
from gateway.settings import GatewaySettings
from tests.integration.gateway.client import Client
from tests.servers import free_port


class Gateway:
    """One running gateway process's worth of parts."""

    def __init__(self, services: Services, web: Server) -> None:
        self.services = services
        self.settings = services.settings
        self.url = services.settings.url
        self.ws_url = self.url.replace("http", "ws", 1)
        self.web = web

    @property
    def token(self) -> str:
        return (self.settings.data_path / "owner.token").read_text().strip()


@contextlib.asynccontextmanager
async def running_gateway(bus: Bus, data: Path, **changes: object) -> AsyncIterator[Gateway]:
    """A gateway that serves until the context ends."""
    web_folder = data / "web"
    web_folder.mkdir(parents=True, exist_ok=True)
    (web_folder / "index.html").write_text("<!doctype html><title>home</title>")
    (web_folder / "js").mkdir(exist_ok=True)
    (web_folder / "js" / "main.js").write_text("export {}")
    fields = {"port": free_port(), "data": str(data), "web": str(web_folder), "min_free_bytes": 0} | changes
    settings = GatewaySettings(**fields)  # type: ignore[arg-type]
    services = make_services(settings, bus, MemoryStore())
    web = server(create_app(services), settings)
    task = asyncio.create_task(web.serve())
    try:
        while not web.started:
            assert not task.done(), task
            await asyncio.sleep(0.02)
        yield Gateway(services, web)
    finally:
        services.hub.close()
        web.should_exit = True
        await task


@pytest.fixture
async def gateway(bus: Bus, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with running_gateway(bus, tmp_path / "data", drain_grace_s=0.5, gap_wait_s=0.3) as running:
        yield running


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[Client]:
    headers = {"authorization": f"Bearer {gateway.token}"}
    async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=10) as http:
        yield Client(http, gateway.ws_url)
