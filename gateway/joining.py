"""Coming into a meeting: links are made and stopped, people join, change their state and leave."""

import time

import msgspec

from contracts.errors import BadInput, Conflict, NotFound
from contracts.people import (
    InviteMade,
    InviteStopped,
    ParticipantJoined,
)
from contracts.subjects import check_id, new_id
from gateway import people
from gateway.attendance import Attendance
from gateway.auth.accounts import Accounts
from gateway.auth.identity import User, digest, new_secret
from gateway.lifecycle import Lifecycle
from gateway.people import Invite
from gateway.view import MeetingView

NOTICE = "2026-11"
"""Names the text that people agree to (``web/js/lib/consent.js``); a new text gets a new name."""


class Joined(msgspec.Struct, frozen=True):
    """Somebody came in. ``secret``: their session, when they are a guest; ``seq``: their record."""

    meeting: str
    participant: str
    name: str
    seq: int
    secret: str | None = None
    until: float = 0.0


class Joining(Attendance):
    """All of it is in the meeting's lifecycle; only who may come back in is in the accounts. Raises only Faults."""

    def __init__(self, lifecycle: Lifecycle, accounts: Accounts) -> None:
        super().__init__(lifecycle)
        self._accounts = accounts

    async def invite(self, meeting: str, user: User, ttl_s: float) -> tuple[Invite, str]:
        """A new link and its code. Raises NotFound, or Conflict when the meeting is over."""
        secret, now = new_secret(), time.time()
        record = InviteMade(meeting, new_id(), digest(secret), user.id, now, now + ttl_s)

        def make(view: MeetingView) -> InviteMade:
            _live(view)
            if sum(invite.works(now) for invite in view.invites.values()) >= people.MAX_INVITES:
                raise Conflict("stop a link first: there are too many", source="client")
            return record

        await self._lifecycle.write(meeting, make)
        made = Invite(record.invite, record.digest, user.id, now, record.expires_at)
        return made, f"{meeting}.{secret}"

    async def invites(self, meeting: str) -> list[Invite]:
        """The links that work."""
        view = await self._lifecycle.load(meeting)
        return [invite for invite in view.invites.values() if invite.works(time.time())]

    async def stop(self, meeting: str, invite: str, user: User) -> int:
        """The link lets nobody in any more. Raises NotFound."""

        def make(view: MeetingView) -> InviteStopped | None:
            if invite not in view.invites:
                raise NotFound("no such link", source="client")
            stopped = view.invites[invite].stopped
            return None if stopped else InviteStopped(meeting, invite, user.id, time.time())

        return await self._lifecycle.write(meeting, make)

    async def look(self, code: str) -> tuple[MeetingView, Invite]:
        """The live meeting behind a link. Raises NotFound when the link is unknown, stopped or too old."""
        meeting, _, secret = code.partition(".")
        try:
            view = await self._lifecycle.load(check_id(meeting))
        except BadInput as exc:
            raise NotFound("this link does not work any more", source="client") from exc
        invite = people.invite_for(view.invites, digest(secret), time.time())
        _live(view)
        return view, invite

    async def join_by_link(self, code: str, user: User | None, name: str) -> Joined:
        """Let somebody in who has read the notice and said yes. Raises NotFound or Conflict."""
        view, invite = await self.look(code)
        people.check_room({p.participant: p for p in view.facts.people} if view.facts else {}, "")
        if user is not None and user.sees_all:
            return await self.join(view.meeting, user, name)
        guest, secret = await self._accounts.add_guest(view.meeting, user, invite.expires_at)
        joined = await self.join(view.meeting, guest, name, invite.invite)
        return msgspec.structs.replace(joined, secret=secret, until=invite.expires_at)

    async def join(self, meeting: str, user: User, name: str, invite: str | None = None) -> Joined:
        """``user``, who may see the meeting, takes part in it and agreed. Raises NotFound or Conflict."""
        taken = name

        def make(view: MeetingView) -> ParticipantJoined:
            nonlocal taken
            _live(view)
            known = {p.participant: p for p in view.facts.people} if view.facts else {}
            people.check_room(known, user.id)
            taken = people.free_name(known, user.id, name)
            return ParticipantJoined(meeting, user.id, taken, time.time(), NOTICE, invite)

        seq = await self._lifecycle.write(meeting, make)
        return Joined(meeting, user.id, taken, seq)

    async def remove(self, meeting: str, participant: str, user: User) -> int:
        """Put a guest out: what let them in stops, and so does the link they came by. Raises NotFound."""
        view = await self._lifecycle.load(meeting)
        person = view.person(participant)
        if person is not None and person.invite is not None:
            await self.stop(meeting, person.invite, user)
        await self._accounts.remove_guest(meeting, participant)
        return await self.left(meeting, participant, "removed")


def _live(view: MeetingView) -> None:
    if view.facts is None or view.facts.state != "live":
        raise Conflict("the meeting has ended", source="client")
