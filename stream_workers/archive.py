"""Writes the recording of one track as ``contracts.archive`` describes it. Blocking: call it in a thread."""

import fcntl
import hashlib
import io
import os
import shutil
from pathlib import Path

import msgspec
import numpy as np
import soundfile

from contracts.archive import ArchiveEntry, index_path, track_dir
from contracts.audio import SAMPLE_RATE_HZ
from contracts.errors import Fenced, StorageFull
from stream_workers.timeline import Pcm


class TrackArchive:
    """One track's folder, written by one process at a time.

    An entry is added only when the index is as long as this writer left it, so a writer that lost its lease
    without knowing changes nothing: it gets Fenced.
    """

    def __init__(self, root: Path, meeting: str, track: str, reserve_bytes: int) -> None:
        self._folder = track_dir(root, meeting, track)
        self._index = index_path(root, meeting, track)
        self._reserve_bytes = reserve_bytes
        self._size = 0
        self.end_sample = 0
        """Media sample up to which the recording is complete."""
        self.audio_seq = 0
        """AUDIO sequence of the last frame that is in the recording."""

    def open(self) -> None:
        """Read where the recording ends; what a crash left half done is removed. Raises StorageFull."""
        try:
            self._open()
        except OSError as exc:
            raise StorageFull(f"the recording cannot be opened ({exc.strerror})", source="archive") from exc

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in self._folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)
        with self._index.open("a+b") as index:
            fcntl.flock(index, fcntl.LOCK_EX | fcntl.LOCK_NB)
            index.seek(0)
            whole, _, torn = index.read().rpartition(b"\n")
            if torn:
                index.truncate(len(whole) + 1 if whole else 0)
                os.fsync(index.fileno())
            lines = [line for line in whole.split(b"\n") if line]
        for folder in (self._folder, self._folder.parent, self._folder.parent.parent):
            _sync(folder)
        self._size = len(whole) + 1 if whole else 0
        if lines:
            self._note(msgspec.json.decode(lines[-1], type=ArchiveEntry))

    def add_sound(self, pcm: Pcm, audio_seq: int) -> ArchiveEntry:
        """Store ``pcm`` after what is there. Raises Fenced, or StorageFull with nothing stored."""
        try:
            if shutil.disk_usage(self._folder).free < self._reserve_bytes + pcm.nbytes:
                raise StorageFull("too little disk space for the recording", source="archive")
            return self._add_sound(pcm, audio_seq)
        except OSError as exc:
            raise StorageFull(f"the recording cannot be stored ({exc.strerror})", source="archive") from exc

    def _add_sound(self, pcm: Pcm, audio_seq: int) -> ArchiveEntry:
        start = self.end_sample
        flac = _flac(pcm)
        entry = ArchiveEntry(
            start, len(pcm), audio_seq, file=f"{start:012d}.flac", sha256=hashlib.sha256(flac).hexdigest()
        )
        part = self._folder / f".{start:012d}.{os.getpid()}.tmp"
        try:
            part.write_bytes(flac)
            _sync(part)
            self._append(entry, part)
        finally:
            part.unlink(missing_ok=True)
        return entry

    def add_gap(self, samples: int, cause: str, audio_seq: int) -> ArchiveEntry:
        """Store that ``samples`` are missing. Raises Fenced, or StorageFull with nothing stored."""
        entry = ArchiveEntry(self.end_sample, samples, audio_seq, cause=cause)
        try:
            self._append(entry, None)
        except OSError as exc:
            raise StorageFull(f"the recording cannot be stored ({exc.strerror})", source="archive") from exc
        return entry

    def _append(self, entry: ArchiveEntry, part: Path | None) -> None:
        line = msgspec.json.encode(entry) + b"\n"
        with self._index.open("r+b") as index:
            fcntl.flock(index, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(index.fileno()).st_size != self._size:
                raise Fenced("another worker writes this recording", source="archive")
            if part is not None:
                part.rename(self._folder / (entry.file or ""))
                _sync(self._folder)
            self._write_line(index.fileno(), line)
        self._size += len(line)
        self._note(entry)

    def _write_line(self, file: int, line: bytes) -> None:
        try:
            written = os.pwrite(file, line, self._size)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, self._size)
            raise
        if written < len(line):
            os.ftruncate(file, self._size)
            raise OSError(28, "no space left on device")

    def _note(self, entry: ArchiveEntry) -> None:
        self.end_sample = entry.start_sample + entry.samples
        self.audio_seq = max(self.audio_seq, entry.audio_seq)


def _flac(pcm: Pcm) -> bytes:
    # In memory first: libsndfile does not say reliably when a disk is full.
    buffer = io.BytesIO()
    soundfile.write(buffer, np.ascontiguousarray(pcm), SAMPLE_RATE_HZ, subtype="PCM_16", format="FLAC")
    return buffer.getvalue()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
