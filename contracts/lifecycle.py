"""Lifecycle records: subject ``meeting.<meeting>.lifecycle``, written by gateways with a fenced append.

MeetingStarted, TrackAdded*, MeetingRenamed*, MeetingEnding, MeetingCompleted; MeetingDeleted at any time.
Between them stand the records of ``people``.
"""

import msgspec


class MeetingStarted(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="meeting.started"):
    """A meeting exists. ``language`` None = detect within ``languages`` (empty = any), once, then lock."""

    meeting: str
    title: str
    owner: str
    started_at: float
    """Wall clock, seconds since the epoch: zero of the meeting's seconds."""
    timezone: str = "UTC"
    language: str | None = None
    languages: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    sample: bool = False


class TrackAdded(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="track.added"):
    """A source of sound joined. ``source``: mic, tab, upload, whip, or transcript (words without sound)."""

    meeting: str
    track: str
    source: str
    offset_s: float
    """Meeting seconds at which the track's media time starts."""
    speaker: str | None = None
    """The one person on this track, or None when it may hold several."""
    label: str = ""
    user: str | None = None
    people: int | None = None
    """At most so many people, when somebody knows."""


class MeetingRenamed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="meeting.renamed"):
    """A person changed the title."""

    meeting: str
    title: str
    user: str


class MeetingEnding(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="meeting.ending"):
    """No new sound is accepted; tracks are drained. ``reason``: user, idle, upload, disk."""

    meeting: str
    at: float
    reason: str = "user"


class MeetingCompleted(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="meeting.completed"):
    """All finals, the final notes and the recap are in the log; ``last_seq`` is the feed cursor of the last of them."""

    meeting: str
    last_seq: int
    at: float
    duration_s: float


class WordsRemoved(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="words.removed"):
    """The words of a complete meeting, its gaps and its sound are to be removed everywhere; notes and recap stay."""

    meeting: str
    at: float


class MeetingDeleted(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="meeting.deleted"):
    """Everything of the meeting is to be removed everywhere; this line alone remains."""

    meeting: str
    at: float
    by: str
