"""The pages: files of one folder, always checked for a newer version."""

import asyncio
import hashlib
import mimetypes
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from contracts.errors import NotFound
from gateway.services import Injected, Services

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
}


@get("/", opt={"access": "public"}, include_in_schema=False)
async def home(request: Request[Any, Any, Any], services: Injected) -> Response[bytes]:
    """The first page."""
    return await _file(request, services, "index.html")


@get("/{path:path}", opt={"access": "public"}, include_in_schema=False)
async def page(request: Request[Any, Any, Any], services: Injected, path: FromPath[str]) -> Response[bytes]:
    """Any other file of the pages. Raises NotFound."""
    return await _file(request, services, path.strip("/") or "index.html")


async def _file(request: Request[Any, Any, Any], services: Services, wanted: str) -> Response[bytes]:
    """The file; 304 when the browser has it already."""
    folder = services.settings.web_path
    data = await asyncio.to_thread(read_inside, folder, wanted)
    etag = '"' + hashlib.sha256(data).hexdigest()[:32] + '"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=media_type(wanted))
    return Response(data, headers=headers, media_type=media_type(wanted))


def read_inside(folder: Path, wanted: str) -> bytes:
    """The file ``wanted`` in ``folder``; nothing hidden and nothing outside of it. Raises NotFound."""
    root = folder.resolve()
    target = (root / wanted).resolve()
    inside = target.is_relative_to(root) and not any(p.startswith(".") for p in target.relative_to(root).parts)
    if not inside or target.suffix in (".py", ".pyc") or not target.is_file():
        raise NotFound("no such page", source="client")
    return target.read_bytes()


def media_type(name: str) -> str:
    """The Content-Type of a file by that name."""
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return TYPES.get(Path(name).suffix.lower(), guessed)
