"""WebRTC sound through the gateway's own address, and the question of the WHIP process whether a ticket is good."""

from typing import Any

from litestar import HttpMethod, Request, Response, post, route
from litestar.params import FromPath

from contracts.errors import BadInput, NotSignedIn
from gateway.api.schemas import AddedTrack
from gateway.api.sockets import audio_gate
from gateway.auth.guard import address
from gateway.ingest.offer import MAX_SDP_BYTES
from gateway.services import Injected, Services

Req = Request[Any, Any, Any]
_OPEN: dict[str, Any] = {"status_code": 200, "include_in_schema": False, "opt": {"access": "public"}}
_POST = [HttpMethod.POST, HttpMethod.GET, HttpMethod.OPTIONS]
_SESSION = [HttpMethod.PATCH, HttpMethod.DELETE, HttpMethod.GET, HttpMethod.OPTIONS]


@route(
    "/v1/meetings/{meeting:str}/whip",
    http_method=_POST,
    status_code=200,
    opt={"access": "public"},
    include_in_schema=False,
)
async def endpoint(request: Req, services: Injected, meeting: FromPath[str]) -> Response[bytes]:
    """POST an offer (RFC 9725); see ``docs/whip.md``."""
    return await _pass_on(request, services, f"/v1/meetings/{meeting}/whip")


@route(
    "/v1/whip/{secret:str}", http_method=_SESSION, status_code=200, opt={"access": "public"}, include_in_schema=False
)
async def resource(request: Req, services: Injected, secret: FromPath[str]) -> Response[bytes]:
    """PATCH candidates, DELETE to leave."""
    return await _pass_on(request, services, f"/v1/whip/{secret}")


async def _pass_on(request: Req, services: Services, path: str) -> Response[bytes]:
    body = await request.body()
    if len(body) > MAX_SDP_BYTES:
        raise BadInput(f"an SDP has at most {MAX_SDP_BYTES} bytes", source="client")
    query = request.url.query
    target = f"{path}?{query}" if query else path
    passed = await services.whip.ask(request.method, target, request.headers, body, address(request))
    kind = passed.headers.pop("content-type", "text/plain")
    return Response(passed.body, status_code=passed.status, headers=passed.headers, media_type=kind)


@post("/v1/meetings/{meeting:str}/tracks/{track:str}/sender", opt={"access": "ticket"}, include_in_schema=False)
async def sender(request: Req, services: Injected, meeting: FromPath[str], track: FromPath[str]) -> AddedTrack:
    """Asked by the WHIP process with the ticket that a page gave it; the ticket is used up."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret:
        raise NotSignedIn("a ticket is needed", source="client")
    gate = audio_gate(services)
    ticket = await gate.redeem(secret.strip(), meeting)
    if ticket.track != track:
        raise NotSignedIn("the ticket is for another track", source="client")
    await gate.open_track(ticket.user, meeting, track)
    return AddedTrack(track, 0.0)
