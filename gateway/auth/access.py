"""Who may see and change which meeting. A foreign id looks like an unknown one."""

from sqlalchemy import select

from contracts.errors import NotAllowed, NotFound
from contracts.subjects import check_id
from gateway.auth.identity import User
from gateway.store.database import Database
from gateway.store.models import Meeting, Membership


class Access:
    """Asks the memberships; nothing is cached, so a right that is taken away is gone at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def visible_ids(self, user: User) -> set[str] | None:
        """The meetings that ``user`` may see; None = all of them."""
        if user.sees_all:
            return None
        async with self._database.reading() as session:
            rows = await session.scalars(select(Membership.meeting).where(Membership.user == user.id))
            return set(rows.all())

    async def meeting(self, user: User, meeting: str, *, write: bool = False) -> None:
        """Raises NotFound when ``user`` may not see the meeting, NotAllowed when they may not change it."""
        async with self._database.reading() as session:
            known = await session.get(Meeting, check_id(meeting))
            member = await session.get(Membership, (meeting, user.id))
        if known is None or not (member or user.sees_all):
            raise NotFound("no such meeting", source="client")
        reads_only = not user.may_write or (member is not None and member.role == "viewer" and not user.sees_all)
        if write and reads_only:
            raise NotAllowed("you may read this meeting, not change it", source="client")
