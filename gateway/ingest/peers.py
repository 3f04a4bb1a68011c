"""All peers of a WHIP process: who they are, how many fit, and what their later requests must bring."""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiortc import RTCConfiguration, RTCIceServer

from contracts import log, subjects
from contracts.audio import decode_frame
from contracts.bus import Bus
from contracts.errors import Conflict, Fault, NotFound
from gateway.auth.limits import RateLimit
from gateway.ingest import offer as sdp
from gateway.ingest.admission import Admission
from gateway.ingest.peer import Peer
from gateway.ingest.session import HighWater
from gateway.ingest.settings import WhipSettings
from gateway.ingest.standing import watch
from gateway.presence import Presence

REPLACE_S = 5.0
"""A peer that is replaced by its own person has this long to store its last sound."""


@dataclass(slots=True)
class Session:
    """A peer, and what its later requests must bring."""

    peer: Peer
    bearer: str
    etag: str
    ufrag: str | None
    track: str
    task: asyncio.Task[None] | None = None


@dataclass
class Sessions:
    """All peers of this process."""

    settings: WhipSettings
    bus: Bus
    admission: Admission
    presence: Presence
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
            peer, track = await self._peer(meeting, bearer, query)
            try:
                answer = await peer.answer(offered)
            except Fault:
                peer.leave(ends=False)
                await peer.run(0)
                raise
            secret = secrets.token_urlsafe(24)
            session = Session(peer, bearer, f'"{secrets.token_hex(8)}"', sdp.ufrag_of(offered), track)
            self.by_id[secret] = session
        finally:
            self.opening -= 1
        session.task = asyncio.create_task(self._run(secret, meeting, session), name=f"whip:{track}")
        self.tasks.add(session.task)
        session.task.add_done_callback(self.tasks.discard)
        return secret, session, answer

    async def _peer(self, meeting: str, bearer: str, query: Mapping[str, str]) -> tuple[Peer, str]:
        """A peer on a new track, or, with a ticket, on the one that it was made for, from where that ends now."""
        servers = configuration(self.settings)
        if "track" not in query:
            track = await self.admission.add_track(meeting, bearer, query.get("speaker"), query.get("label", ""))
            return Peer(self.bus, meeting, track, servers), track
        track = await self.admission.open_track(meeting, bearer, query["track"])
        await self._replace(track)
        last = await self.bus.last(subjects.AUDIO_STREAM, subjects.audio(meeting, track))
        mark = HighWater.of(decode_frame(last.data), last.seq, last.at) if last else HighWater()
        if mark.closed:
            raise Conflict("the track has ended", source="client")
        return Peer(self.bus, meeting, track, servers, mark=mark, stays=True), track

    async def _replace(self, track: str) -> None:
        """Whoever sent this track before is let go: the same person comes back from a lost connection."""
        before = [session for session in self.by_id.values() if session.track == track]
        for session in before:
            session.peer.leave(ends=False)
        running = [session.task for session in before if session.task is not None]
        if running:
            await asyncio.wait(running, timeout=REPLACE_S)

    async def _run(self, secret: str, meeting: str, session: Session) -> None:
        peer = session.peer
        watching = asyncio.create_task(
            watch(self.bus, self.presence, meeting, session.track, peer), name=f"whip.watch:{session.track}"
        )
        try:
            await peer.run(self.settings.connect_s)
        except Exception as exc:  # noqa: BLE001 (the boundary of one peer; the others go on)
            log.get(part="whip").error("whip.failed", error=type(exc).__name__, detail=str(exc)[:200])
        finally:
            watching.cancel()
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
        """What has come is stored; tracks end, but for those whose people can come back to them."""
        for session in self.by_id.values():
            session.peer.leave(ends=False)
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
