"""Health, status and metrics."""

import asyncio
import importlib.metadata
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from contracts.errors import Fault, Unavailable
from gateway.services import Injected, Services


class ModelState(msgspec.Struct, frozen=True):
    """One model file set. ``state``: present, fetching, missing, failed."""

    name: str
    role: str
    state: str
    done_bytes: int = 0
    total_bytes: int = 0
    detail: str = ""


class DiskState(msgspec.Struct, frozen=True):
    """``state``: ok, low (a warning), full (nothing new is recorded)."""

    free_bytes: int
    min_free_bytes: int
    state: str


class Status(msgspec.Struct, frozen=True):
    """What works. ``projection_lag``: records that SQL has not seen yet."""

    version: str
    ready: bool
    bus: bool
    projection_lag: int
    disk: DiskState
    models: tuple[ModelState, ...]


@get("/health/live", opt={"access": "public"}, tags=["system"], summary="The process runs")
async def live() -> dict[str, str]:
    """Always ok."""
    return {"status": "ok"}


@get("/health/ready", opt={"access": "public"}, tags=["system"], summary="The bus and the database answer")
async def ready(services: Injected) -> dict[str, str]:
    """503 with a problem document otherwise."""
    if not services.bus.connected:
        raise Unavailable("the message bus does not answer", source="bus")
    async with services.database.reading() as session:
        await session.connection()
    return {"status": "ok"}


@get("/v1/status", tags=["system"], summary="What works, what is being fetched, how much disk is left")
async def status(services: Injected) -> Status:
    """For the page's health line and the command line."""
    path = services.settings.data_path / "run" / "models.json"
    return Status(
        version(),
        await _is_ready(services),
        services.bus.connected,
        services.projector.lag,
        _disk(services),
        await asyncio.to_thread(_models, path),
    )


@get("/metrics", tags=["system"], summary="Prometheus metrics", media_type=CONTENT_TYPE_LATEST)
async def metrics(services: Injected) -> Response[bytes]:
    """Numbers only, no ids."""
    made = services.metrics
    made.projection_seq.set(services.projector.cursor)
    made.projection_lag.set(services.projector.lag)
    made.free_bytes.set(services.disk.free_bytes())
    return Response(generate_latest(made.registry), media_type=CONTENT_TYPE_LATEST)


async def _is_ready(services: Services) -> bool:
    try:
        await ready.fn(services)
    except Fault:
        return False
    return True


def _disk(services: Services) -> DiskState:
    free, least = services.disk.free_bytes(), services.settings.min_free_bytes
    state = "full" if free < least else "low" if free < services.settings.warn_free_bytes else "ok"
    return DiskState(free, least, state)


def _models(path: Path) -> tuple[ModelState, ...]:
    """What the fetcher wrote; [] when there is no such file or it is being replaced."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[ModelState, ...])
    except (OSError, msgspec.DecodeError):
        return ()


def version() -> str:
    """The installed version."""
    try:
        return importlib.metadata.version("rapporteur")
    except importlib.metadata.PackageNotFoundError:
        return "0.1.0"


def route_handlers() -> list[Any]:
    """All of this module."""
    return [live, ready, status, metrics]
