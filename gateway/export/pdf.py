"""A report as PDF. Any script is printed: DejaVu where it is installed, else Vera; Chinese, Japanese, Korean by
the reader's own fonts; what no font has is printed as a box.
"""

import io
import threading
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

from gateway.export.report import KIND_TITLES, Report, clock, facts_line, item_details, printable

FONTS = (Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"), Path("/Library/Fonts/Arial Unicode.ttf"))
TEXT_FONT = "report"
_EAST_ASIAN = (
    (0x3040, 0x30FF, "HeiseiMin-W3"),
    (0xAC00, 0xD7AF, "HYSMyeongJo-Medium"),
    (0x2E80, 0x9FFF, "STSong-Light"),
    (0xFF00, 0xFFEF, "STSong-Light"),
)
_registering = threading.Lock()


def to_pdf(report: Report) -> bytes:
    """The whole report on A4 pages with page numbers."""
    _register_fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, title=printable(report.title), author="Rapporteur", margin=20 * mm, invariant=1
    )
    document.build(_story(report), onFirstPage=_number, onLaterPages=_number)
    return out.getvalue()


def _story(report: Report) -> list[Paragraph | Spacer]:
    body = ParagraphStyle("body", fontName=TEXT_FONT, fontSize=10, leading=14, spaceAfter=4)
    head = ParagraphStyle("head", parent=body, fontSize=13, leading=18, spaceBefore=12)
    title = ParagraphStyle("title", parent=body, fontSize=18, leading=24)
    small = ParagraphStyle("small", parent=body, fontSize=8, leading=11, textColor="#555555", spaceAfter=0)
    story = [Paragraph(marked(report.title), title), Paragraph(marked(facts_line(report)), small)]
    if report.summary:
        story.append(Paragraph("Summary", head))
        story += [Paragraph(marked(p), body) for p in report.summary.splitlines() if p.strip()]
    for kind, heading in KIND_TITLES.items():
        items = report.of_kind(kind)
        story += [Paragraph(heading, head)] if items else []
        for item in items:
            details = item_details(item)
            text = f"{item.text} ({details})" if details else item.text
            story.append(Paragraph(marked(text), body, bulletText="•"))
    if report.chapters:
        story.append(Paragraph("Chapters", head))
        story += [Paragraph(marked(f"{clock(c.start)} {c.title}. {c.summary}"), body) for c in report.chapters]
    story.append(Paragraph("Transcript", head))
    for turn in report.turns:
        story.append(Paragraph(marked(f"{turn.speaker} {clock(turn.start)}".strip()), small))
        story.append(Paragraph(marked(turn.text), body))
    return story


def marked(text: str) -> str:
    """The text as reportlab's markup: escaped, East Asian runs in a font that has them."""
    runs: list[tuple[str, str]] = []
    for char in printable(text):
        font = _font_of(char)
        if runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + char)
        else:
            runs.append((font, char))
    return "".join(escape(t) if f == TEXT_FONT else f'<font name="{f}">{escape(t)}</font>' for f, t in runs)


def _font_of(char: str) -> str:
    code = ord(char)
    return next((font for low, high, font in _EAST_ASIAN if low <= code <= high), TEXT_FONT)


def _register_fonts() -> None:
    with _registering:  # reportlab keeps fonts for the whole process
        if TEXT_FONT in pdfmetrics.getRegisteredFontNames():
            return
        found = next((str(path) for path in FONTS if path.exists()), "Vera.ttf")
        pdfmetrics.registerFont(TTFont(TEXT_FONT, found))
        for _, _, name in _EAST_ASIAN:
            pdfmetrics.registerFont(UnicodeCIDFont(name))


def _number(canvas, document) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # reportlab has no types
    text = str(document.page)
    canvas.setFont(TEXT_FONT, 8)
    canvas.drawString(A4[0] - 20 * mm - stringWidth(text, TEXT_FONT, 8), 10 * mm, text)
