"""Who may see and change which meeting. A foreign id looks like an unknown one."""

from sqlalchemy import select

from contracts.errors import NotAllowed, NotFound
from contracts.subjects import check_id
from gateway.auth.identity import User
from gateway.store.database import Database
from gateway.store.models import Meeting, Membership

READS_ONLY = ("viewer", "guest")


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
        role = await self._role(user, meeting)
        if write and not user.sees_all and (not user.may_write or role in READS_ONLY):
            raise NotAllowed("you may read this meeting, not change it", source="client")

    async def sender(self, user: User, meeting: str) -> bool:
        """Whether ``user`` may send sound only on tracks of their own: a guest. Raises like ``meeting``."""
        role = await self._role(user, meeting)
        guest = role == "guest" and not user.sees_all
        if not guest and not user.sees_all and (not user.may_write or role in READS_ONLY):
            raise NotAllowed("you may read this meeting, not change it", source="client")
        return guest

    async def _role(self, user: User, meeting: str) -> str:
        """The role of somebody who may see the meeting; a guest only while it is not over. Raises NotFound."""
        async with self._database.reading() as session:
            known = await session.get(Meeting, check_id(meeting))
            member = await session.get(Membership, (meeting, user.id))
        over = known is not None and known.state == "completed"
        if known is None or not (member or user.sees_all) or (over and _is_guest(user, member)):
            raise NotFound("no such meeting", source="client")
        return member.role if member else user.role


def _is_guest(user: User, member: Membership | None) -> bool:
    return not user.sees_all and member is not None and member.role == "guest"
