"""Bodies of requests and answers. Texts from people are bounded and hold no control characters."""

import unicodedata
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from contracts.errors import BadInput
from contracts.notes import Kind, NoteItem, Status
from contracts.people import State
from contracts.recap import Chapter, Recap
from contracts.transcript import Segment
from gateway.auth.identity import Scope
from gateway.summary import MeetingSummary
from gateway.view import Gap, Track

Title = Annotated[str, Meta(min_length=1, max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}$")]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Seconds = Annotated[float, Meta(ge=0, le=7 * 24 * 3600)]
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a client sends."""


class NewMeeting(_Body, frozen=True):
    """``language`` None = detect among ``languages`` (empty = any)."""

    title: Title
    language: Language | None = None
    languages: Annotated[tuple[Language, ...], Meta(max_length=10)] = ()
    participants: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    vocabulary: Annotated[tuple[Name, ...], Meta(max_length=200)] = ()
    timezone: Annotated[str, Meta(max_length=64)] = "UTC"
    sample: bool = False


class RenamedMeeting(_Body, frozen=True):
    """A new title."""

    title: Title


class NewTrack(_Body, frozen=True):
    """``speaker``: the one person on it, when there is only one; ``people``: at most so many, when somebody knows."""

    source: Literal["mic", "tab", "whip", "upload", "transcript"]
    speaker: Name | None = None
    label: Annotated[str, Meta(max_length=100)] = ""
    people: Annotated[int, Meta(ge=1, le=50)] | None = None


class AddedTrack(msgspec.Struct, frozen=True):
    """``offset_s``: meeting second at which the track's media time starts."""

    track: str
    offset_s: float


class Line(_Body, frozen=True):
    """One turn of a transcript that was made elsewhere, in meeting seconds."""

    start: Seconds
    end: Seconds
    text: Text
    speaker: Name | None = None


class NewSegments(_Body, frozen=True):
    """Turns in order; ``last`` finishes the track."""

    track: Id
    segments: Annotated[tuple[Line, ...], Meta(max_length=500)] = ()
    last: bool = False


class Accepted(msgspec.Struct, frozen=True):
    """``seq``: feed cursor from which on the change shows."""

    seq: int


class MeetingPage(msgspec.Struct, frozen=True):
    """``next``: value of ``before`` for the following page, None on the last."""

    items: tuple[MeetingSummary, ...]
    next: float | None


class Transcript(msgspec.Struct, frozen=True):
    """The words as shown, up to feed cursor ``seq``."""

    seq: int
    meeting: MeetingSummary
    tracks: tuple[Track, ...]
    segments: tuple[Segment, ...]
    gaps: tuple[Gap, ...]
    speakers: dict[str, str]


class NotesState(msgspec.Struct, frozen=True):
    """The notes as shown, up to feed cursor ``seq``; deleted and merged items are left out."""

    seq: int
    items: tuple[NoteItem, ...]
    summary: str
    chapters: tuple[Chapter, ...]


class RecapPage(msgspec.Struct, frozen=True):
    """All that the recap page shows beside the transcript."""

    seq: int
    meeting: MeetingSummary
    recap: Recap | None
    items: tuple[NoteItem, ...]
    chapters: tuple[Chapter, ...]
    gaps: tuple[Gap, ...]
    speakers: dict[str, str]


class NewNote(_Body, frozen=True):
    """An item written by hand."""

    kind: Kind
    text: Text
    owner: Name | None = None
    due: Day | None = None


class EditedNote(_Body, frozen=True):
    """Fields to set (and so lock), to give back to the analyzer (``unlock``), or ``deleted`` to hide or restore."""

    text: Text | UnsetType = UNSET
    owner: Name | UnsetType | None = UNSET
    due: Day | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET
    unlock: Annotated[tuple[Literal["text", "owner", "due", "status"], ...], Meta(max_length=4)] = ()
    deleted: bool | UnsetType = UNSET


class Merge(_Body, frozen=True):
    """The item that stays."""

    into: Annotated[str, Meta(min_length=1, max_length=96)]


class EditedSegment(_Body, frozen=True):
    """New words (empty = struck), or another speaker label."""

    text: Annotated[str, Meta(max_length=4000)] | UnsetType = UNSET
    speaker: Name | UnsetType = UNSET


class NamedSpeaker(_Body, frozen=True):
    """A name for a speaker label, everywhere in the meeting."""

    speaker: Annotated[str, Meta(min_length=1, max_length=200)]
    name: Name


class NewRecap(_Body, frozen=True):
    """Which template; the default is ``general``."""

    template: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,32}$")] = "general"


class NewTicket(_Body, frozen=True):
    """What the ticket is to open."""

    meeting: Id
    scope: Scope
    track: Id | None = None


class IssuedTicket(msgspec.Struct, frozen=True):
    """A secret that opens one socket once."""

    ticket: str
    expires_in_s: float


class SignInLink(msgspec.Struct, frozen=True):
    """A link that signs in once."""

    url: str
    expires_in_s: float


class NewInvite(_Body, frozen=True):
    """How long the link lets people in, and how long they may stay."""

    ttl_s: Annotated[float, Meta(ge=60, le=7 * 24 * 3600)] = 24 * 3600.0


class InviteLink(msgspec.Struct, frozen=True):
    """``code`` is what stands in the link; pages put it behind their own address."""

    invite: str
    url: str
    code: str
    expires_at: float


class InviteShown(msgspec.Struct, frozen=True):
    """A link that works, without its secret."""

    invite: str
    by: str
    made_at: float
    expires_at: float


class InviteCode(_Body, frozen=True):
    """What stands in a link."""

    code: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{20,64}$")]


class JoinRequest(InviteCode, frozen=True):
    """``consent`` and ``notice``: that they agreed, and to which text."""

    name: Name
    consent: bool
    notice: Annotated[str, Meta(max_length=32)]


class NewParticipant(_Body, frozen=True):
    """Somebody who is signed in takes part."""

    name: Name
    consent: bool
    notice: Annotated[str, Meta(max_length=32)]


class ChangedState(_Body, frozen=True):
    """What is taken of your sound."""

    state: State


class MeetingAtDoor(msgspec.Struct, frozen=True):
    """What somebody with a link is told before they join."""

    meeting: str
    title: str
    started_at: float
    people: tuple[str, ...]
    notice: str
    expires_at: float


class JoinedMeeting(msgspec.Struct, frozen=True):
    """``name``: as everybody sees it, with a number behind it when it was taken."""

    meeting: str
    participant: str
    name: str


class Me(msgspec.Struct, frozen=True):
    """The signed-in user."""

    id: str
    name: str
    role: str


def clean(text: str) -> str:
    """``text`` without blanks around it. Raises BadInput for control and direction-changing characters, or nothing."""
    stripped = text.strip()
    if not stripped:
        raise BadInput("a text is empty", source="client")
    return checked(stripped)


def checked(text: str) -> str:
    """``text``. Raises BadInput when it holds characters that change how other text looks."""
    if any((unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t") or c in _BIDI for c in text):
        raise BadInput("a text holds control characters", source="client")
    return text


def clean_line(text: str) -> str:
    """``clean``, and on one line."""
    if "\n" in text or "\t" in text:
        raise BadInput("a text holds line breaks", source="client")
    return clean(text)
