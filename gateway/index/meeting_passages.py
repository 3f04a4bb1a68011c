"""What of a meeting is remembered: its talk, its notes, its recap, as passages. Pure."""

from collections.abc import Iterable

from contracts.notes import NoteItem
from contracts.recap import Chapter
from contracts.transcript import Segment
from gateway.index.passages import Borders, split_line
from gateway.index.port import RECAP, Card, Line, Passage
from gateway.index.utterances import utterances
from gateway.view import MeetingView


def card_of(view: MeetingView) -> Card | None:
    """The meeting's card; None when it has not started as far as the view knows."""
    if view.facts is None:
        return None
    speakers = {_name(view, s) for s in view.shown_segments()} - {None}
    people = dict.fromkeys([*view.facts.participants, *sorted(str(s) for s in speakers)])
    return Card(view.meeting, view.facts.title, view.facts.started_at, tuple(people))


def passages_of(view: MeetingView, borders: Borders) -> list[Passage]:
    """Everything to be found of the meeting, each with a stable id."""
    lines = [piece for line in talk_of(view) for piece in split_line(line)]
    return [*borders.passages(view.meeting, lines), *_notes(view), *_recap(view)]


def talk_of(view: MeetingView) -> list[Line]:
    """What was said, as people see it now: the finals of one sentence together."""
    return utterances((segment, _name(view, segment)) for segment in view.shown_segments())


def _name(view: MeetingView, segment: Segment) -> str | None:
    """The speaker as people see it."""
    return view.speakers.get(segment.speaker, segment.speaker) if segment.speaker else None


def _notes(view: MeetingView) -> Iterable[Passage]:
    for item in view.notes.shown():
        yield _note(view.meeting, item)


def _note(meeting: str, item: NoteItem) -> Passage:
    evidence = item.evidence
    start, end = (evidence[0].start, evidence[0].end) if evidence else (0.0, 0.0)
    quotes = tuple(Line(e.segment_id, e.start, e.end, e.quote) for e in evidence)
    first = Line(evidence[0].segment_id if evidence else "", start, end, item.text)
    return Passage(
        id=f"{meeting}-n-{item.id}",
        meeting=meeting,
        kind=item.kind,
        start=start,
        end=end,
        lines=(first, *quotes),
        owner=item.owner,
        status=item.status,
        due=item.due,
    )


def _recap(view: MeetingView) -> Iterable[Passage]:
    """The title with the summary, so that a meeting is found by its name, and one passage per chapter."""
    if view.facts is None:
        return
    recap = view.notes.recap
    summary = recap.summary if recap else view.notes.summary
    texts = [view.facts.title, *summary.splitlines()]
    yield _told(view.meeting, "r", 0.0, view.end_s(), texts)
    for number, chapter in enumerate(recap.chapters if recap else view.notes.chapters):
        yield _chapter(view.meeting, number, chapter)


def _chapter(meeting: str, number: int, chapter: Chapter) -> Passage:
    return _told(meeting, f"c{number}", chapter.start, chapter.end, [chapter.title, *chapter.summary.splitlines()])


def _told(meeting: str, name: str, start: float, end: float, texts: list[str]) -> Passage:
    pieces = (split_line(Line("", start, end, text)) for text in texts)
    lines = tuple(Line("", start, end, piece.text) for line in pieces for piece in line)
    return Passage(f"{meeting}-{name}", meeting, RECAP, start, end, lines)
