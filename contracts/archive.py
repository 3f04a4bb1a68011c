"""Where the recording of a meeting lies, so that the recorder and the gateway find the same files.

    <root>/<meeting>/<track>/<first sample, 12 digits>.flac     mono, 16 kHz, 16 bit
    <root>/<meeting>/<track>/index.jsonl                        one ArchiveEntry a line, in media order

An index line is written and fsynced after its file is complete and fsynced; a file without a line does not exist.
"""

from pathlib import Path

import msgspec

from contracts.subjects import check_id


class ArchiveEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One archived stretch of a track. ``file`` None = a gap of ``samples`` with its ``cause``."""

    start_sample: int
    samples: int
    audio_seq: int
    """AUDIO stream sequence of the last frame in it: the stream may be trimmed up to here."""
    file: str | None = None
    sha256: str | None = None
    cause: str | None = None


def track_dir(root: Path, meeting: str, track: str) -> Path:
    """The folder of one track's recording."""
    return root / check_id(meeting) / check_id(track)


def index_path(root: Path, meeting: str, track: str) -> Path:
    """The index of one track's recording."""
    return track_dir(root, meeting, track) / "index.jsonl"


def read_index(root: Path, meeting: str, track: str) -> list[ArchiveEntry]:
    """The entries of one track in media order; [] when nothing is archived yet. A torn last line is ignored."""
    path = index_path(root, meeting, track)
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=ArchiveEntry) for line in lines if line]
