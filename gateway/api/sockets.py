"""The entrances of the audio socket and the feed."""

import time
from typing import Any

from litestar import Request, WebSocket, get, websocket
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from contracts.errors import BadInput, Conflict, NotFound
from contracts.subjects import check_id
from gateway.auth.guard import acting
from gateway.auth.identity import Ticket, User
from gateway.feed import sse
from gateway.feed.websocket import FeedSocket
from gateway.feed.websocket import Gate as FeedGate
from gateway.ingest.websocket import AudioSocket, Limits
from gateway.ingest.websocket import Gate as AudioGate
from gateway.lifecycle import TRANSCRIPT
from gateway.services import Injected, Services
from gateway.view import MeetingView

GUEST_DRAIN_S = 300.0
"""So long after the end a guest may still bring what was said before it."""


@websocket("/v1/meetings/{meeting:str}/audio", opt={"access": "ticket"})
async def audio(socket: WebSocket[Any, Any, Any], services: Injected, meeting: FromPath[str]) -> None:
    """Numbered frames in, acknowledgements out."""
    settings = services.settings
    limits = Limits(settings.gap_wait_s, settings.socket_idle_s, settings.speed)
    await AudioSocket(socket, services.bus, audio_gate(services), limits, services.metrics.ingest).serve(meeting)


@websocket("/v1/meetings/{meeting:str}/feed", opt={"access": "ticket"})
async def feed(socket: WebSocket[Any, Any, Any], services: Injected, meeting: FromPath[str]) -> None:
    """Subscribe in, messages out."""
    await FeedSocket(socket, services.hub, feed_gate(services), services.metrics.feed).serve(meeting)


@get(
    "/v1/meetings/{meeting:str}/feed", opt={"access": "guest"}, tags=["feed"], summary="The feed as server-sent events"
)
async def feed_events(
    request: Request[Any, Any, Any], services: Injected, meeting: FromPath[str], since: FromQuery[int | None] = None
) -> Stream:
    """``since`` or Last-Event-ID: the last ``seq`` that you have."""
    user, gate = acting(request), feed_gate(services)
    await services.access.meeting(user, meeting)
    last_id = request.headers.get("last-event-id", "")
    if last_id:
        if not last_id.isdecimal():
            raise BadInput("Last-Event-ID is not a cursor", source="client")
        since = int(last_id)
    opened = await services.hub.subscribe(meeting, since)
    return Stream(
        sse.events(services.hub, gate, user, meeting, opened),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _still_open(view: MeetingView) -> None:
    """A guest's last words are waited for, but no guest keeps a meeting from its end. Raises Conflict."""
    ending_at = view.facts.ending_at if view.facts else None
    if ending_at is not None and time.time() - ending_at > GUEST_DRAIN_S:
        raise Conflict("the meeting has ended", source="client")


def audio_gate(services: Services) -> AudioGate:
    """What the audio socket may ask."""

    async def redeem(secret: str, meeting: str) -> Ticket:
        return await services.tickets.redeem(secret, meeting, "audio")

    async def open_track(user: User, meeting: str, track: str) -> str:
        own = await services.access.sender(user, meeting)
        view = await services.lifecycle.load(check_id(meeting))
        known = view.tracks.get(track)
        if known is None or known.source == TRANSCRIPT or (own and known.user != user.id):
            raise NotFound("no such track", source="client")
        if view.facts is None or view.facts.state == "completed":
            raise Conflict("the meeting has ended", source="client")
        if own:
            _still_open(view)
        owner = known.user or user.id
        person = view.person(owner)
        services.quiet.learn(meeting, owner, person.state if person else "on", view.seq)
        return owner

    async def check(user: User, meeting: str) -> None:
        if await services.access.sender(user, meeting):
            _still_open(await services.outline(user, meeting))

    return AudioGate(redeem, open_track, check, services.disk.check, services.presence.here, services.quiet.cause)


def feed_gate(services: Services) -> FeedGate:
    """What the feed may ask."""

    async def redeem(secret: str, meeting: str) -> Ticket:
        return await services.tickets.redeem(secret, meeting, "feed")

    async def check(user: User, meeting: str) -> None:
        await services.access.meeting(user, meeting)

    async def still(user: User, meeting: str) -> None:
        await services.rights.check(user, meeting, time.monotonic())

    return FeedGate(redeem, check, still)
