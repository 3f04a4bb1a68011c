"""What the analyzer knows of one meeting: a fold over its records, corrections by people included.

Pure: ``apply`` takes records in stream order and never looks at a clock. Whoever reads the whole log of a
meeting comes to the same state, so a new analyzer goes on where another one stopped.
"""

import msgspec

from analyzer.units import Unit, split
from contracts.corrections import Corrected
from contracts.lifecycle import MeetingDeleted, MeetingEnding, MeetingRenamed, MeetingStarted, TrackAdded
from contracts.notes import (
    Notes,
    NotesCheckpoint,
    NotesEpoch,
    NotesUpdated,
    RecapReady,
    SegmentCorrected,
    SpeakerRenamed,
    fold,
)
from contracts.people import ParticipantJoined
from contracts.transcript import Segment, SegmentFinal, SegmentRevised, TrackFinished, TrackGap


class Heard(msgspec.Struct, frozen=True):
    """The newest version of a segment and the stream sequence that made it so."""

    segment: Segment
    seq: int
    new: bool
    """False when it replaced an earlier version."""


class Transcript:
    """Segments, speakers, notes and lifecycle of one meeting, as far as its log has been read."""

    def __init__(self, meeting: str) -> None:
        self.meeting = meeting
        self.seq = 0
        self.started: MeetingStarted | None = None
        self.title = ""
        self.heard: dict[str, Heard] = {}
        self.notes = Notes()
        self.checkpoint = NotesCheckpoint()
        self.names: dict[str, str] = {}
        self.joined: list[str] = []
        self.gaps: list[TrackGap] = []
        self.ending = False
        self.deleted = False
        self._tracks: dict[str, TrackAdded] = {}
        self._finished: set[str] = set()
        self._words: dict[str, Corrected] = {}
        self._early: dict[str, SegmentCorrected] = {}
        self._ordered: list[Heard] | None = None

    @property
    def drained(self) -> bool:
        """Whether the meeting is over and no track can bring more words."""
        return self.ending and self._finished >= set(self._tracks)

    @property
    def end_s(self) -> float:
        """Meeting second at which the last words end."""
        return max((h.segment.end for h in self.heard.values()), default=0.0)

    def apply(self, seq: int, record: object) -> None:
        """Take in the record with stream sequence ``seq``; older ones are ignored."""
        if seq <= self.seq:
            return
        self.seq = seq
        self.notes = fold(self.notes, record)
        match record:
            case SegmentFinal() | SegmentRevised():
                self._hear(record.segment, seq)
            case SegmentCorrected():
                self._correct(record, seq)
            case NotesUpdated() | RecapReady() | NotesEpoch():
                self.checkpoint = record.checkpoint
            case SpeakerRenamed():
                self.names[record.speaker] = record.name
            case TrackGap():
                self.gaps.append(record)
            case _:
                self._lifecycle(record)

    def _lifecycle(self, record: object) -> None:
        match record:
            case MeetingStarted():
                self.started, self.title = record, record.title
            case MeetingRenamed():
                self.title = record.title
            case TrackAdded():
                self._tracks[record.track] = record
            case ParticipantJoined():
                self.joined.append(record.name)
            case TrackFinished():
                self._finished.add(record.track)
            case MeetingEnding():
                self.ending = True
            case MeetingDeleted():
                self.deleted = True

    def _hear(self, segment: Segment, seq: int) -> None:
        known = self._words.get(segment.id)
        if known is None:
            early = self._early.pop(segment.id, None)
            self._set(segment.id, Corrected(segment).corrected(early) if early else Corrected(segment), seq, new=True)
        elif segment.rev > known.base.rev:
            self._set(segment.id, known.revised(segment), seq, new=False)

    def _correct(self, record: SegmentCorrected, seq: int) -> None:
        known = self._words.get(record.segment)
        if known is None:
            self._early[record.segment] = record
        else:
            self._set(record.segment, known.corrected(record), seq, new=False)

    def _set(self, segment: str, words: Corrected, seq: int, *, new: bool) -> None:
        self._words[segment] = words
        self.heard[segment] = Heard(words.shown(), seq, new)
        self._ordered = None

    def speaker(self, segment: Segment) -> str | None:
        """The name to show for who said ``segment``: renamed label, label, or the track's one person."""
        track = self._tracks.get(segment.track)
        label = segment.speaker or (track.speaker if track else None)
        return self.names.get(label, label) if label else None

    def speakers(self) -> list[str]:
        """All names of people who spoke, in order of first appearance."""
        found = (self.speaker(h.segment) for h in self.in_time_order())
        return list(dict.fromkeys(name for name in found if name))

    def people(self) -> list[str]:
        """Speakers, who joined, and who was said to be there."""
        invited = self.started.participants if self.started else ()
        return list(dict.fromkeys([*self.speakers(), *self.joined, *invited]))

    def in_time_order(self) -> list[Heard]:
        """All segments with words, by start."""
        if self._ordered is None:
            with_words = [h for h in self.heard.values() if h.segment.text.strip()]
            self._ordered = sorted(with_words, key=lambda h: (h.segment.start, h.segment.id))
        return self._ordered

    def units(self) -> list[Unit]:
        """All sentences by time."""
        return [u for h in self.in_time_order() for u in split(h.segment, self.speaker(h.segment))]

    def units_from(self, since_s: float) -> list[Unit]:
        """Sentences of the segments that start at ``since_s`` or later, by time."""
        later = (h.segment for h in self.in_time_order() if h.segment.start >= since_s - 1.0)
        return [u for s in later for u in split(s, self.speaker(s))]

    def arrived_after(self, seq: int) -> list[Heard]:
        """Segments that came or changed after ``seq``, in the order of the log."""
        return sorted((h for h in self.heard.values() if h.seq > seq), key=lambda h: h.seq)
