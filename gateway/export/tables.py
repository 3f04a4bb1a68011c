"""A report's action items as a table (CSV) and as a calendar (ICS), and the whole report as JSON."""

import csv
import datetime as dt
import io

import icalendar
import msgspec

from contracts.notes import NoteItem
from contracts.quotes import quoted
from gateway.export.report import Report, clock, printable

COLUMNS = ("meeting", "date", "action", "owner", "due", "status", "quote", "at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_json(report: Report) -> bytes:
    """Everything, as the structs say."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)


def to_csv(report: Report) -> bytes:
    """Action items, one a row, with a byte order mark so that spreadsheets read UTF-8.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for item in report.of_kind("action"):
        writer.writerow([_cell(value) for value in _row(report, item)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _row(report: Report, item: NoteItem) -> tuple[str, ...]:
    quote, at = next(((said, clock(start)) for said, start in quoted(item.evidence)), ("", ""))
    due = item.due or item.due_words or ""
    day = report.started().date().isoformat()
    return report.title, day, item.text, item.owner or "", due, item.status, quote, at


def _cell(value: str) -> str:
    clean = printable(value)
    return f"'{clean}" if clean.lstrip(" ").startswith(_FORMULA) else clean


def to_ics(report: Report) -> bytes:
    """Open action items with a due date as all-day events; the same item keeps its identity in every export."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Rapporteur//EN")
    calendar.add("version", "2.0")
    for item in report.of_kind("action"):
        day = _day(item.due)
        if day is not None and item.status == "open":
            calendar.add_component(_event(report, item, day))
    ical: bytes = calendar.to_ical()
    return ical


def _event(report: Report, item: NoteItem, day: dt.date) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{report.meeting}-{item.id}@rapporteur")
    event.add("dtstamp", dt.datetime.fromtimestamp(report.started_at, dt.UTC))
    event.add("sequence", item.rev)
    event.add("dtstart", day)
    event.add("dtend", day + dt.timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("summary", printable(f"{item.text} ({item.owner})" if item.owner else item.text))
    quotes = "\n".join(f"“{said}” ({clock(start)})" for said, start in quoted(item.evidence))
    event.add("description", printable(f"{report.title}\n{quotes}".strip()))
    return event


def _day(due: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(due or "")
    except ValueError:
        return None
