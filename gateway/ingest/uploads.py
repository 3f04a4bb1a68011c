"""Files that are being sent to us, in pieces, over connections that break.

    <root>/<id>.json    the Upload, replaced atomically
    <root>/<id>.part    the bytes so far; its length is the offset from which to go on

Everything survives a restart. Names that people give are titles, never paths.
"""

import hashlib
import os
import threading
import time
from pathlib import Path
from typing import Literal

import msgspec

from contracts.errors import BadInput, Conflict, NotFound, TooLarge, TooMany
from contracts.subjects import check_id, new_id
from gateway.ingest.formats import container_of

MAX_BYTES = 2 * 1024**3
CHUNK_BYTES = 4 * 1024**2
MAX_OPEN = 5
STALE_S = 24 * 3600.0
State = Literal["receiving", "waiting", "importing", "done", "failed"]


class Upload(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file on its way to become a meeting. ``offset``: bytes safely stored."""

    id: str
    user: str
    title: str
    size_bytes: int
    created_at: float
    state: State = "receiving"
    offset: int = 0
    language: str | None = None
    timezone: str = "UTC"
    meeting: str | None = None
    track: str | None = None
    sha256: str | None = None
    duplicate: bool = False
    """The same bytes were imported before, to ``meeting``."""
    imported_s: float = 0.0
    """Seconds of sound handed to the speech workers."""
    detail: str = ""


class UploadStore:
    """The folder of uploads. Blocking: call it from a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._appending = threading.Lock()  # two requests with the same piece must not both be stored

    def create(self, user: str, title: str, size_bytes: int, language: str | None, timezone: str) -> Upload:
        """A new upload. Raises TooLarge, BadInput or TooMany."""
        if size_bytes > MAX_BYTES:
            raise TooLarge(f"a file may have at most {MAX_BYTES // 1024**3} GB", source="client")
        if size_bytes < 1:
            raise BadInput("the file is empty", source="client")
        if sum(u.user == user and u.state == "receiving" for u in self.all()) >= MAX_OPEN:
            raise TooMany(f"at most {MAX_OPEN} uploads at a time", source="client")
        upload = Upload(new_id(), user, title, size_bytes, time.time(), language=language, timezone=timezone)
        self._root.mkdir(parents=True, exist_ok=True)
        self.path(upload.id).touch(mode=0o600)
        self.save(upload)
        return upload

    def get(self, id_: str, user: str) -> Upload:
        """An upload of that user. Raises NotFound."""
        file = self._root / f"{check_id(id_)}.json"
        if file.exists():
            upload = msgspec.json.decode(file.read_bytes(), type=Upload)
            if upload.user == user:
                return self._with_offset(upload)
        raise NotFound("no such upload", source="client")

    def all(self) -> list[Upload]:
        """Every upload, oldest first."""
        found = [msgspec.json.decode(f.read_bytes(), type=Upload) for f in self._root.glob("*.json")]
        return sorted(map(self._with_offset, found), key=lambda u: u.created_at)

    def append(self, id_: str, user: str, offset: int, data: bytes) -> Upload:
        """Store a piece at ``offset``; durable on return. Raises NotFound, BadInput, or Conflict: where to go on.

        A first piece shows what the file is; later pieces are checked when the file is decoded.
        """
        with self._appending:
            return self._append(self.get(id_, user), offset, data)

    def _append(self, upload: Upload, offset: int, data: bytes) -> Upload:
        if upload.state != "receiving":
            raise Conflict("the file is complete", source="client")
        if offset != upload.offset:
            raise Conflict(f"go on at byte {upload.offset}", source="client")
        if offset + len(data) > upload.size_bytes:
            raise TooLarge("more bytes than announced", source="client")
        if offset == 0 and data:
            container_of(data)
        with self.path(upload.id).open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        upload = msgspec.structs.replace(upload, offset=offset + len(data))
        return self._completed(upload) if upload.offset == upload.size_bytes else upload

    def _completed(self, upload: Upload) -> Upload:
        with self.path(upload.id).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        done = msgspec.structs.replace(upload, state="waiting", sha256=digest)
        self.save(done)
        return done

    def twins(self, upload: Upload) -> list[Upload]:
        """Uploads of the same bytes by the same user that became meetings."""
        return [
            u
            for u in self.all()
            if u.state == "done" and u.meeting and u.user == upload.user and u.sha256 == upload.sha256
        ]

    def save(self, upload: Upload) -> None:
        """Keep the upload's state; atomic."""
        file = self._root / f"{upload.id}.json"
        fresh = file.with_suffix(".tmp")
        fresh.write_bytes(msgspec.json.encode(upload))
        fresh.replace(file)

    def remove(self, id_: str) -> None:
        """Forget an upload and its bytes."""
        self.path(id_).unlink(missing_ok=True)
        (self._root / f"{check_id(id_)}.json").unlink(missing_ok=True)

    def remove_stale(self, now: float) -> None:
        """Forget uploads that nobody finished within a day, and failed ones of that age."""
        for upload in self.all():
            if upload.state in ("receiving", "failed") and now - upload.created_at > STALE_S:
                self.remove(upload.id)

    def drop_bytes(self, id_: str) -> None:
        """The file is not needed any more; what became of it stays known."""
        self.path(id_).unlink(missing_ok=True)

    def path(self, id_: str) -> Path:
        """Where the bytes lie."""
        return self._root / f"{check_id(id_)}.part"

    def _with_offset(self, upload: Upload) -> Upload:
        """The file's length is the truth while it is being received."""
        path = self.path(upload.id)
        if upload.state != "receiving" or not path.exists():
            return upload
        return msgspec.structs.replace(upload, offset=path.stat().st_size)
