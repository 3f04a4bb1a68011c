"""What the analyzer knows of one meeting: a fold over its records, corrections by people included.

Pure: ``apply`` takes records in stream order and never looks at a clock. Whoever reads the whole log of a
meeting comes to the same state, so a new analyzer goes on where another one stopped.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from analyzer.units import Unit, goes_on, runs_on, sentences, unbroken
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

MAX_RUN = 32
"""Segments on either side that are looked at for the rest of a sentence, at most."""


class Heard(msgspec.Struct, frozen=True):
    """The newest version of a segment and the stream sequence that made it so."""

    segment: Segment
    seq: int
    new: bool
    """False when it replaced an earlier version, or its sentence has other neighbours now."""


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
        self._lines: dict[str, list[tuple[float, str]]] = {}
        """Start and id of the segments with words, by track and time."""

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
        """Take the new version in; segments whose sentence it continues, or no longer does, change with it."""
        old, shown = self.heard.get(segment), words.shown()
        before = self._links(old.segment) if old else set()
        before |= self._links(shown)
        self._words[segment] = words
        if old and old.segment.text.strip():
            self._lines[old.segment.track].remove((old.segment.start, segment))
        self.heard[segment] = Heard(shown, seq, new)
        if shown.text.strip():
            insort(self._lines.setdefault(shown.track, []), (shown.start, segment))
        after = self._links(old.segment) if old else set()
        after |= self._links(shown)
        for other in {i for link in before ^ after for i in link} - {segment}:
            self.heard[other] = Heard(self.heard[other].segment, seq, new=False)
        self._ordered = None

    def _links(self, segment: Segment) -> set[tuple[str, str]]:
        """Neighbours around the place of ``segment`` that are one sentence."""
        line = self._lines.get(segment.track, [])
        at = bisect_left(line, (segment.start, segment.id))
        near = [self.heard[i].segment for _, i in line[max(0, at - 1) : at + 2]]
        return {(a.id, b.id) for a, b in pairwise(near) if self._joined(a, b)}

    def _joined(self, before: Segment, after: Segment) -> bool:
        first, second = self.speaker(before), self.speaker(after)
        if first == second or (None in (first, second) and unbroken(before, after)):
            return goes_on(before, after)
        return runs_on(before, after)

    def _run(self, segment: Segment) -> list[Segment]:
        """The neighbours of ``segment`` in its track that it shares sentences with, itself included, by time."""
        line = self._lines.get(segment.track, [])
        at = bisect_left(line, (segment.start, segment.id))
        run = [segment]
        for _, name in reversed(line[max(0, at - MAX_RUN) : at]):
            if not self._joined(self.heard[name].segment, run[0]):
                break
            run.insert(0, self.heard[name].segment)
        for _, name in line[at + 1 : at + 1 + MAX_RUN]:
            if not self._joined(run[-1], self.heard[name].segment):
                break
            run.append(self.heard[name].segment)
        return run

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

    def goes_on(self, segment: Segment) -> bool:
        """Whether the last sentence of ``segment`` ends in a later one."""
        line = self._lines.get(segment.track, [])
        after = line[bisect_left(line, (segment.start, segment.id)) + 1 :][:1]
        return bool(after) and self._joined(segment, self.heard[after[0][1]].segment)

    def sentences(self, segments: Iterable[Segment]) -> list[Unit]:
        """The whole sentences that have words in ``segments``, by where they begin."""
        wanted = {s.id: s for s in segments if s.text.strip()}
        found: list[tuple[float, str, int, Unit]] = []
        done: set[str] = set()
        for segment in wanted.values():
            if segment.id in done:
                continue
            run = self._run(segment)
            done.update(s.id for s in run)
            starts = {s.id: s.start for s in run}
            for unit in sentences(run, [self.speaker(s) for s in run]):
                if any(p.segment_id in wanted for p in unit.parts):
                    found.append((starts[unit.segment_id], unit.segment_id, unit.index, unit))
        return [unit for *_, unit in sorted(found, key=lambda f: f[:3])]

    def units(self) -> list[Unit]:
        """All sentences by time."""
        return self.sentences(h.segment for h in self.in_time_order())

    def units_from(self, since_s: float) -> list[Unit]:
        """Sentences of the segments that start at ``since_s`` or later, by time."""
        return self.sentences(h.segment for h in self.in_time_order() if h.segment.start >= since_s - 1.0)

    def whole(self, unit: Unit) -> bool:
        """Whether ``unit`` is still a sentence as it was said: no part has other words, and it has not gone on."""
        heard = self.heard.get(unit.segment_id)
        now = self.sentences([heard.segment]) if heard else []
        return any((u.text, u.parts[0].segment_id) == (unit.text, unit.segment_id) for u in now)

    def open(self, unit: Unit) -> bool:
        """Whether ``unit`` may go on: it has no full stop and nothing of its track follows it."""
        last = self.heard[unit.parts[-1].segment_id].segment
        line = self._lines[last.track]
        return not unit.ended and line[-1] == (last.start, last.id)

    def arrived_after(self, seq: int) -> list[Heard]:
        """Segments that came or changed after ``seq``, in the order of the log."""
        return sorted((h for h in self.heard.values() if h.seq > seq), key=lambda h: h.seq)
