"""Signing in and out, and tickets for sockets."""

import time
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromQuery, JSONBody
from litestar.response import Redirect

from contracts.errors import NotSignedIn
from gateway.api.schemas import IssuedTicket, Me, NewTicket, SignInLink
from gateway.auth.guard import acting, address, cookie_name
from gateway.auth.identity import Ticket
from gateway.services import Injected, Services

Req = Request[Any, Any, Any]


@get("/signin", opt={"access": "public"}, include_in_schema=False)
async def sign_in(request: Req, services: Injected, code: FromQuery[str] = "") -> Redirect:
    """One-time link to session cookie; an old link of somebody who is signed in just leads home."""
    services.sign_in_rate.take(address(request), time.monotonic())
    try:
        secret = await services.accounts.sign_in(code)
    except NotSignedIn:
        if request.user is None:
            raise
        return Redirect("/", status_code=303)
    return Redirect(
        "/", status_code=303, cookies=[session_cookie(services, secret, int(services.settings.session_ttl_s))]
    )


@post("/v1/auth/signout", opt={"access": "guest"}, status_code=204, tags=["sign-in"], summary="Sign out")
async def sign_out(request: Req, services: Injected) -> Response[None]:
    """Forgets the session."""
    secret = request.cookies.get(cookie_name(services.settings.https))
    if secret:
        await services.accounts.revoke(secret)
    return Response(None, status_code=204, cookies=[session_cookie(services, "", 0)])


@post("/v1/auth/links", opt={"access": "admin"}, tags=["sign-in"], summary="A one-time sign-in link")
async def links(request: Req, services: Injected) -> SignInLink:
    """For the caller."""
    ttl_s = services.settings.link_ttl_s
    code = await services.accounts.issue(acting(request), "link", ttl_s)
    return SignInLink(f"{services.settings.url}/signin?code={code}", ttl_s)


@get("/v1/me", opt={"access": "guest"}, tags=["sign-in"], summary="Who you are")
async def me(request: Req) -> Me:
    """The signed-in user."""
    user = acting(request)
    return Me(user.id, user.name, user.role)


@post("/v1/auth/tickets", opt={"access": "guest"}, tags=["sign-in"], summary="A one-use ticket for a socket")
async def tickets(request: Req, services: Injected, data: JSONBody[NewTicket]) -> IssuedTicket:
    """Bound to you, the meeting and what it opens."""
    user = acting(request)
    services.ticket_rate.take(user.id, time.monotonic())
    if data.scope == "feed":
        await services.access.meeting(user, data.meeting)
    elif await services.access.sender(user, data.meeting):
        await services.own_track(user, data.meeting, data.track)
    secret = await services.tickets.issue(Ticket(user, data.meeting, data.scope, data.track))
    return IssuedTicket(secret, services.tickets.ttl_s)


def session_cookie(services: Services, secret: str, max_age_s: int) -> Cookie:
    """The cookie that keeps a browser signed in."""
    https = services.settings.https
    return Cookie(
        cookie_name(https), value=secret, path="/", max_age=max_age_s, httponly=True, secure=https, samesite="lax"
    )
