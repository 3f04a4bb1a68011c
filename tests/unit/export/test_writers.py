"""Files of a meeting: everything is in them, and nothing that was said is taken for markup."""

import csv
import io
import re
import zipfile
from xml.etree import ElementTree as ET

import icalendar
import msgspec
import pypdf
import pytest

from contracts.lifecycle import MeetingStarted
from contracts.notes import Evidence, NoteItem, NotesCheckpoint, NotesUpdated
from contracts.recap import Chapter
from contracts.transcript import Word
from gateway.api.export import WRITERS, disposition
from gateway.export.markdown import escape, to_markdown
from gateway.export.report import Report, Turn, report_of
from gateway.export.subtitles import CUE_CHARS, cues, to_srt, to_vtt
from gateway.export.tables import to_csv, to_ics
from gateway.view import MeetingView

EVIL = (
    '=HYPERLINK("http://x") <script>alert(1)</script> *b* [l](j) --> {\\an8} & "q" 日本語 한국어 עברית \x00\x07\u202e'
)
REPORT = Report(
    meeting="m1",
    title="Q3 / <Budget> & plans",
    started_at=1_750_000_000.0,
    timezone="Europe/Berlin",
    duration_s=3725.0,
    participants=("Ana", "Łukasz"),
    summary="We agreed.\n\nSecond paragraph.",
    chapters=(Chapter("Prices", 0.0, 60.0, "What it costs."),),
    items=(
        NoteItem("i1", "action", EVIL, owner="Ana", due="2025-07-01", evidence=(Evidence("s1", "quote", 61.0, 62.0),)),
        NoteItem("i2", "action", "Done already", status="done", due="2025-07-02"),
        NoteItem("i3", "decision", "Take the second offer"),
        NoteItem("i4", "action", "No day", due_words="soon"),
    ),
    turns=(
        Turn("s1", "Ana", 0.0, 4.0, EVIL),
        Turn("s2", "", 4.0, 6.0, "plain words", (Word("plain", 4.1, 4.5), Word("words", 5.0, 5.9))),
        Turn("s3", "Łukasz", 3600.0, 3725.5, "word " * 120),
    ),
)


@pytest.mark.parametrize("form", WRITERS)
def test_every_form_writes_a_full_and_an_empty_meeting(form: str) -> None:
    write, _ = WRITERS[form]  # type: ignore[index]
    empty = Report("m2", "", 0.0, "Nowhere/None", 0.0, (), "", (), (), ())
    assert write(REPORT)
    assert write(empty) is not None


def test_markdown_shows_words_as_they_are() -> None:
    assert escape("# no *head* <b> `x` [a](b) | ~ $") == r"\# no \*head\* \<b\> \`x\` \[a\](b) \| \~ \$"
    assert escape("1. not a list") == r"1\. not a list"
    assert escape("- neither") == r"\- neither"
    text = to_markdown(REPORT).decode()
    assert not re.search(r"(?<!\\)<script", text)
    assert "- [ ] =HYPERLINK" in text.replace("\\=", "=")
    assert "- [x] Done already" in text


def test_cells_that_a_spreadsheet_would_run_are_text() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(REPORT).decode("utf-8-sig"), newline="")))
    assert [row[4:6] for row in rows[1:]] == [["2025-07-01", "open"], ["2025-07-02", "done"], ["soon", "open"]]
    assert rows[1][2].startswith("'=HYPERLINK")


def test_open_actions_with_a_day_are_in_the_calendar_with_a_lasting_identity() -> None:
    calendar = icalendar.Calendar.from_ical(to_ics(REPORT))
    (event,) = calendar.walk("VEVENT")
    assert (str(event["uid"]), event["dtstart"].dt.isoformat()) == ("m1-i1@rapporteur", "2025-07-01")
    assert all(len(line) <= 75 for line in to_ics(REPORT).split(b"\r\n"))


def test_subtitles_are_short_timed_and_without_markup() -> None:
    found = [c for turn in REPORT.turns for c in cues(turn)]
    assert all(len(c.text) <= CUE_CHARS and c.start < c.end for c in found)
    assert [(c.start, c.end) for c in found if c.text == "plain words"] == [(4.1, 5.9)]
    srt, vtt = to_srt(REPORT).decode(), to_vtt(REPORT).decode()
    assert re.match(r"1\n00:00:00,000 --> \d\d:\d\d:\d\d,\d{3}\n", srt)
    assert "<" not in srt
    assert len(re.findall(r"-->", srt)) == len(found) == len(re.findall(r"-->", vtt))
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert "<v Łukasz>" in vtt
    assert "<script" not in vtt
    assert "01:00:" in vtt


def test_word_documents_are_well_formed_whatever_was_said() -> None:
    write, _ = WRITERS["docx"]
    with zipfile.ZipFile(io.BytesIO(write(REPORT))) as file:
        text = "".join(ET.fromstring(file.read("word/document.xml")).itertext())
    assert "日本語" in text
    assert "Take the second offer" in text
    assert "“quote” 1:01" in text


def test_pdf_pages_hold_the_words_of_any_script() -> None:
    write, _ = WRITERS["pdf"]
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(write(REPORT))).pages)
    assert "Take the second offer" in text
    assert "<script>" in text
    assert "Łukasz" in text
    assert "“quote” 1:01" in text


def test_what_was_withdrawn_is_in_no_file() -> None:
    view = MeetingView("m")
    view.apply(1, MeetingStarted("m", "Budget", "o", 0.0))
    items = (NoteItem("a", "risk", "It stands"), NoteItem("b", "risk", "It went", status="withdrawn"))
    view.apply(2, NotesUpdated("m", NotesCheckpoint(), items))
    assert [item.text for item in report_of(view).items] == ["It stands"]


def test_json_can_be_read_back() -> None:
    write, _ = WRITERS["json"]
    assert msgspec.json.decode(write(REPORT), type=Report) == REPORT


def test_a_file_name_is_safe_and_keeps_its_letters() -> None:
    evil = msgspec.structs.replace(REPORT, title='../../etc/passwd\r\nX: y" Łódź 日本')
    header = disposition(evil, "pdf")
    assert "\r" not in header
    assert "/" not in header
    assert header.startswith('attachment; filename="2025-06-15 ')
    assert "%E6%97%A5" in header
