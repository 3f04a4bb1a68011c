"""Audio frames: what travels on the audio socket and, unchanged, on the AUDIO stream.

A frame is a 24-byte little-endian header and a payload:

    offset  size  field
    0       1     version       always 1
    1       1     codec         0 = PCM16 little endian, mono, 16 kHz
    2       1     flags         1 = last frame of the track, 2 = gap
    3       1     reserved      0
    4       4     session       u32, larger is newer; one per capture start
    8       4     seq           u32, counts frames of the session from 0 without holes
    12      8     pts_samples   u64, media time of the first sample since the track began
    20      4     crc32         of the payload (zlib polynomial)

A gap frame carries no sound: its payload is a ``Gap`` as JSON, and it stands for ``samples`` samples.
A frame with the LAST flag ends the track; its payload may be empty.
"""

import enum
import struct
import zlib

import msgspec

from contracts.errors import BadInput, TooLarge

SAMPLE_RATE_HZ = 16_000
BYTES_PER_SAMPLE = 2
FRAME_MS = 60
FRAME_SAMPLES = SAMPLE_RATE_HZ * FRAME_MS // 1000
MAX_FRAME_BYTES = 64 * 1024
HEADER = struct.Struct("<BBBBIIQI")
HEADER_BYTES = HEADER.size
VERSION = 1
MAX_PTS_SAMPLES = 7 * 24 * 3600 * SAMPLE_RATE_HZ


class Codec(enum.IntEnum):
    """How the payload of a sound frame is encoded."""

    PCM16 = 0


class Flag(enum.IntFlag):
    """Bits of the header's flags field."""

    NONE = 0
    LAST = 1
    GAP = 2


_FLAGS = tuple(Flag(n) for n in range(4))
_CODECS = {int(codec): codec for codec in Codec}
_LAST, _GAP = int(Flag.LAST), int(Flag.GAP)
_bits = int.__and__
"""Looked at several times a frame: enum's own operators cost more than all the rest of it."""


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sound that is known to be missing. ``cause``: network, sleep, paused, off_record, dropped."""

    samples: int
    cause: str


class Frame(msgspec.Struct, frozen=True):
    """One numbered frame of one track; ``payload`` is as in the module docstring."""

    session: int
    seq: int
    pts_samples: int
    payload: bytes = b""
    flags: Flag = Flag.NONE
    codec: Codec = Codec.PCM16

    @property
    def is_last(self) -> bool:
        """Whether the track ends with this frame."""
        return bool(_bits(self.flags, _LAST))

    @property
    def gap(self) -> Gap | None:
        """The gap that this frame stands for, if it is a gap frame."""
        return decode_gap(self.payload) if _bits(self.flags, _GAP) else None

    @property
    def samples(self) -> int:
        """How many samples of media time the frame covers."""
        gap = self.gap
        return gap.samples if gap else len(self.payload) // BYTES_PER_SAMPLE

    @property
    def end_samples(self) -> int:
        """Media time of the first sample after the frame."""
        return self.pts_samples + self.samples


def decode_gap(payload: bytes) -> Gap:
    """The gap of a gap frame's payload. Raises BadInput when it is none."""
    try:
        gap = msgspec.json.decode(payload, type=Gap)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise BadInput("the gap frame's payload is not a gap", source="client") from exc
    if not 0 < gap.samples <= MAX_PTS_SAMPLES or not 0 < len(gap.cause) <= 32:
        raise BadInput("the gap frame's length or cause is out of range", source="client")
    return gap


def gap_frame(session: int, seq: int, pts_samples: int, gap: Gap) -> Frame:
    """A frame that stands for missing sound."""
    return Frame(session, seq, pts_samples, msgspec.json.encode(gap), Flag.GAP)


def encode_frame(frame: Frame) -> bytes:
    """Header and payload as they travel."""
    head = HEADER.pack(
        VERSION, frame.codec, frame.flags, 0, frame.session, frame.seq, frame.pts_samples, zlib.crc32(frame.payload)
    )
    return head + frame.payload


def decode_frame(data: bytes) -> Frame:
    """The frame in ``data``. Raises TooLarge over MAX_FRAME_BYTES and BadInput for anything malformed."""
    if len(data) > MAX_FRAME_BYTES:
        raise TooLarge(f"a frame may have at most {MAX_FRAME_BYTES} bytes", source="client")
    if len(data) < HEADER_BYTES:
        raise BadInput(f"a frame has at least {HEADER_BYTES} bytes", source="client")
    version, codec, flags, reserved, session, seq, pts, crc = HEADER.unpack_from(data)
    payload = bytes(data[HEADER_BYTES:])
    if version != VERSION or reserved != 0 or flags >= len(_FLAGS):
        raise BadInput("unknown frame version or flags", source="client")
    if codec not in _CODECS:
        raise BadInput("unknown codec", source="client")
    if crc != zlib.crc32(payload):
        raise BadInput("the frame's checksum does not match its payload", source="client")
    if pts > MAX_PTS_SAMPLES:
        raise BadInput("the frame's media time is out of range", source="client")
    frame = Frame(session, seq, pts, payload, _FLAGS[flags], _CODECS[codec])
    _check_payload(frame)
    return frame


def _check_payload(frame: Frame) -> None:
    if _bits(frame.flags, _GAP):
        decode_gap(frame.payload)
    elif len(frame.payload) % BYTES_PER_SAMPLE:
        raise BadInput("PCM16 payloads have an even number of bytes", source="client")
    elif not frame.payload and not frame.is_last:
        raise BadInput("a frame without sound must be the last one", source="client")
