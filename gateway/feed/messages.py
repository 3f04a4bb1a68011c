"""The messages of the feed, each one JSON object. Those with ``seq`` come from one record each and are never lost.

After a snapshot with ``seq`` S come all messages with a higher ``seq``, in order. The others may be thinned out.
"""

from typing import ClassVar

import msgspec

from contracts.live import AnalyzerHealth, Interim, TrackHealth
from contracts.notes import NoteItem
from contracts.recap import Chapter, Recap
from contracts.transcript import Segment
from gateway.people import Participant
from gateway.summary import MeetingSummary, summary_of
from gateway.view import Change, Facts, Gap, MeetingView, Track


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """Any message."""


class OpenWords(_Message, frozen=True, tag="interim"):
    """The open words of a track; replaces the one before. ``segment`` None = nothing is open."""

    track: str
    segment: Segment | None = None
    audio_s: float = 0.0


class Snapshot(_Message, frozen=True, tag="snapshot"):
    """Everything up to ``seq``. Segments and items as shown: corrected, edited, none that was struck or deleted."""

    seq: int
    meeting: MeetingSummary
    tracks: tuple[Track, ...] = ()
    segments: tuple[Segment, ...] = ()
    notes: tuple[NoteItem, ...] = ()
    summary: str = ""
    chapters: tuple[Chapter, ...] = ()
    recap: Recap | None = None
    gaps: tuple[Gap, ...] = ()
    speakers: dict[str, str] = {}
    interims: tuple[OpenWords, ...] = ()
    people: tuple[Participant, ...] = ()
    recognised: tuple[str, ...] = ()
    """Speaker labels that have their name by a remembered voice."""


class SegmentUpdated(_Message, frozen=True, tag="segment.updated"):
    """Final words, new or changed; empty text = struck by a person."""

    seq: int
    segment: Segment


class NotesUpdated(_Message, frozen=True, tag="notes.updated"):
    """Whole items after all edits; one may be ``deleted`` or ``merged_into`` another. None = unchanged."""

    seq: int
    items: tuple[NoteItem, ...] = ()
    summary: str | None = None
    chapters: tuple[Chapter, ...] | None = None


class RecapReady(_Message, frozen=True, tag="recap.ready"):
    """The recap was written, or written again."""

    seq: int
    recap: Recap


class GapAdded(_Message, frozen=True, tag="gap.added"):
    """Sound is missing."""

    seq: int
    gap: Gap


class TrackAdded(_Message, frozen=True, tag="track.added"):
    """A track joined."""

    seq: int
    track: Track


class TrackFinished(_Message, frozen=True, tag="track.finished"):
    """Nothing follows on the track."""

    seq: int
    track: Track


class SpeakerRenamed(_Message, frozen=True, tag="speaker.renamed"):
    """A speaker label has a name; ``by_voice``: a remembered voice gave it, not a person."""

    seq: int
    speaker: str
    name: str
    by_voice: bool = False


class ParticipantUpdated(_Message, frozen=True, tag="participant.updated"):
    """Somebody joined, left, paused, or went off the record."""

    seq: int
    participant: Participant


class MeetingUpdated(_Message, frozen=True, tag="meeting.updated"):
    """Title or state changed."""

    seq: int
    meeting: MeetingSummary


class MeetingCompleted(_Message, frozen=True, tag="meeting.completed"):
    """All words, notes and the recap have been sent."""

    seq: int
    last_seq: int
    duration_s: float


class MeetingDeleted(_Message, frozen=True, tag="meeting.deleted"):
    """The meeting is gone; the feed ends."""

    seq: int


class Health(_Message, frozen=True, tag="health"):
    """How far captions (``track``, ``lag_ms``, ``interims``) or notes (``notes``: ok, busy, loading, down) are."""

    track: str | None = None
    lag_ms: int | None = None
    interims: bool | None = None
    notes: str | None = None
    detail: str = ""


class Ping(_Message, frozen=True, tag="ping"):
    """Nothing happened for a while; the connection lives."""


class Resync(_Message, frozen=True, tag="resync"):
    """Your cursor can not be served; forget what you have, a snapshot follows."""


class Problem(_Message, frozen=True, tag="error"):
    """The feed ends with this; ``code`` as in problem documents."""

    code: str
    detail: str


class Subscribe(_Message, frozen=True, tag="subscribe"):
    """Client's first message; ``since`` = the last ``seq`` it has."""

    ticket: str = ""
    since: int | None = None


FeedMessage = (
    Snapshot
    | SegmentUpdated
    | NotesUpdated
    | RecapReady
    | GapAdded
    | TrackAdded
    | TrackFinished
    | SpeakerRenamed
    | ParticipantUpdated
    | MeetingUpdated
    | MeetingCompleted
    | MeetingDeleted
    | OpenWords
    | Health
    | Ping
    | Resync
    | Problem
)
ClientMessage = Subscribe | Ping


class Codec:
    """The one encoder and decoder of the feed."""

    client: ClassVar[msgspec.json.Decoder[ClientMessage]] = msgspec.json.Decoder(ClientMessage)
    server: ClassVar[msgspec.json.Decoder[FeedMessage]] = msgspec.json.Decoder(FeedMessage)


def encode(message: FeedMessage) -> str:
    """The message as it is sent."""
    return msgspec.json.encode(message).decode()


def meeting_summary(view: MeetingView, facts: Facts) -> MeetingSummary:
    """The summary of a view."""
    return summary_of(facts, view.open_actions())


def snapshot(view: MeetingView, interims: tuple[OpenWords, ...] = ()) -> Snapshot | None:
    """The state of ``view``, or None when there is no such meeting."""
    if view.facts is None:
        return None
    notes = view.notes
    return Snapshot(
        view.seq,
        meeting_summary(view, view.facts),
        tuple(view.tracks.values()),
        tuple(view.shown_segments()),
        tuple(item for item in notes.items.values() if not item.deleted and not item.merged_into),
        notes.summary,
        notes.chapters,
        notes.recap,
        tuple(view.gaps),
        dict(view.speakers),
        interims,
        view.facts.people,
        tuple(label for label in view.recognised if view.by_voice(label)),
    )


def update(view: MeetingView, change: Change) -> FeedMessage | None:
    """The one message that tells of ``change``, the last that was applied to ``view``; None when nobody would see."""
    seq = view.seq
    if change.deleted:
        return MeetingDeleted(seq)
    if change.segment:
        return SegmentUpdated(seq, view.segments[change.segment].shown())
    if change.speaker:
        return SpeakerRenamed(seq, change.speaker, view.speakers[change.speaker], view.by_voice(change.speaker))
    if change.recap:
        return RecapReady(seq, change.recap)
    if change.items or change.summary is not None or change.chapters is not None:
        return NotesUpdated(seq, tuple(view.notes.items[i] for i in change.items), change.summary, change.chapters)
    if change.gap:
        return GapAdded(seq, change.gap)
    if change.track:
        return (TrackFinished if change.finished else TrackAdded)(seq, view.tracks[change.track])
    if change.person and (person := view.person(change.person)) is not None:
        return ParticipantUpdated(seq, person)
    return _lifecycle(view, change)


def _lifecycle(view: MeetingView, change: Change) -> FeedMessage | None:
    facts = view.facts
    if facts is None or not change.facts:
        return None
    if change.completed and facts.duration_s is not None:
        return MeetingCompleted(view.seq, facts.last_seq, facts.duration_s)
    return MeetingUpdated(view.seq, meeting_summary(view, facts))


def from_live(message: Interim | TrackHealth | AnalyzerHealth) -> OpenWords | Health:
    """A live message of a worker or analyzer as the feed sends it."""
    match message:
        case Interim():
            return OpenWords(message.track, message.segment, message.audio_s)
        case TrackHealth():
            return Health(message.track, message.lag_ms, message.interims, detail=message.detail)
        case AnalyzerHealth():
            return Health(lag_ms=int(message.lag_s * 1000), notes=message.state, detail=message.detail)
