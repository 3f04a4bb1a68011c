"""What a file of a meeting says, before it has a form."""

import datetime as dt
import zoneinfo

import msgspec

from contracts.errors import NotFound
from contracts.notes import NoteItem
from contracts.recap import Chapter
from contracts.transcript import Word
from gateway.view import MeetingView


class Turn(msgspec.Struct, frozen=True):
    """One utterance with its speaker's name as people see it; meeting seconds."""

    segment: str
    speaker: str
    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """A meeting, ready to be written. ``started_at``: seconds since the epoch; ``timezone`` its IANA name."""

    meeting: str
    title: str
    started_at: float
    timezone: str
    duration_s: float
    participants: tuple[str, ...]
    summary: str
    chapters: tuple[Chapter, ...]
    items: tuple[NoteItem, ...]
    turns: tuple[Turn, ...]

    def of_kind(self, kind: str) -> list[NoteItem]:
        """The items of one kind, in order of appearance."""
        return [item for item in self.items if item.kind == kind]

    def started(self) -> dt.datetime:
        """The start on the meeting's own clock."""
        try:
            zone: dt.tzinfo = zoneinfo.ZoneInfo(self.timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            zone = dt.UTC
        return dt.datetime.fromtimestamp(self.started_at, zone)


KIND_TITLES = {
    "action": "Action items",
    "decision": "Decisions",
    "question": "Open questions",
    "risk": "Risks",
    "topic": "Topics",
}


def report_of(view: MeetingView) -> Report:
    """The report of a meeting, without struck words and deleted, merged or withdrawn items. Raises NotFound."""
    if view.facts is None:
        raise NotFound("no such meeting", source="client")
    recap = view.notes.recap
    turns = tuple(
        Turn(s.id, view.speakers.get(s.speaker or "", s.speaker or ""), s.start, s.end, s.text, s.words)
        for s in view.shown_segments()
    )
    speakers = dict.fromkeys([*view.facts.participants, *(t.speaker for t in turns if t.speaker)])
    return Report(
        meeting=view.meeting,
        title=view.facts.title,
        started_at=view.facts.started_at,
        timezone=view.facts.timezone,
        duration_s=view.facts.duration_s or view.end_s(),
        participants=tuple(speakers),
        summary=recap.summary if recap else view.notes.summary,
        chapters=recap.chapters if recap else view.notes.chapters,
        items=tuple(view.notes.shown()),
        turns=turns,
    )


def clock(seconds: float) -> str:
    """Meeting seconds as ``h:mm:ss`` or ``m:ss``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def facts_line(report: Report) -> str:
    """When, how long, who: one line for the head of a document."""
    when = report.started().strftime("%Y-%m-%d %H:%M %Z").strip()
    return " · ".join(filter(None, [when, clock(report.duration_s), ", ".join(report.participants)]))


def item_details(item: NoteItem) -> str:
    """Owner, due date and state of an item, where there are any."""
    due = item.due or item.due_words
    done = item.status if item.status != "open" else ""
    return ", ".join(filter(None, [item.owner, f"due {due}" if due else "", done]))


def printable(text: str) -> str:
    """The text without characters that XML and printers cannot take."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c != "\x7f" and not 0xD800 <= ord(c) <= 0xDFFF))
