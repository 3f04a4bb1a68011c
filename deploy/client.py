"""A client of the public API: what the command line can do, any other program can do the same way."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
import websockets
from websockets.asyncio.client import ClientConnection, connect

from contracts.errors import BadInput, Conflict, Fault, Misconfigured, NotAllowed, NotFound, NotSignedIn, Unavailable
from contracts.transcript import Segment
from deploy.preflight import read_address
from deploy.settings import OneBoxSettings

_SOURCE = "server"
_TIMEOUT_S = 30.0
_RETRY_FIRST_S = 0.3
_RETRY_LONGEST_S = 5.0
_BY_STATUS: Mapping[int, type[Fault]] = {401: NotSignedIn, 403: NotAllowed, 404: NotFound, 409: Conflict, 410: Conflict}
_GONE_FOR_GOOD = {4401, 4403, 4404, 4410}


class FeedMessage(msgspec.Struct, frozen=True):
    """One message of the feed; which fields are set depends on ``type``, unknown ones are ignored."""

    type: str
    seq: int | None = None
    segment: Segment | None = None
    segments: tuple[Segment, ...] = ()
    items: tuple[dict[str, Any], ...] = ()
    notes: Any = None
    summary: str | None = None
    track: Any = None
    code: str = ""
    detail: str = ""


class Server:
    """One server, one signed-in caller. Every call raises Faults only."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(base_url=self.url, headers=self._headers, timeout=_TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """Call the API; returns the decoded answer, or None when it is empty."""
        try:
            response = await self._http.request(method, path, json=body)
        except httpx.HTTPError as exc:
            raise Unavailable(f"no server answers at {self.url}; is it running? (make run)", source=_SOURCE) from exc
        if response.is_success:
            return response.json() if response.content else None
        raise _fault(response)

    async def send_bytes(self, path: str, body: bytes, *, offset: int) -> Any:
        """PATCH the bytes at ``offset`` of an upload; returns the decoded answer."""
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        try:
            response = await self._http.patch(path, content=body, headers=headers)
        except httpx.HTTPError as exc:
            raise Unavailable("the connection broke", source=_SOURCE) from exc
        if response.is_success:
            return response.json()
        raise _fault(response)

    async def start_meeting(self, **fields: object) -> str:
        """Start a meeting; returns its id. Fields as in POST /v1/meetings; None is left out."""
        body = {k: v for k, v in fields.items() if v not in (None, ())}
        return str((await self.call("POST", "/v1/meetings", body))["id"])

    async def add_track(self, meeting: str, source: str, **fields: object) -> str:
        """Add a track to a meeting; returns its id."""
        body = {"source": source} | {k: v for k, v in fields.items() if v is not None}
        return str((await self.call("POST", f"/v1/meetings/{meeting}/tracks", body))["track"])

    async def ticket(self, meeting: str, scope: str, track: str | None = None) -> str:
        """A one-use ticket for a socket."""
        body = {"meeting": meeting, "scope": scope} | ({"track": track} if track else {})
        return str((await self.call("POST", "/v1/auth/tickets", body))["ticket"])

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[ClientConnection]:
        """A WebSocket, signed in by header. Raises Unavailable when it cannot be opened."""
        url = self.url.replace("http", "ws", 1) + path
        try:
            opened = await connect(url, additional_headers=self._headers, max_size=None, proxy=None)
        except (OSError, websockets.InvalidHandshake, TimeoutError) as exc:
            raise Unavailable(f"the socket {path} does not open", source=_SOURCE) from exc
        async with opened:
            yield opened

    async def feed(self, meeting: str) -> AsyncIterator[FeedMessage]:
        """Everything that happens in a meeting from its start; reconnects and goes on after the last message seen.

        Ends after ``meeting.completed`` or ``meeting.deleted``.
        """
        since: int | None = None
        wait_s = _RETRY_FIRST_S
        while True:
            try:
                async with self.socket(f"/v1/meetings/{meeting}/feed") as socket:
                    await socket.send(json.dumps({"type": "subscribe"} | ({"since": since} if since else {})))
                    async for data in socket:
                        message = msgspec.json.decode(data, type=FeedMessage)
                        since, wait_s = message.seq or since, _RETRY_FIRST_S
                        if message.type == "resync":
                            since = None
                            break
                        yield message
                        if message.type in ("meeting.completed", "meeting.deleted"):
                            return
            except (Unavailable, websockets.ConnectionClosed) as exc:
                refuse_if_final(exc)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, _RETRY_LONGEST_S)


def refuse_if_final(exc: Exception) -> None:
    """Raise a Fault when a socket was closed for a reason that a new attempt will not change."""
    if not isinstance(exc, websockets.ConnectionClosed) or exc.rcvd is None or exc.rcvd.code < 4000:
        return
    detail = f"the server closed the connection: {exc.rcvd.reason or 'no reason'} ({exc.rcvd.code})"
    if exc.rcvd.code in _GONE_FOR_GOOD:
        raise NotAllowed(detail, source=_SOURCE) from exc
    if exc.rcvd.code in (4400, 4409, 4413):
        raise BadInput(detail, source=_SOURCE) from exc


def _fault(response: httpx.Response) -> Fault:
    try:
        detail = str(response.json().get("detail") or response.reason_phrase)
    except (ValueError, AttributeError):
        detail = response.reason_phrase
    kind = _BY_STATUS.get(response.status_code, Unavailable if response.status_code >= 500 else BadInput)
    return kind(f"{detail} ({response.status_code})", source=_SOURCE)


def server_for(chosen: OneBoxSettings, url: str | None) -> Server:
    """The server of ``url``, of RAPPORTEUR_URL, or the one running on the data folder. Raises Misconfigured."""
    address = read_address(chosen.data)
    found = url or chosen.url or (address.url if address else "")
    if not found:
        raise Misconfigured(
            f"no server runs on the data folder {chosen.data}; start one (make run) or name one with --url",
            source=_SOURCE,
        )
    return Server(found, chosen.token or owner_token(chosen.data))


def owner_token(data: Path) -> str:
    """The owner's token. Raises Misconfigured."""
    try:
        return (data / "owner.token").read_text().strip()
    except OSError as exc:
        raise Misconfigured(
            f"no owner's token in {data}: set RAPPORTEUR_TOKEN or RAPPORTEUR_DATA", source=_SOURCE
        ) from exc
