"""The read model as the indexer sees it."""

from gateway.projector import Projector
from gateway.store.database import Database
from gateway.store.views import load_view
from gateway.view import MeetingView


class ProjectedViews:
    """Meetings as the projector wrote them."""

    def __init__(self, database: Database, projector: Projector) -> None:
        self._database = database
        self._projector = projector

    async def wait_for(self, seq: int) -> bool:
        """Whether the read model holds everything up to ``seq`` within a few seconds."""
        return await self._projector.wait_for(seq)

    async def view(self, meeting: str) -> MeetingView | None:
        """The meeting now; None when it is unknown or deleted."""
        async with self._database.reading() as session:
            return await load_view(session, meeting)
