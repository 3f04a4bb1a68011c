"""What the gateway writes about a meeting's life: fenced, so two gateways never contradict each other."""

import time
from collections.abc import Callable

import msgspec

from contracts import records, subjects
from contracts.bus import Bus
from contracts.errors import Conflict, Fenced, NotFound
from contracts.lifecycle import (
    MeetingCompleted,
    MeetingDeleted,
    MeetingEnding,
    MeetingRenamed,
    MeetingStarted,
    TrackAdded,
    WordsRemoved,
)
from contracts.live import MeetingWork, TrackWork
from contracts.records import LifecycleRecord
from gateway.view import MeetingView, Track

_TRIES = 5
MAX_TRACKS = 32
MAX_GUEST_TRACKS = 4
"""A reload that lost its storage begins a new one."""
TRANSCRIPT = "transcript"


class Lifecycle:
    """Reads and writes ``meeting.<m>.lifecycle`` and the WORK keys that follow from it. Raises only Faults."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def load(self, meeting: str) -> MeetingView:
        """The meeting as its lifecycle alone says; ``seq`` is that of its last lifecycle record. Raises NotFound."""
        view = await self._fold(meeting)
        if view.facts is None:
            raise NotFound("no such meeting", source="client")
        return view

    async def _fold(self, meeting: str) -> MeetingView:
        subject = subjects.lifecycle(meeting)
        view = MeetingView(meeting)
        last = await self._bus.last(subjects.MEETING_STREAM, subject)
        if last is not None:
            for stored in await self._bus.read_until(subjects.MEETING_STREAM, subject, 1, last.seq):
                view.apply(stored.seq, records.decode(stored.data))
        return view

    async def start(self, record: MeetingStarted) -> int:
        """A new meeting; returns its sequence."""
        seq = await self._append(record.meeting, record, 0)
        await self.offer_meeting(record.meeting)
        return seq

    async def add_track(self, meeting: str, track: TrackAdded, *, own_only: bool = False) -> int:
        """A new track of a live meeting; ``own_only``: of a guest. Raises NotFound or Conflict."""

        def make(view: MeetingView) -> TrackAdded:
            if view.facts is None or view.facts.state != "live":
                raise Conflict("the meeting has ended", source="client")
            if own_only and sum(t.user == track.user for t in view.tracks.values()) >= MAX_GUEST_TRACKS:
                raise Conflict(f"a guest may have at most {MAX_GUEST_TRACKS} tracks", source="client")
            if len(view.tracks) >= MAX_TRACKS:
                raise Conflict(f"a meeting may have at most {MAX_TRACKS} tracks", source="client")
            return track

        seq = await self.write(meeting, make)
        if track.source != TRANSCRIPT:
            await self.offer_track(await self.load(meeting), track.track)
        return seq

    async def rename(self, meeting: str, title: str, user: str) -> int:
        """A new title. Raises NotFound."""
        return await self.write(meeting, lambda _: MeetingRenamed(meeting, title, user))

    async def end(self, meeting: str, reason: str = "user") -> int:
        """No new sound from here on; a second call changes nothing. Raises NotFound."""

        def make(view: MeetingView) -> MeetingEnding | None:
            live = view.facts is not None and view.facts.state == "live"
            return MeetingEnding(meeting, time.time(), reason) if live else None

        return await self.write(meeting, make)

    async def complete(self, meeting: str, last_seq: int, duration_s: float) -> int:
        """Everything is in the log; a second call changes nothing. Raises NotFound."""

        def make(view: MeetingView) -> MeetingCompleted | None:
            ending = view.facts is not None and view.facts.state == "ending"
            return MeetingCompleted(meeting, last_seq, time.time(), duration_s) if ending else None

        return await self.write(meeting, make)

    async def remove_words(self, meeting: str) -> int:
        """The words of a complete meeting are to go; nothing happens to one that is not. Raises NotFound."""

        def make(view: MeetingView) -> WordsRemoved | None:
            complete = view.facts is not None and view.facts.state == "completed"
            return WordsRemoved(meeting, time.time()) if complete else None

        return await self.write(meeting, make)

    async def delete(self, meeting: str, user: str) -> int:
        """Everything of the meeting is to go. Raises NotFound."""
        return await self.write(meeting, lambda _: MeetingDeleted(meeting, time.time(), user))

    async def write(self, meeting: str, make: Callable[[MeetingView], LifecycleRecord | None]) -> int:
        """Append what ``make`` says about the newest state; again when another gateway was faster."""
        for _ in range(_TRIES):
            view = await self.load(meeting)
            record = make(view)
            if record is None:
                return view.seq
            try:
                return await self._append(meeting, record, view.seq)
            except Fenced:
                continue
        raise Conflict("others are changing this meeting; try again", source="client")

    async def _append(self, meeting: str, record: LifecycleRecord, expect_last: int) -> int:
        subject = subjects.lifecycle(meeting)
        return await self._bus.append(
            subject, records.encode(record), msg_id=subjects.new_id(), expect_last=expect_last
        )

    # -- work offered to the other services -------------------------------------------------------

    async def offer_meeting(self, meeting: str, recap: str | None = None) -> None:
        """Ask for notes, or with ``recap`` for a new recap."""
        work = MeetingWork(meeting, recap)
        await self._bus.put(subjects.WORK_BUCKET, subjects.meeting_work(meeting), msgspec.json.encode(work))

    async def offer_track(self, view: MeetingView, track: str) -> None:
        """Ask for a transcript of a track."""
        work = track_work(view, view.tracks[track])
        await self._bus.put(subjects.WORK_BUCKET, subjects.track_work(view.meeting, track), msgspec.json.encode(work))


def track_work(view: MeetingView, track: Track) -> TrackWork:
    """How a track is to be transcribed."""
    facts = view.facts
    if facts is None:
        return TrackWork(view.meeting, track.track, track.offset_s, track.speaker)
    vocabulary = tuple(dict.fromkeys((*facts.participants, *(p.name for p in facts.people), *facts.vocabulary)))
    mixed = [t.track for t in view.tracks.values() if t.speaker is None and t.source != TRANSCRIPT]
    return TrackWork(
        view.meeting,
        track.track,
        track.offset_s,
        track.speaker,
        facts.language,
        facts.languages,
        vocabulary,
        mixed.index(track.track) if track.track in mixed else 0,
        track.people,
        *_call(view, track),
    )


def _call(view: MeetingView, track: Track) -> tuple[str | None, float]:
    """The call that the person at this microphone hears: the newest tab that they share."""
    shared = [t for t in view.tracks.values() if t.source == "tab" and t.user == track.user and not t.finished]
    return (shared[-1].track, shared[-1].offset_s) if track.source == "mic" and shared else (None, 0.0)
