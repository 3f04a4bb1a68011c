"""What handlers may use; made once by the composition root."""

import dataclasses

from litestar.di import NamedDependency

from contracts.bus import Bus
from contracts.errors import NotFound
from gateway.auth.access import Access
from gateway.auth.accounts import Accounts
from gateway.auth.identity import User
from gateway.auth.limits import RateLimit
from gateway.auth.tickets import Tickets
from gateway.closer import Closer
from gateway.disk import Disk
from gateway.eraser import Eraser
from gateway.feed.hub import Hub
from gateway.feed.rights import Rights
from gateway.index.memory import Memory
from gateway.ingest.importer import Importer
from gateway.ingest.uploads import UploadStore
from gateway.joining import Joining
from gateway.lifecycle import Lifecycle
from gateway.metrics import Metrics
from gateway.presence import Presence
from gateway.projector import Projector
from gateway.quiet import Quiet
from gateway.settings import GatewaySettings
from gateway.store.database import Database
from gateway.store.views import load_outline, load_view
from gateway.view import MeetingView
from gateway.voices.recogniser import Recogniser
from gateway.voices.store import VoiceStore
from gateway.whip_door import WhipDoor


@dataclasses.dataclass(frozen=True, slots=True)
class Services:
    """The parts of a gateway."""

    settings: GatewaySettings
    bus: Bus
    database: Database
    accounts: Accounts
    tickets: Tickets
    access: Access
    rights: Rights
    lifecycle: Lifecycle
    projector: Projector
    closer: Closer
    eraser: Eraser
    hub: Hub
    disk: Disk
    metrics: Metrics
    memory: Memory
    uploads: UploadStore
    importer: Importer
    ticket_rate: RateLimit
    sign_in_rate: RateLimit
    join_rate: RateLimit
    joining: Joining
    presence: Presence
    quiet: Quiet
    whip: WhipDoor
    voices: VoiceStore
    recogniser: Recogniser

    async def view(self, user: User, meeting: str, *, write: bool = False) -> MeetingView:
        """The whole meeting, if ``user`` may see (or change) it. Raises NotFound or NotAllowed."""
        await self.access.meeting(user, meeting, write=write)
        async with self.database.reading() as session:
            return _found(await load_view(session, meeting))

    async def outline(self, user: User, meeting: str, *, write: bool = False) -> MeetingView:
        """Its facts and tracks only."""
        await self.access.meeting(user, meeting, write=write)
        async with self.database.reading() as session:
            return _found(await load_outline(session, meeting))

    async def own_track(self, user: User, meeting: str, track: str | None) -> None:
        """Raises NotFound unless ``track`` is one that ``user`` added."""
        view = await self.lifecycle.load(meeting)
        known = view.tracks.get(track or "")
        if known is None or known.user != user.id:
            raise NotFound("no such track", source="client")


def _found(view: MeetingView | None) -> MeetingView:
    if view is None or view.facts is None:
        raise NotFound("no such meeting", source="client")
    return view


Injected = NamedDependency[Services]
"""The parts, as handlers ask for them."""
