"""A report as a Word document."""

import io

import docx
from docx.document import Document
from docx.shared import Pt, RGBColor

from contracts.quotes import quoted
from gateway.export.report import KIND_TITLES, Report, clock, facts_line, item_details, printable

GREY = RGBColor(0x55, 0x55, 0x55)


def to_docx(report: Report) -> bytes:
    """The whole report, with headings that a table of contents can be made from."""
    document = docx.Document()
    document.core_properties.title = printable(report.title)[:255]
    document.core_properties.author = "Rapporteur"
    document.add_heading(printable(report.title), 0)
    document.add_paragraph(printable(facts_line(report)))
    if report.summary:
        document.add_heading("Summary", 1)
        for paragraph in filter(str.strip, report.summary.splitlines()):
            document.add_paragraph(printable(paragraph))
    _items(document, report)
    if report.chapters:
        document.add_heading("Chapters", 1)
        for c in report.chapters:
            line = document.add_paragraph(style="List Bullet")
            line.add_run(f"{clock(c.start)} ").italic = True
            line.add_run(printable(c.title)).bold = True
            line.add_run(printable(f" {c.summary}").rstrip())
    document.add_heading("Transcript", 1)
    for turn in report.turns:
        line = document.add_paragraph()
        line.add_run(printable(f"{turn.speaker} " if turn.speaker else "")).bold = True
        line.add_run(f"{clock(turn.start)}\n").italic = True
        line.add_run(printable(turn.text))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _items(document: Document, report: Report) -> None:
    for kind, title in KIND_TITLES.items():
        items = report.of_kind(kind)
        if items:
            document.add_heading(title, 1)
        for item in items:
            line = document.add_paragraph(style="List Bullet")
            line.add_run(printable(item.text))
            details = item_details(item)
            if details:
                line.add_run(printable(f" ({details})")).italic = True
            for said, at in quoted(item.evidence)[:1]:
                quote = line.add_run(printable(f"\n“{said}” {clock(at)}"))
                quote.font.size, quote.font.color.rgb = Pt(9), GREY
