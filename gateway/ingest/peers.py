"""All peers of a WHIP process: who they are, how many fit, and what their later requests must bring."""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiortc import RTCConfiguration, RTCIceServer

from contracts import log
from contracts.bus import Bus
from contracts.errors import Fault, NotFound
from gateway.auth.limits import RateLimit
from gateway.ingest import offer as sdp
from gateway.ingest.admission import Admission
from gateway.ingest.peer import Peer
from gateway.ingest.settings import WhipSettings


@dataclass(slots=True)
class Session:
    """A peer, and what its later requests must bring."""

    peer: Peer
    bearer: str
    etag: str
    ufrag: str | None


@dataclass
class Sessions:
    """All peers of this process."""

    settings: WhipSettings
    bus: Bus
    admission: Admission
    by_id: dict[str, Session] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    rate: RateLimit = field(init=False)
    opening: int = 0

    def __post_init__(self) -> None:
        self.rate = RateLimit(self.settings.posts_per_minute / 60, self.settings.posts_per_minute)

    @property
    def full(self) -> bool:
        """Whether no more tracks fit."""
        return len(self.by_id) + self.opening >= self.settings.max_tracks

    async def open(self, meeting: str, bearer: str, body: bytes, query: Mapping[str, str]) -> tuple[str, Session, str]:
        """A running peer for the offer: its secret id, the session, and our answer."""
        offered = sdp.check_offer(sdp.text(body))
        self.opening += 1
        try:
            track = await self.admission.add_track(meeting, bearer, query.get("speaker"), query.get("label", ""))
            peer = Peer(self.bus, meeting, track, configuration(self.settings))
            try:
                answer = await peer.answer(offered)
            except Fault:
                peer.leave()
                await peer.run(0)
                raise
            secret = secrets.token_urlsafe(24)
            session = Session(peer, bearer, f'"{secrets.token_hex(8)}"', sdp.ufrag_of(offered))
            self.by_id[secret] = session
        finally:
            self.opening -= 1
        task = asyncio.create_task(self._run(secret, peer), name=f"whip:{track}")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return secret, session, answer

    async def _run(self, secret: str, peer: Peer) -> None:
        try:
            await peer.run(self.settings.connect_s)
        except Exception as exc:  # noqa: BLE001 (the boundary of one peer; the others go on)
            log.get(part="whip").error("whip.failed", error=type(exc).__name__, detail=str(exc)[:200])
        finally:
            self.by_id.pop(secret, None)

    def find(self, secret: str, bearer: str) -> Session:
        """The session, for the one who made it. Raises NotFound."""
        session = self.by_id.get(secret)
        if session is None or not hmac.compare_digest(session.bearer, bearer):
            raise NotFound("no such session", source="client")
        return session

    def leave(self, secret: str) -> None:
        """The client goes; its track ends when what has come is stored."""
        session = self.by_id.pop(secret, None)
        if session is not None:
            session.peer.leave()

    async def close(self) -> None:
        """Every track ends; what has come is stored."""
        for session in self.by_id.values():
            session.peer.leave()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=10)
        await self.admission.close()


def configuration(settings: WhipSettings) -> RTCConfiguration:
    """Our side's STUN and TURN servers."""
    servers = []
    for line in settings.ice_servers:
        url, user, password = (*line.split("|"), "", "")[:3]
        servers.append(RTCIceServer(url, username=user or None, credential=password or None))
    return RTCConfiguration(iceServers=servers)


def ice_links(settings: WhipSettings) -> str:
    """The ``Link`` header that tells a client the same servers."""
    links = []
    for line in settings.ice_servers:
        url, user, password = (*line.split("|"), "", "")[:3]
        sign_in = f'; username="{user}"; credential="{password}"; credential-type="password"' if user else ""
        links.append(f'<{url}>; rel="ice-server"{sign_in}')
    return ", ".join(links)
