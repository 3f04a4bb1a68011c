"""Recordings that people send: in pieces that can be sent again, with progress until they are a meeting."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, delete, get, patch, post
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import Meta

from gateway.api.meetings import known_zone, writer
from gateway.api.schemas import Language, Title, clean_line
from gateway.ingest.uploads import CHUNK_BYTES, Upload
from gateway.services import Injected

Req = Request[Any, Any, Any]


class NewUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``name`` is the file's name; it becomes the title unless there is one."""

    name: Title
    size_bytes: Annotated[int, Meta(ge=0)]
    title: Title | None = None
    language: Language | None = None
    timezone: Annotated[str, Meta(max_length=64)] = "UTC"


class UploadStatus(msgspec.Struct, frozen=True):
    """``state``: receiving, waiting, importing, done, failed. Send bytes from ``offset``, ``chunk_bytes`` at most.

    ``done`` means that all sound is with the speech workers; follow ``meeting`` from there.
    """

    upload: str
    state: str
    offset: int
    size_bytes: int
    chunk_bytes: int
    meeting: str | None
    duplicate: bool
    imported_s: float
    detail: str


class Uploads(Controller):
    """``/v1/uploads``."""

    path = "/v1/uploads"
    tags = ("upload",)

    @post("/", summary="Announce a recording")
    async def create(self, request: Req, services: Injected, data: JSONBody[NewUpload]) -> UploadStatus:
        """Then send its bytes with PATCH, and look at the status until it is done."""
        user = writer(request)
        services.disk.check()
        title = clean_line(data.title) if data.title else title_of(data.name)
        zone = known_zone(data.timezone)
        upload = await asyncio.to_thread(services.uploads.create, user.id, title, data.size_bytes, data.language, zone)
        return _status(upload)

    @get("/{upload:str}", summary="How far an upload is")
    async def show(self, request: Req, services: Injected, upload: FromPath[str]) -> UploadStatus:
        """Also after a broken connection: ``offset`` is where to go on."""
        return _status(await asyncio.to_thread(services.uploads.get, upload, writer(request).id))

    @patch("/{upload:str}", summary="Send the next bytes", request_max_body_size=CHUNK_BYTES)
    async def send(
        self,
        request: Req,
        services: Injected,
        upload: FromPath[str],
        upload_offset: Annotated[int, HeaderParameter(name="upload-offset", ge=0)],
    ) -> UploadStatus:
        """The body is the bytes at ``Upload-Offset``. 409 says at which byte to go on.

        With the last ones the file is looked into: what is no recording, or too long, is refused, and has failed.
        """
        services.disk.check()
        user, body = writer(request), await request.body()
        with services.importer.held(upload):
            stored = await asyncio.to_thread(services.uploads.append, upload, user.id, upload_offset, body)
            if stored.state == "waiting":
                await services.importer.check(stored)
        services.importer.wake()
        return _status(stored)

    @delete("/{upload:str}", summary="Give up an upload", status_code=204)
    async def remove(self, request: Req, services: Injected, upload: FromPath[str]) -> None:
        """Its bytes are removed; a meeting that was made of it stays."""
        stored = await asyncio.to_thread(services.uploads.get, upload, writer(request).id)
        await asyncio.to_thread(services.uploads.remove, stored.id)


def title_of(name: str) -> str:
    """A title from a file's name: without folders and ending."""
    base = clean_line(name).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return base.rsplit(".", 1)[0].strip(" .") or "Recording"


def _status(upload: Upload) -> UploadStatus:
    return UploadStatus(
        upload.id,
        upload.state,
        upload.offset,
        upload.size_bytes,
        CHUNK_BYTES,
        upload.meeting,
        upload.duplicate,
        round(upload.imported_s, 1),
        upload.detail,
    )
