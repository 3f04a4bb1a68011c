"""The HTTP half of WHIP (RFC 9725): statuses and headers. Deciding and media are in ``offer``, ``peers``, ``peer``."""

import http
import time
from typing import Any

from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.config.cors import CORSConfig
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from contracts.errors import Fault, NotSignedIn
from gateway import problems
from gateway.ingest import offer as sdp
from gateway.ingest.peers import Session, Sessions, ice_links

RETRY_AFTER_S = 30
Req = Request[Any, Any, Any]


class Refusal(HTTPException):
    """A refusal by status alone."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(status_code=status, detail=http.HTTPStatus(status).phrase, headers=headers)


@route(
    "/v1/meetings/{meeting:str}/whip",
    http_method=[HttpMethod.POST, HttpMethod.GET, HttpMethod.OPTIONS],
    status_code=200,
)
async def endpoint(request: Req, sessions: NamedDependency[Sessions], meeting: FromPath[str]) -> Response[str]:
    """POST an offer, get the answer and the address of the session."""
    if request.method == "OPTIONS":
        return _plain(200, {"accept-post": sdp.OFFER_TYPE})
    if request.method == "GET":
        return _plain(204)
    _take(request, sessions)
    bearer = bearer_of(request)
    _check_type(request, sdp.OFFER_TYPE, "accept-post")
    if sessions.full:
        return _elsewhere(request, sessions, meeting)
    secret, session, answer = await sessions.open(meeting, bearer, await request.body(), request.query_params)
    headers = {"location": f"/v1/whip/{secret}", "etag": session.etag}
    if sessions.settings.ice_servers:
        headers["link"] = ice_links(sessions.settings)
    return _plain(201, headers, answer)


@route(
    "/v1/whip/{secret:str}",
    http_method=[HttpMethod.PATCH, HttpMethod.DELETE, HttpMethod.GET, HttpMethod.OPTIONS],
    status_code=200,
)
async def resource(request: Req, sessions: NamedDependency[Sessions], secret: FromPath[str]) -> Response[str]:
    """PATCH candidates, DELETE to leave."""
    if request.method == "OPTIONS":
        return _plain(200, {"accept-patch": sdp.FRAGMENT_TYPE})
    if request.method == "GET":
        return _plain(204)
    _take(request, sessions)
    session = sessions.find(secret, bearer_of(request))
    if request.method == "DELETE":
        sessions.leave(secret)
        return _plain(200)
    await _patch(request, session)
    return _plain(204)


async def _patch(request: Req, session: Session) -> None:
    _check_type(request, sdp.FRAGMENT_TYPE, "accept-patch")
    match = request.headers.get("if-match")
    fragment = sdp.parse_fragment(sdp.text(await request.body()))
    if match == "*" or (fragment.ufrag is not None and fragment.ufrag != session.ufrag):
        raise sdp.Unprocessable("ICE restarts are not supported; post a new offer", source="client")
    if match is None:
        raise Refusal(http.HTTPStatus.PRECONDITION_REQUIRED)
    if match != session.etag:
        raise Refusal(http.HTTPStatus.PRECONDITION_FAILED)
    await session.peer.trickle(fragment)


def _elsewhere(request: Req, sessions: Sessions, meeting: str) -> Response[str]:
    """What to do when this process is full: another one (307 keeps the method and the body), or later."""
    base = sessions.settings.overflow_url.rstrip("/")
    if not base:
        raise Refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, {"retry-after": str(RETRY_AFTER_S)})
    return _plain(307, {"location": f"{base}/v1/meetings/{meeting}/whip?{request.url.query}".rstrip("?")})


def bearer_of(request: Req) -> str:
    """The token of the request. Raises NotSignedIn."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotSignedIn("a bearer token is needed", source="client")
    return token.strip()


def _check_type(request: Req, wanted: str, hint: str) -> None:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != wanted:
        raise Refusal(http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {hint: wanted})


def _take(request: Req, sessions: Sessions) -> None:
    sessions.rate.take(request.client.host if request.client else "", time.monotonic())


def _plain(status: int, headers: dict[str, str] | None = None, body: str = "") -> Response[str]:
    return Response(body, status_code=status, headers=headers or {}, media_type=sdp.OFFER_TYPE)


def on_fault(request: Req, fault: Fault) -> Response[Any]:
    """Faults as problem documents, with the statuses that WHIP names."""
    if isinstance(fault, sdp.Unprocessable):
        return problems.response(problems.problem(422, fault.code, fault.detail))
    answer = problems.on_fault(request, fault)
    if isinstance(fault, NotSignedIn):
        answer.headers["www-authenticate"] = "Bearer"
    return answer


def create_app(sessions: Sessions) -> Litestar:
    """The ASGI application."""
    cors = CORSConfig(
        allow_origins=list(sessions.settings.allowed_origins),
        allow_methods=["POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", "If-Match"],
        expose_headers=["Location", "ETag", "Link", "Retry-After"],
    )
    return Litestar(
        route_handlers=[endpoint, resource],
        dependencies={"sessions": Provide(lambda: sessions, sync_to_thread=False)},
        exception_handlers={
            Fault: on_fault,
            HTTPException: problems.on_http_exception,
            Exception: problems.on_error,
        },
        cors_config=cors if sessions.settings.allowed_origins else None,
        openapi_config=None,
        request_max_body_size=sdp.MAX_SDP_BYTES,
        logging_config=None,
    )
