"""A meeting as a file to take away."""

import asyncio
import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from gateway.auth.guard import acting
from gateway.export.docx import to_docx
from gateway.export.markdown import to_markdown
from gateway.export.pdf import to_pdf
from gateway.export.report import Report, report_of
from gateway.export.subtitles import to_srt, to_vtt
from gateway.export.tables import to_csv, to_ics, to_json
from gateway.services import Injected

Format = Literal["md", "docx", "pdf", "srt", "vtt", "json", "csv", "ics"]
_OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WRITERS: dict[Format, tuple[Callable[[Report], bytes], str]] = {
    "md": (to_markdown, "text/markdown; charset=utf-8"),
    "docx": (to_docx, _OFFICE),
    "pdf": (to_pdf, "application/pdf"),
    "srt": (to_srt, "application/x-subrip; charset=utf-8"),
    "vtt": (to_vtt, "text/vtt; charset=utf-8"),
    "json": (to_json, "application/json"),
    "csv": (to_csv, "text/csv; charset=utf-8"),
    "ics": (to_ics, "text/calendar; charset=utf-8"),
}


@get("/v1/meetings/{meeting:str}/export", tags=["export"], summary="The meeting as a file")
async def export(
    request: Request[Any, Any, Any],
    services: Injected,
    meeting: FromPath[str],
    form: Annotated[Format, QueryParameter(name="format", description="csv and ics hold the action items only")] = "md",
) -> Response[bytes]:
    """As people see it now: corrections and edits included."""
    view = await services.view(acting(request), meeting)
    write, media_type = WRITERS[form]
    report = report_of(view)
    body = await asyncio.to_thread(write, report)
    headers = {"content-disposition": disposition(report, form), "x-content-type-options": "nosniff"}
    return Response(body, media_type=media_type, headers=headers)


def disposition(report: Report, form: str) -> str:
    """The download's name: day and title, safe in any header and file system."""
    day = report.started().date().isoformat()
    title = " ".join(re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|%\u202a-\u202e\u2066-\u2069]+', " ", report.title).split())
    name = f"{day} {title[:80].strip(' .')}".strip() + f".{form}"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
