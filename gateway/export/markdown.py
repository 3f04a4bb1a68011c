"""A report as Markdown (CommonMark); what people said is text, never markup."""

import re

from contracts.quotes import quoted
from gateway.export.report import KIND_TITLES, Report, clock, facts_line, item_details, printable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])", re.MULTILINE)


def escape(text: str) -> str:
    """Text that a Markdown reader shows as it is."""
    return _LINE_START.sub(_escape_start, _SPECIAL.sub(r"\\\1", " ".join(printable(text).split())))


def _escape_start(found: re.Match[str]) -> str:
    mark = found.group(2)
    return found.group(1) + (f"{mark[:-1]}\\{mark[-1]}" if mark[0].isdigit() else f"\\{mark}")


def to_markdown(report: Report) -> bytes:
    """The whole report."""
    lines = [f"# {escape(report.title)}", "", escape(facts_line(report)), ""]
    if report.summary:
        lines += ["## Summary", "", *(f"{escape(p)}\n" for p in report.summary.splitlines() if p.strip())]
    for kind, title in KIND_TITLES.items():
        if items := report.of_kind(kind):
            lines += [f"## {title}", ""]
            for item in items:
                box = f"[{'x' if item.status == 'done' else ' '}] " if kind == "action" else ""
                details = item_details(item)
                lines.append(f"- {box}{escape(item.text)}" + (f" ({escape(details)})" if details else ""))
                lines += [f"  > {escape(said)} ({clock(start)})" for said, start in quoted(item.evidence)[:1]]
            lines.append("")
    if report.chapters:
        lines += ["## Chapters", ""]
        for c in report.chapters:
            lines.append(f"- {clock(c.start)} **{escape(c.title)}** {escape(c.summary)}".rstrip())
        lines.append("")
    lines += ["## Transcript", ""]
    for turn in report.turns:
        speaker = f"**{escape(turn.speaker)}** " if turn.speaker else ""
        lines += [f"{speaker}{clock(turn.start)}  ", escape(turn.text), ""]
    return "\n".join(lines).encode()
