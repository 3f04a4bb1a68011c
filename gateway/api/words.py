"""The transcript: read, correct, name speakers, and words that come without sound."""

import time
from typing import Any

from litestar import Controller, Request, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from contracts import records, subjects
from contracts.audio import SAMPLE_RATE_HZ
from contracts.errors import BadInput, Conflict, NotFound
from contracts.notes import SegmentCorrected, SpeakerRenamed
from contracts.records import Record
from contracts.transcript import Segment, SegmentFinal, TrackFinished, Word, segment_id
from gateway.api.schemas import (
    Accepted,
    EditedSegment,
    Line,
    NamedSpeaker,
    NewSegments,
    Transcript,
    checked,
    clean,
    clean_line,
)
from gateway.auth.guard import acting
from gateway.lifecycle import TRANSCRIPT
from gateway.services import Injected, Services
from gateway.summary import summary_of

Req = Request[Any, Any, Any]


class Words(Controller):
    """Everything about the words of a meeting."""

    path = "/v1/meetings/{meeting:str}"
    tags = ("transcript",)

    @get("/transcript", summary="The words as shown")
    async def transcript(self, request: Req, services: Injected, meeting: FromPath[str]) -> Transcript:
        """In the order of the meeting."""
        view = await services.view(acting(request), meeting)
        return Transcript(
            view.seq,
            summary_of(view.facts, view.open_actions()),  # type: ignore[arg-type]  # services.view has seen them
            tuple(view.tracks.values()),
            tuple(view.shown_segments()),
            tuple(view.gaps),
            view.speakers,
        )

    @patch("/segments/{segment:str}", summary="Correct a segment")
    async def correct(
        self,
        request: Req,
        services: Injected,
        meeting: FromPath[str],
        segment: FromPath[str],
        data: JSONBody[EditedSegment],
    ) -> Segment:
        """The correction stays, whatever a better version of the model says later.

        The notes that rest on these words are judged again, also when the meeting is over.
        """
        user = acting(request)
        view = await services.view(user, meeting, write=True)
        if segment not in view.segments:
            raise NotFound("no such segment", source="client")
        text = None if data.text is UNSET else checked(data.text.strip())
        speaker = None if data.speaker is UNSET else clean_line(data.speaker)
        record = SegmentCorrected(meeting, segment, user.id, time.time(), text, speaker)
        seq = await append_edit(services, meeting, record)
        if text is not None and view.facts is not None and view.facts.state != "live":
            await services.lifecycle.offer_meeting(meeting)
        view.apply(max(seq, view.seq + 1), record)
        return view.segments[segment].shown()

    @post("/speakers", summary="Name a speaker", status_code=202)
    async def name_speaker(
        self, request: Req, services: Injected, meeting: FromPath[str], data: JSONBody[NamedSpeaker]
    ) -> Accepted:
        """Everywhere in the meeting; the same name for two labels makes them one."""
        user = acting(request)
        await services.access.meeting(user, meeting, write=True)
        record = SpeakerRenamed(meeting, checked(data.speaker), clean_line(data.name), user.id, time.time())
        return Accepted(await append_edit(services, meeting, record))

    @post("/segments", summary="Add words without sound", status_code=202)
    async def add_segments(
        self, request: Req, services: Injected, meeting: FromPath[str], data: JSONBody[NewSegments]
    ) -> Accepted:
        """Only on tracks with the source ``transcript``; the same turn sent twice is stored once."""
        user = acting(request)
        await services.access.meeting(user, meeting, write=True)
        view = await services.lifecycle.load(meeting)
        track = view.tracks.get(data.track)
        if track is None:
            raise NotFound("no such track", source="client")
        if track.source != TRANSCRIPT or (view.facts and view.facts.state == "completed"):
            raise Conflict("this track takes no words", source="client")
        made = [SegmentFinal(meeting, s) for s in segments_of(data.track, data.segments)]
        last: list[Record] = []
        if data.last:
            last = [TrackFinished(meeting, data.track, max((s.segment.end for s in made), default=0.0))]
        return Accepted(await append_transcript(services, meeting, data.track, [*made, *last]))


async def append_edit(services: Services, meeting: str, record: Record) -> int:
    """Store what a person changed; returns its sequence when readers can see it."""
    seq = await services.bus.append(subjects.edits(meeting), records.encode(record), msg_id=subjects.new_id())
    await services.projector.wait_for(seq)
    return seq


async def append_transcript(services: Services, meeting: str, track: str, made: list[Record]) -> int:
    """Append in order, each after the one before. Raises Conflict when the track is finished."""
    subject = subjects.transcript(meeting, track)
    last = await services.bus.last(subjects.MEETING_STREAM, subject)
    if last is not None and isinstance(records.decode(last.data), TrackFinished):
        raise Conflict("the track has ended", source="client")
    seq = last.seq if last else 0
    for record in made:
        seq = await services.bus.append(subject, records.encode(record), msg_id=subjects.new_id(), expect_last=seq)
    await services.projector.wait_for(seq)
    return seq


def segments_of(track: str, lines: tuple[Line, ...]) -> list[Segment]:
    """The lines as final segments; ids follow from their start. Raises BadInput."""
    made: list[Segment] = []
    for line in lines:
        if line.end < line.start:
            raise BadInput("a turn ends before it starts", source="client")
        text = clean(line.text)
        speaker = clean_line(line.speaker) if line.speaker else None
        ident = segment_id(track, round(line.start * SAMPLE_RATE_HZ))
        made.append(Segment(ident, track, line.start, line.end, text, _words(line, text), speaker=speaker, final=True))
    if len({segment.id for segment in made}) < len(made):
        raise BadInput("two turns start at the same time", source="client")
    return made


def _words(line: Line, text: str) -> tuple[Word, ...]:
    """Words spread evenly over the turn, so that evidence and search can point at them."""
    words = text.split()
    step = (line.end - line.start) / max(1, len(words))
    return tuple(
        Word(word, round(line.start + n * step, 3), round(line.start + (n + 1) * step, 3))
        for n, word in enumerate(words)
    )
