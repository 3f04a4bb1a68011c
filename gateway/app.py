"""The composition root of the gateway: ``python -m gateway.app``."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

import uvicorn
from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.stores.base import Store
from litestar.stores.memory import MemoryStore
from litestar.types import ControllerRouterHandler

from contracts import log, service
from contracts.bus import Bus
from contracts.errors import Fault, Unavailable
from contracts.settings import BusSettings, load
from gateway import problems
from gateway.api import (
    actions,
    ask,
    audio,
    export,
    meetings,
    notes,
    openapi,
    pages,
    people,
    related,
    search,
    sign_in,
    sockets,
    system,
    upload,
    voices,
    whip,
    words,
)
from gateway.auth.access import Access
from gateway.auth.accounts import Accounts
from gateway.auth.guard import Authentication, Guard
from gateway.auth.limits import RateLimit
from gateway.auth.tickets import Tickets
from gateway.closer import Closer
from gateway.disk import Disk
from gateway.eraser import Eraser
from gateway.feed.hub import Hub
from gateway.feed.rights import Rights
from gateway.headers import SecurityHeaders
from gateway.index.memory import Memory
from gateway.index.views import ProjectedViews
from gateway.ingest.decoder import Limits
from gateway.ingest.importer import Importer
from gateway.ingest.uploads import UploadStore
from gateway.joining import Joining
from gateway.lifecycle import Lifecycle
from gateway.metrics import Metrics
from gateway.presence import Presence
from gateway.projector import Projector
from gateway.quiet import Quiet
from gateway.services import Services
from gateway.settings import GatewaySettings
from gateway.store.database import Database
from gateway.traces import Traces
from gateway.voices.recogniser import Recogniser
from gateway.voices.store import VoiceStore
from gateway.whip_door import WhipDoor

MAX_BODY_BYTES = 1024 * 1024
WS_MAX_BYTES = 64 * 1024 + 4096
SHUTDOWN_S = 8
_CONNECT_S = 60.0


def make_services(settings: GatewaySettings, bus: Bus, tickets: Store) -> Services:
    """All parts, wired by hand."""
    database = Database.at(settings.database_url, settings.data_path)
    lifecycle, metrics, quiet = Lifecycle(bus), Metrics(), Quiet()
    hub = Hub(bus, database, metrics.feed, settings.feed_backlog, quiet.apply)
    closer = Closer(bus, database, lifecycle, settings)
    disk = Disk(settings.data_path, settings.min_free_bytes)
    uploads = UploadStore(settings.data_path / "uploads")
    projector = Projector(bus, database, closer.wake)
    accounts = Accounts(database, settings)
    access = Access(database)
    joining = Joining(lifecycle, accounts)
    memory = Memory.at(settings.search_place, bus, ProjectedViews(database, projector))
    traces = Traces(bus, database, settings, hub, memory, uploads)
    return Services(
        settings,
        bus,
        database,
        accounts,
        Tickets(tickets, settings.ticket_ttl_s),
        access,
        Rights(access.readers),
        lifecycle,
        projector,
        closer,
        Eraser(database, lifecycle, settings, traces),
        hub,
        disk,
        metrics,
        memory,
        uploads,
        Importer(uploads, bus, lifecycle, disk, Limits()),
        RateLimit(settings.tickets_per_minute / 60, settings.tickets_per_minute),
        RateLimit(settings.sign_ins_per_minute / 60, settings.sign_ins_per_minute),
        RateLimit(settings.joins_per_minute / 60, settings.joins_per_minute),
        joining,
        Presence(bus, lifecycle, joining),
        quiet,
        WhipDoor(settings.whip_url),
        VoiceStore(database),
        Recogniser(bus, database, projector),
    )


def routes() -> list[ControllerRouterHandler]:
    """Everything that can be asked for."""
    return [
        meetings.Meetings,
        words.Words,
        notes.Notes,
        people.Door,
        people.People,
        sign_in.sign_in,
        sign_in.sign_out,
        sign_in.links,
        sign_in.me,
        sign_in.tickets,
        sockets.audio,
        sockets.feed,
        sockets.feed_events,
        audio.recording,
        whip.endpoint,
        whip.resource,
        whip.sender,
        *system.route_handlers(),
        search.search,
        actions.actions,
        related.related,
        ask.ask,
        upload.Uploads,
        voices.Voices,
        pages.home,
        export.export,
        pages.page,
    ]


def create_app(services: Services) -> Litestar:
    """The ASGI application over ``services``; its lifespan runs projector, closer, eraser and feeds."""
    settings = services.settings

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with running(services):
            yield

    return Litestar(
        route_handlers=routes(),
        guards=[Guard(settings)],
        middleware=[
            DefineMiddleware(SecurityHeaders, https=settings.https),
            DefineMiddleware(Authentication, accounts=services.accounts, settings=settings),
        ],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        exception_handlers={
            Fault: problems.on_fault,
            HTTPException: problems.on_http_exception,
            Exception: problems.on_error,
        },
        openapi_config=openapi.config(system.version()),
        request_max_body_size=MAX_BODY_BYTES,
        lifespan=[lifespan],
        logging_config=None,
    )


@contextlib.asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """Everything that works beside the requests, as long as the context is open."""
    services.settings.data_path.mkdir(parents=True, exist_ok=True)
    await services.database.migrate()
    await services.accounts.ensure_owner()
    await services.bus.set_up()
    async with asyncio.TaskGroup() as tasks:
        parts = {
            "projector": services.projector.run,
            "closer": services.closer.run,
            "eraser": services.eraser.run,
            "feed": services.hub.run,
            "search": services.memory.run,
            "uploads": services.importer.run,
            "presence": services.presence.run,
            "voices": services.recogniser.run,
        }
        started = [tasks.create_task(run(), name=name) for name, run in parts.items()]
        yield
        services.hub.close()
        for task in started:
            task.cancel()
    await services.whip.close()
    await services.memory.close()
    await services.database.close()


class Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: ``contracts.service`` has them."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # noqa: ANN201  # as in uvicorn
        """Nothing to capture."""
        yield


def server(app: Litestar, settings: GatewaySettings) -> Server:
    """The web server: small socket messages, no compression of them, proxies trusted only from loopback."""
    return Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            ws="websockets-sansio",
            ws_max_size=WS_MAX_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            timeout_graceful_shutdown=SHUTDOWN_S,
            access_log=False,
            log_level="warning",
            server_header=False,
            forwarded_allow_ips="127.0.0.1",
        )
    )


async def connect(settings: BusSettings) -> Bus:
    """The bus, waited for a while: it may be starting beside us. Raises Unavailable."""
    tries = int(_CONNECT_S / 2)
    for n in range(tries):
        try:
            return await Bus.connect(settings, timeout_s=2.0)
        except Unavailable:
            if n == tries - 1:
                raise
            await asyncio.sleep(0.5)
    raise AssertionError("the loop returns or raises")


async def main(stop: asyncio.Event) -> None:
    """Serve until ``stop``: feeds and sockets are told to come back, requests finish, then the parts stop."""
    settings = load("GATEWAY_", GatewaySettings, os.environ)
    log.set_up("gateway", level=settings.log_level)
    bus = await connect(load("BUS_", BusSettings, os.environ))
    settings.data_path.mkdir(parents=True, exist_ok=True)
    services = make_services(settings, bus, MemoryStore())
    web = server(create_app(services), settings)
    try:
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(web.serve(), name="web")
            stopping = tasks.create_task(stop.wait(), name="stop")
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            services.hub.close()
            web.should_exit = True
            stopping.cancel()
    finally:
        await bus.close()
    if not stop.is_set():
        raise Unavailable(f"the web server did not start on {settings.host}:{settings.port}", source="gateway")


if __name__ == "__main__":
    sys.exit(service.run(main))
