"""The pages: files of one folder, always checked for a newer version."""

import asyncio
import hashlib
import mimetypes
from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from contracts.errors import NotFound
from gateway.services import Services

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


@get(["/", "/{path:path}"], opt={"access": "public"}, include_in_schema=False, cache=False)
async def page(request: Request[Any, Any, Any], services: Services, path: str = "/") -> Response[bytes]:
    """The file; 304 when the browser has it already. Raises NotFound."""
    folder = services.settings.web_path
    wanted = path.strip("/") or "index.html"
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
