"""A meeting's recording as one sound: all tracks mixed on the meeting's clock, decoding only what is asked for."""

import functools
import hashlib
import struct
from pathlib import Path

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from contracts import log
from contracts.archive import ArchiveEntry, track_dir
from contracts.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, Frame
from contracts.errors import BadInput

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HEADER_BYTES = _HEADER.size
Samples = NDArray[np.int16]


class Piece(msgspec.Struct, frozen=True):
    """A stretch of sound on the meeting's clock: in a file of the archive, or still in memory (``pcm``)."""

    start: int
    samples: int
    path: Path | None = None
    pcm: bytes = b""
    sha256: str | None = None

    def read(self, first: int, count: int) -> Samples:
        """``count`` samples from the piece's sample ``first`` on; a damaged or missing file is silence.

        A file that is not the one that was recorded counts as damaged: other sound is never played for it.
        """
        if self.path is None:
            part = self.pcm[first * BYTES_PER_SAMPLE : (first + count) * BYTES_PER_SAMPLE]
            return np.frombuffer(part, dtype="<i2")
        try:
            if self.sha256 is not None:
                _check(self.path, self.sha256, self.path.stat().st_mtime_ns)
            with soundfile.SoundFile(self.path) as file:
                file.seek(first)
                data: Samples = file.read(count, dtype="int16", always_2d=True)[:, 0]
        except (soundfile.LibsndfileError, OSError, BadInput) as exc:
            log.get(part="recording").error("recording.damaged", file=str(self.path), detail=str(exc))
            return np.zeros(0, dtype=np.int16)
        return data


@functools.lru_cache(maxsize=4096)
def _check(path: Path, sha256: str, _mtime_ns: int) -> None:
    """Raises BadInput when the file is not what was recorded; a file that is, is read once for it."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise BadInput("the checksum does not match", source="archive")


class Recording:
    """Sample-exact view of all pieces of a meeting."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = sorted(pieces, key=lambda piece: piece.start)
        self.samples = max((p.start + p.samples for p in pieces), default=0)
        """Length, to the end of the last sound."""

    def mix(self, start: int, count: int) -> bytes:
        """PCM16 of ``count`` samples from sample ``start`` on; tracks add up, clipped."""
        total = np.zeros(count, dtype=np.int32)
        for piece in self._pieces:
            first = max(start, piece.start)
            last = min(start + count, piece.start + piece.samples)
            if first < last:
                sound = piece.read(first - piece.start, last - first)
                total[first - start : first - start + len(sound)] += sound
        return np.clip(total, -32768, 32767).astype("<i2").tobytes()

    @property
    def size_bytes(self) -> int:
        """Size as a WAV file."""
        return HEADER_BYTES + self.samples * BYTES_PER_SAMPLE

    def wav(self, start_byte: int, count: int) -> bytes:
        """``count`` bytes of the WAV file from ``start_byte`` on."""
        head = wav_header(self.samples)[start_byte : start_byte + count]
        rest = count - len(head)
        if rest <= 0:
            return head
        offset = max(0, start_byte - HEADER_BYTES)
        first = offset // BYTES_PER_SAMPLE
        last = -(-(offset + rest) // BYTES_PER_SAMPLE)
        lead = offset - first * BYTES_PER_SAMPLE
        return head + self.mix(first, last - first)[lead : lead + rest]


def wav_header(samples: int) -> bytes:
    """The header of a mono PCM16 WAV file with that many samples."""
    size = samples * BYTES_PER_SAMPLE
    fields = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * BYTES_PER_SAMPLE)
    return _HEADER.pack(*fields, BYTES_PER_SAMPLE, 8 * BYTES_PER_SAMPLE, b"data", size)


def archived(root: Path, meeting: str, track: str, offset_s: float, entries: list[ArchiveEntry]) -> list[Piece]:
    """The pieces of one track's archive; gaps are simply not there."""
    offset = round(offset_s * SAMPLE_RATE_HZ)
    folder = track_dir(root, meeting, track)
    return [
        Piece(offset + e.start_sample, e.samples, folder / Path(e.file).name, sha256=e.sha256)
        for e in entries
        if e.file
    ]


def not_yet_archived(offset_s: float, frames: list[Frame], from_sample: int) -> list[Piece]:
    """Pieces of frames that are stored but not in the archive, from the track's sample ``from_sample`` on."""
    offset = round(offset_s * SAMPLE_RATE_HZ)
    fresh = [f for f in frames if f.gap is None and f.payload and f.pts_samples >= from_sample]
    return [Piece(offset + f.pts_samples, f.samples, pcm=f.payload) for f in fresh]


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte that a Range header asks for; None = everything. Raises BadInput when there is no such part.

    Several ranges, and units that are not bytes, are ignored as RFC 9110 allows.
    """
    unit, _, spec = header.partition("=")
    first, dash, last = spec.partition("-")
    if unit.strip() != "bytes" or not dash or "," in spec or not (first + last).strip().isdecimal():
        return None
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
    if start > end:
        raise BadInput("the range lies outside of the recording", source="client")
    return start, end
