"""Who takes part in a meeting, and the links that let people in: records of ``meeting.<meeting>.lifecycle``.

ParticipantJoined is also the proof of consent: it is written when a person has read the notice and said yes.
"""

from typing import Literal

import msgspec

State = Literal["on", "paused", "off_record"]
"""``paused`` and ``off_record``: nothing of this person's sound is taken; the transcript says so."""
Reason = Literal["left", "lost", "removed"]


class ParticipantJoined(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="participant.joined"):
    """A person is there, or there again, and agreed to being transcribed."""

    meeting: str
    participant: str
    """The user's id."""
    name: str
    """As they gave it; no two people of a meeting have the same. The exact speaker of their microphone."""
    at: float
    notice: str
    """Which text they agreed to."""
    invite: str | None = None
    """The link they came by; None for somebody who was signed in."""


class ParticipantChanged(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="participant.changed"):
    """They paused, went off the record, or are back; also: a lost connection is there again."""

    meeting: str
    participant: str
    state: State
    at: float


class ParticipantLeft(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="participant.left"):
    """They left, their connection was lost for good, or somebody removed them."""

    meeting: str
    participant: str
    at: float
    reason: Reason = "left"


class InviteMade(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="invite.made"):
    """A link that lets guests in until ``expires_at``; only the hash of its secret is kept."""

    meeting: str
    invite: str
    digest: str
    by: str
    at: float
    expires_at: float


class InviteStopped(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="invite.stopped"):
    """The link lets nobody in any more; who is there stays."""

    meeting: str
    invite: str
    by: str
    at: float


PeopleRecord = ParticipantJoined | ParticipantChanged | ParticipantLeft | InviteMade | InviteStopped
