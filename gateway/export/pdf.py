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

from contracts.notes import NoteItem
from contracts.quotes import quoted
from gateway.export.report import KIND_TITLES, Report, clock, facts_line, item_details, printable

FONTS = (Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"), Path("/Library/Fonts/Arial Unicode.ttf"))
TEXT_FONT = "report"
BOLD_FONT = "report-bold"
GREY = "#555555"
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
        out, pagesize=A4, title=printable(report.title), author="Rapporteur", invariant=1,
        leftMargin=22 * mm, rightMargin=22 * mm, topMargin=20 * mm, bottomMargin=20 * mm,
    )  # fmt: skip
    document.build(_story(report), onFirstPage=_number, onLaterPages=_number)
    return out.getvalue()


def _styles() -> dict[str, ParagraphStyle]:
    body = ParagraphStyle("body", fontName=TEXT_FONT, fontSize=10, leading=14, spaceAfter=4)
    small = ParagraphStyle("small", parent=body, fontSize=8.5, leading=12, textColor=GREY, spaceAfter=0)
    return {
        "body": body,
        "small": small,
        "title": ParagraphStyle("title", parent=body, fontName=BOLD_FONT, fontSize=18, leading=24, keepWithNext=1),
        "head": ParagraphStyle(
            "head", parent=body, fontName=BOLD_FONT, fontSize=12.5, leading=18, spaceBefore=12, keepWithNext=1
        ),
        "item": ParagraphStyle("item", parent=body, leftIndent=12, bulletIndent=0, spaceAfter=1),
        "quote": ParagraphStyle("quote", parent=small, leftIndent=12, spaceAfter=5),
        "said": ParagraphStyle("said", parent=small, spaceBefore=4, keepWithNext=1),
    }


def _story(report: Report) -> list[Paragraph | Spacer]:
    style = _styles()
    story = [Paragraph(marked(report.title), style["title"]), Paragraph(marked(facts_line(report)), style["small"])]
    if report.summary:
        story.append(Paragraph("Summary", style["head"]))
        story += [Paragraph(marked(p), style["body"]) for p in report.summary.splitlines() if p.strip()]
    for kind, heading in KIND_TITLES.items():
        items = report.of_kind(kind)
        story += [Paragraph(heading, style["head"])] if items else []
        for item in items:
            story += _item(item, style)
    if report.chapters:
        story.append(Paragraph("Chapters", style["head"]))
        for c in report.chapters:
            story.append(Paragraph(f"{_bold(c.title)} {_grey(clock(c.start))}", style["item"], bulletText="•"))
            story += [Paragraph(marked(c.summary), style["quote"])] if c.summary else []
    story.append(Paragraph("Transcript", style["head"]))
    for turn in report.turns:
        story.append(Paragraph(f"{_bold(turn.speaker)} {clock(turn.start)}".strip(), style["said"]))
        story.append(Paragraph(marked(turn.text), style["body"]))
    return story


def _item(item: NoteItem, style: dict[str, ParagraphStyle]) -> list[Paragraph]:
    """What the item says, who owes it until when, and the words that it rests on."""
    details = item_details(item)
    text = f"{marked(item.text)} {_grey(f'({details})')}" if details else marked(item.text)
    quotes = [Paragraph(marked(f"“{said}” {clock(at)}"), style["quote"]) for said, at in quoted(item.evidence)[:1]]
    return [Paragraph(text, style["item"], bulletText="•"), *quotes]


def _bold(text: str) -> str:
    return f'<font name="{BOLD_FONT}">{marked(text, BOLD_FONT)}</font>' if text else ""


def _grey(text: str) -> str:
    return f'<font color="{GREY}">{marked(text)}</font>'


def marked(text: str, plain: str = TEXT_FONT) -> str:
    """The text as reportlab's markup: escaped, East Asian runs in a font that has them, the others in ``plain``."""
    runs: list[tuple[str, str]] = []
    for char in printable(text):
        font = _font_of(char, plain)
        if runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + char)
        else:
            runs.append((font, char))
    return "".join(escape(t) if f == plain else f'<font name="{f}">{escape(t)}</font>' for f, t in runs)


def _font_of(char: str, plain: str) -> str:
    code = ord(char)
    return next((font for low, high, font in _EAST_ASIAN if low <= code <= high), plain)


def _register_fonts() -> None:
    with _registering:  # reportlab keeps fonts for the whole process
        if TEXT_FONT in pdfmetrics.getRegisteredFontNames():
            return
        found = next((path for path in FONTS if path.exists()), Path("Vera.ttf"))
        bold = found.with_name("VeraBd.ttf" if found.name == "Vera.ttf" else f"{found.stem}-Bold.ttf")
        pdfmetrics.registerFont(TTFont(TEXT_FONT, str(found)))
        thick = bold if bold.exists() or found.name == "Vera.ttf" else found
        pdfmetrics.registerFont(TTFont(BOLD_FONT, str(thick)))
        for _, _, name in _EAST_ASIAN:
            pdfmetrics.registerFont(UnicodeCIDFont(name))


def _number(canvas, document) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # reportlab has no types
    text = str(document.page)
    canvas.setFont(TEXT_FONT, 8)
    canvas.drawString(A4[0] - 20 * mm - stringWidth(text, TEXT_FONT, 8), 10 * mm, text)
