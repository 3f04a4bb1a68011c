"""WHIP (RFC 9725): sound by WebRTC, in a process of its own. ``python -m gateway.ingest.whip``

POST an offer to ``/v1/meetings/{meeting}/whip`` with a bearer token; PATCH candidates to and DELETE the ``Location``
that comes back. ICE restarts are answered 422 (aiortc has none): the client posts again.
"""

import asyncio
import contextlib
import os
import sys

import uvicorn
from litestar import Litestar

from contracts import log, service
from contracts.bus import Bus
from contracts.errors import Unavailable
from contracts.settings import BusSettings, load
from gateway.attendance import Attendance
from gateway.ingest.admission import Admission
from gateway.ingest.peers import Sessions
from gateway.ingest.settings import WhipSettings
from gateway.ingest.whip_http import create_app
from gateway.lifecycle import Lifecycle
from gateway.presence import Presence


class Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: ``contracts.service`` has them."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # noqa: ANN201  # as in uvicorn
        """Nothing to capture."""
        yield


def web_config(app: Litestar, settings: WhipSettings) -> uvicorn.Config:
    """How the HTTP part is served."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        forwarded_allow_ips="127.0.0.1",
    )


async def main(stop: asyncio.Event) -> None:
    """Serve until ``stop``; then every track is ended and stored."""
    settings = load("WHIP_", WhipSettings, os.environ)
    log.set_up("whip", level=settings.log_level)
    bus_settings = load("BUS_", BusSettings, os.environ)
    while True:
        try:
            bus = await Bus.connect(bus_settings, timeout_s=2.0)
            break
        except Unavailable:
            await asyncio.sleep(0.5)
    lifecycle = Lifecycle(bus)
    presence = Presence(bus, lifecycle, Attendance(lifecycle))
    sessions = Sessions(settings, bus, Admission(settings.gateway_url), presence)
    web = Server(web_config(create_app(sessions), settings))
    try:
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(web.serve(), name="whip.web")
            stopping = tasks.create_task(stop.wait(), name="stop")
            looking = tasks.create_task(presence.run(), name="presence")
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            web.should_exit = True
            stopping.cancel()
            looking.cancel()
    finally:
        await sessions.close()
        await bus.close()


if __name__ == "__main__":
    sys.exit(service.run(main))
