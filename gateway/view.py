"""A meeting as its records make it: the one fold that the projector, the feed and the API share. No I/O."""

import msgspec

from contracts.corrections import Corrected
from contracts.lifecycle import (
    MeetingCompleted,
    MeetingDeleted,
    MeetingEnding,
    MeetingRenamed,
    MeetingStarted,
    TrackAdded,
    WordsRemoved,
)
from contracts.notes import Notes, RecapReady, SegmentCorrected, SpeakerRenamed, fold
from contracts.people import (
    InviteMade,
    InviteStopped,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    PeopleRecord,
)
from contracts.recap import Chapter, Recap
from contracts.records import Record
from contracts.transcript import Segment, SegmentFinal, SegmentRevised, TrackFinished, TrackGap
from gateway.people import Invites, Participant
from gateway.people import fold as fold_people

MAX_GAPS = 10_000


class Track(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source of sound or words of a meeting. ``end`` (meeting seconds) is there once it is finished."""

    track: str
    source: str
    offset_s: float
    speaker: str | None = None
    label: str = ""
    end: float | None = None
    user: str | None = None
    """Who added it."""
    people: int | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing follows on it."""
        return self.end is not None


class Gap(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sound that is missing, in meeting seconds, and why."""

    track: str
    start: float
    end: float
    cause: str


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the lifecycle says about a meeting."""

    meeting: str
    title: str
    owner: str
    started_at: float
    timezone: str = "UTC"
    language: str | None = None
    languages: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    sample: bool = False
    ending_at: float | None = None
    ending_seq: int = 0
    ending_reason: str = ""
    recap_seq: int = 0
    last_seq: int = 0
    ended_at: float | None = None
    duration_s: float | None = None
    people: tuple[Participant, ...] = ()
    """Who took part, in order of arrival."""

    @property
    def state(self) -> str:
        """``live``, ``ending`` or ``completed``."""
        if self.duration_s is not None:
            return "completed"
        return "live" if self.ending_at is None else "ending"


class Change(msgspec.Struct):
    """What one record changed in the view; empty when readers see no difference."""

    facts: bool = False
    deleted: bool = False
    completed: bool = False
    wordless: bool = False
    """The words were removed."""
    segment: str | None = None
    track: str | None = None
    finished: bool = False
    gap: Gap | None = None
    speaker: str | None = None
    person: str | None = None
    items: tuple[str, ...] = ()
    summary: str | None = None
    chapters: tuple[Chapter, ...] | None = None
    recap: Recap | None = None

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return any(getattr(self, name) not in (None, False, ()) for name in self.__struct_fields__)


class MeetingView:
    """The state of one meeting after the record with stream sequence ``seq``."""

    def __init__(self, meeting: str) -> None:
        self.meeting = meeting
        self.seq = 0
        self._clear()

    def _clear(self) -> None:
        self.facts: Facts | None = None
        self.deleted: MeetingDeleted | None = None
        self.tracks: dict[str, Track] = {}
        self.segments: dict[str, Corrected] = {}
        self.gaps: list[Gap] = []
        self.speakers: dict[str, str] = {}
        self.recognised: dict[str, str] = {}  # by which remembered voice a label has its name; "": by a person
        self.notes = Notes()
        self.invites: Invites = {}
        """Only in a view of the lifecycle: links are looked up in the log."""

    def apply(self, seq: int, record: Record) -> Change:
        """Take in the record with that sequence; one that was taken in before changes nothing."""
        if seq <= self.seq:
            return Change()
        self.seq = seq
        if self.deleted is not None:
            return Change()
        match record:
            case SegmentFinal() | SegmentRevised() | SegmentCorrected():
                return self._segment(record)
            case TrackAdded() | TrackFinished() | TrackGap():
                return self._track(record)
            case SpeakerRenamed():
                return self._named(seq, record)
            case ParticipantJoined() | ParticipantChanged() | ParticipantLeft() | InviteMade() | InviteStopped():
                return self._people(record)
            case WordsRemoved():
                return self._without_words()
            case MeetingStarted() | MeetingRenamed() | MeetingEnding() | MeetingCompleted() | MeetingDeleted():
                return self._lifecycle(seq, record)
            case _:
                return self._notes(seq, record)

    def by_voice(self, speaker: str) -> bool:
        """Whether a remembered voice gave the label the name that it has."""
        return bool(self.recognised.get(speaker)) and self.speakers.get(speaker) != speaker

    def _named(self, seq: int, record: SpeakerRenamed) -> Change:
        self.speakers[record.speaker], self.recognised[record.speaker] = record.name, record.voice
        change = self._notes(seq, record)
        change.speaker = record.speaker
        return change

    def shown_segments(self) -> list[Segment]:
        """All segments as a reader sees them, in the order of the meeting; struck ones (no text) are left out."""
        shown = (state.shown() for state in self.segments.values())
        return sorted((s for s in shown if s.text), key=lambda s: (s.start, s.id))

    def open_actions(self) -> int:
        """How many action items are to be done."""
        return sum(1 for item in self.notes.shown() if item.kind == "action" and item.status == "open")

    def end_s(self) -> float:
        """Meeting second at which the last thing of the meeting ends."""
        ends = [t.end for t in self.tracks.values() if t.end is not None] + [s.base.end for s in self.segments.values()]
        return max(ends, default=0.0)

    def _segment(self, record: SegmentFinal | SegmentRevised | SegmentCorrected) -> Change:
        if isinstance(record, SegmentCorrected):
            stored = self.segments.get(record.segment)
            if stored is None:
                return Change()
            self.segments[record.segment] = stored.corrected(record)
            return Change(segment=record.segment)
        new = record.segment
        stored = self.segments.get(new.id)
        revised = Corrected(new) if stored is None else stored.revised(new)
        if revised is stored:
            return Change()
        self.segments[new.id] = revised
        return Change(segment=new.id)

    def _track(self, record: TrackAdded | TrackFinished | TrackGap) -> Change:
        stored = self.tracks.get(record.track)
        match record:
            case TrackAdded() if stored is None:
                self.tracks[record.track] = Track(
                    record.track,
                    record.source,
                    record.offset_s,
                    record.speaker,
                    record.label,
                    user=record.user,
                    people=record.people,
                )
                return Change(track=record.track)
            case TrackFinished() if stored is not None and not stored.finished:
                self.tracks[record.track] = msgspec.structs.replace(stored, end=record.end)
                return Change(track=record.track, finished=True)
            case TrackGap() if len(self.gaps) < MAX_GAPS:
                gap = Gap(record.track, record.start, record.end, record.cause)
                self.gaps.append(gap)
                return Change(gap=gap)
            case _:
                return Change()

    def _lifecycle(
        self, seq: int, record: MeetingStarted | MeetingRenamed | MeetingEnding | MeetingCompleted | MeetingDeleted
    ) -> Change:
        if isinstance(record, MeetingDeleted):
            self._clear()  # nothing of the content stays in memory
            self.deleted = record
            return Change(deleted=True)
        if isinstance(record, MeetingStarted):
            if self.facts is None:
                self.facts = _started(record)
                return Change(facts=True)
            return Change()
        if self.facts is None:
            return Change()
        before, self.facts = self.facts, _advanced(self.facts, seq, record)
        return Change(facts=self.facts != before, completed=isinstance(record, MeetingCompleted))

    def _without_words(self) -> Change:
        """As if the records of the tracks had never been; they are removed from the log as well."""
        self.segments, self.gaps = {}, []
        end = self.facts.duration_s if self.facts else None
        self.tracks = {name: msgspec.structs.replace(track, end=end) for name, track in self.tracks.items()}
        return Change(wordless=True)

    def person(self, participant: str) -> Participant | None:
        """Somebody of the meeting."""
        known = self.facts.people if self.facts else ()
        return next((p for p in known if p.participant == participant), None)

    def _people(self, record: PeopleRecord) -> Change:
        if self.facts is None:
            return Change()
        known = {p.participant: p for p in self.facts.people}
        changed = fold_people(known, self.invites, record)
        if changed is not None:
            self.facts = msgspec.structs.replace(self.facts, people=tuple(known.values()))
        return Change(person=changed)

    def _notes(self, seq: int, record: Record) -> Change:
        before, self.notes = self.notes, fold(self.notes, record)
        change = Change(
            items=tuple(i for i, item in self.notes.items.items() if before.items.get(i) != item),
            summary=self.notes.summary if self.notes.summary != before.summary else None,
            chapters=self.notes.chapters if self.notes.chapters != before.chapters else None,
        )
        if isinstance(record, RecapReady):
            change.recap = record.recap
            if self.facts is not None:
                self.facts = msgspec.structs.replace(self.facts, recap_seq=seq)
        return change


def _started(record: MeetingStarted) -> Facts:
    return Facts(
        record.meeting,
        record.title,
        record.owner,
        record.started_at,
        record.timezone,
        record.language,
        record.languages,
        record.participants,
        record.vocabulary,
        record.sample,
    )


def _advanced(facts: Facts, seq: int, record: MeetingRenamed | MeetingEnding | MeetingCompleted) -> Facts:
    match record:
        case MeetingRenamed():
            return msgspec.structs.replace(facts, title=record.title)
        case MeetingEnding() if facts.ending_at is None:
            return msgspec.structs.replace(facts, ending_at=record.at, ending_seq=seq, ending_reason=record.reason)
        case MeetingCompleted() if facts.duration_s is None:
            return msgspec.structs.replace(
                facts, ended_at=record.at, duration_s=record.duration_s, last_seq=record.last_seq
            )
        case _:
            return facts
