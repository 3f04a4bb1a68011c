"""Who may see and change which meeting. A foreign id looks like an unknown one."""

import msgspec
from sqlalchemy import select

from contracts.errors import NotAllowed, NotFound
from contracts.subjects import check_id
from gateway.auth.identity import User
from gateway.store.database import Database
from gateway.store.models import Meeting, Membership

READS_ONLY = ("viewer", "guest")


class Readership(msgspec.Struct, frozen=True):
    """Who may read one meeting, as it was at one moment."""

    state: str | None
    """Of the meeting; None = there is none."""
    roles: dict[str, str]
    """Of its members, by user."""

    def role(self, user: User) -> str | None:
        """The role of somebody who may read it, a guest only while it is not over; None = they may not."""
        role = user.role if user.sees_all else self.roles.get(user.id)
        over = self.state is None or (role == "guest" and self.state == "completed")
        return None if over else role

    def admits(self, user: User) -> bool:
        """Whether ``user`` may read it."""
        return self.role(user) is not None


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

    async def readers(self, meeting: str) -> Readership:
        """Who may read the meeting now, all of them at once."""
        async with self._database.reading() as session:
            known = await session.get(Meeting, check_id(meeting))
            query = select(Membership.user, Membership.role).where(Membership.meeting == meeting)
            roles = dict((await session.execute(query)).tuples().all())
        return Readership(known.state if known else None, roles)

    async def _role(self, user: User, meeting: str) -> str:
        """The role of somebody who may see the meeting. Raises NotFound."""
        async with self._database.reading() as session:
            known = await session.get(Meeting, check_id(meeting))
            member = await session.get(Membership, (meeting, user.id))
        roles = {member.user: member.role} if member else {}
        role = Readership(known.state if known else None, roles).role(user)
        if role is None:
            raise NotFound("no such meeting", source="client")
        return role
