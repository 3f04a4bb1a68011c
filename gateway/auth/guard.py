"""The one guard that every route and socket passes, and the middleware that tells it who is calling.

A handler says what it needs by ``opt={"access": …}``: ``public`` (anyone), ``guest`` (also somebody who came by an
invitation), ``user`` (signed in; the default, closed to guests), ``admin`` (owner or admin), ``ticket`` (sockets: the
first message proves it). Requests from a browser that change something, and all sockets, must come from one of our
own Origins.
"""

import time
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from contracts.errors import NotAllowed, NotSignedIn
from gateway.auth.accounts import Accounts
from gateway.auth.identity import User
from gateway.auth.limits import RateLimit
from gateway.settings import GatewaySettings

Connection = ASGIConnection[Any, Any, Any, Any]
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def cookie_name(https: bool) -> str:
    """The session cookie's name; the prefix makes browsers insist on Secure and on our host."""
    return "__Host-rapporteur_session" if https else "rapporteur_session"


class Authentication(AbstractAuthenticationMiddleware):
    """Sets ``connection.user`` (a User or None) and ``connection.auth`` (``bearer``, ``cookie`` or None)."""

    def __init__(self, app: ASGIApp, accounts: Accounts, settings: GatewaySettings) -> None:
        super().__init__(app)
        self._accounts = accounts
        self._cookie = cookie_name(settings.https)

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        """Who is calling; a wrong credential is the same as none."""
        scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret:
            user = await self._accounts.user_of(secret, "token")
            return AuthenticationResult(user=user, auth="bearer" if user else None)
        session = connection.cookies.get(self._cookie)
        user = await self._accounts.user_of(session, "session") if session else None
        return AuthenticationResult(user=user, auth="cookie" if user else None)


class Guard:
    """Raises NotSignedIn, NotAllowed or TooMany, or lets the connection pass."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._origins = {origin.rstrip("/").lower() for origin in settings.allowed_origins}
        if settings.public_url:
            self._origins.add(settings.url.lower())
        self._sockets = RateLimit(settings.sockets_per_minute / 60, settings.sockets_per_minute)

    def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """The guard, as Litestar calls it."""
        access = handler.opt.get("access", "user")
        if connection.scope["type"] == ScopeType.WEBSOCKET:
            self._sockets.take(address(connection), time.monotonic())
            self._check_origin(connection, required=connection.auth == "cookie" and access != "ticket")
        elif connection.scope.get("method") not in SAFE_METHODS:
            self._check_origin(connection, required=connection.auth == "cookie")
        if access in ("public", "ticket"):
            return
        if connection.user is None:
            raise NotSignedIn("sign in first", source="client")
        if access != "guest" and connection.user.is_guest:
            raise NotAllowed("guests may take part in their meeting, nothing else", source="client")
        if access == "admin" and not connection.user.sees_all:
            raise NotAllowed("only owners and admins may do this", source="client")

    def _check_origin(self, connection: Connection, *, required: bool) -> None:
        origin = connection.headers.get("origin", "")
        if not origin:
            if required and connection.headers.get("sec-fetch-site") != "same-origin":
                raise NotAllowed("the request does not say where it comes from", source="client")
            return
        own = urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower()
        if not own and origin.lower() not in self._origins:
            raise NotAllowed("the request comes from a foreign page", source="client")


def address(connection: Connection) -> str:
    """The client's address, for rate limits only."""
    return connection.client.host if connection.client else ""


def acting(connection: Connection) -> User:
    """The signed-in caller. Raises NotSignedIn."""
    user = connection.user
    if not isinstance(user, User):
        raise NotSignedIn("sign in first", source="client")
    return user
