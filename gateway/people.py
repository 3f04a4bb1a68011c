"""The people and the links of a meeting as their records make them, and who may come in. No I/O."""

import hmac

import msgspec

from contracts.errors import Conflict, NotFound
from contracts.people import (
    InviteMade,
    InviteStopped,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    PeopleRecord,
    Reason,
    State,
)

MAX_PARTICIPANTS = 64
MAX_INVITES = 32
"""Links that work at the same time."""


class Participant(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person of a meeting. ``joined_at``: when they last agreed to the notice and came in."""

    participant: str
    name: str
    joined_at: float
    notice: str = ""
    state: State = "on"
    left_at: float | None = None
    left: str = ""
    """``left``, ``lost`` or ``removed`` once they are gone."""
    invite: str | None = None


class Invite(msgspec.Struct, frozen=True):
    """A link that lets guests in."""

    invite: str
    digest: str
    by: str
    made_at: float
    expires_at: float
    stopped: bool = False

    def works(self, now: float) -> bool:
        """Whether it lets people in at wall clock ``now``."""
        return not self.stopped and now < self.expires_at


People = dict[str, Participant]
Invites = dict[str, Invite]


def fold(people: People, invites: Invites, record: PeopleRecord) -> str | None:
    """Take in a record; the participant that it changed."""
    match record:
        case InviteMade():
            made = Invite(record.invite, record.digest, record.by, record.at, record.expires_at)
            invites.setdefault(record.invite, made)
            return None
        case InviteStopped():
            if (known := invites.get(record.invite)) is not None:
                invites[record.invite] = msgspec.structs.replace(known, stopped=True)
            return None
        case ParticipantJoined():
            people[record.participant] = Participant(
                record.participant, record.name, record.at, record.notice, invite=record.invite
            )
            return record.participant
    before = people.get(record.participant)
    if before is None:
        return None
    people[record.participant] = _after(before, record)
    return record.participant if people[record.participant] != before else None


def _after(before: Participant, record: ParticipantChanged | ParticipantLeft) -> Participant:
    if isinstance(record, ParticipantLeft):
        if not leaves(before, record.reason):
            return before
        left_at = record.at if before.left_at is None else before.left_at
        return msgspec.structs.replace(before, left_at=left_at, left=record.reason)
    if before.left not in ("", "lost"):
        return before
    return msgspec.structs.replace(before, state=record.state, left_at=None, left="")


def leaves(person: Participant, reason: Reason) -> bool:
    """Whether it is news that they are gone: who was only lost may still leave or be put out, and then stays out."""
    return person.left_at is None or (person.left == "lost" and reason != "lost")


def invite_for(invites: Invites, digest: str, now: float) -> Invite:
    """The link whose secret has that hash. Raises NotFound, whether it is unknown, stopped or too old."""
    for invite in invites.values():
        if hmac.compare_digest(invite.digest, digest) and invite.works(now):
            return invite
    raise NotFound("this link does not work any more", source="client")


def check_room(people: People, participant: str) -> None:
    """Raises Conflict when no more people fit."""
    if participant not in people and len(people) >= MAX_PARTICIPANTS:
        raise Conflict(f"a meeting may have at most {MAX_PARTICIPANTS} people", source="client")


def free_name(people: People, participant: str, wanted: str) -> str:
    """``wanted``, with a number behind it when somebody else of the meeting has it: labels stay exact."""
    taken = {p.name.casefold() for p in people.values() if p.participant != participant}
    if wanted.casefold() not in taken:
        return wanted
    return next(name for n in range(2, len(taken) + 3) if (name := f"{wanted} ({n})").casefold() not in taken)
