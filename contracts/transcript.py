"""Transcript records: the log of a track, which is also the checkpoint of its worker.

Subject ``meeting.<meeting>.transcript.<track>``; one writer at a time, fenced. Order of records:
TrackEpoch+ (one per owner), then SegmentFinal / TrackGap / TrackAdvanced in media order, SegmentRevised at
any time for a segment already written, and TrackFinished once, last of the live records.
"""

import msgspec

from contracts.audio import SAMPLE_RATE_HZ


class Word(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One word as the model wrote it, with its leading space removed."""

    w: str
    s: float
    """Start in meeting seconds."""
    e: float
    """End in meeting seconds."""
    p: float = 1.0
    """Probability, 0 to 1."""


class Segment(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A run of words of one track. ``id`` never changes; a higher ``rev`` replaces a lower one.

    Times are meeting seconds: the track's offset plus media time counted in samples.
    ``text`` is the words joined as they should be shown. ``stable`` (interim only) is the number of
    leading words that will not change any more.
    """

    id: str
    track: str
    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    rev: int = 0
    speaker: str | None = None
    final: bool = False
    stable: int = 0
    language: str | None = None
    confidence: float | None = None


class Checkpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a new owner goes on: everything before it is accounted for in the log.

    ``audio_seq`` is the AUDIO stream sequence of the last frame that nobody needs any more (0 = none),
    ``samples`` the media time at which the pipeline goes on to read, ``state`` what it needs to continue
    exactly: what it knows of the sound before, and which words after ``samples`` are already written
    (opaque to everyone else).
    """

    audio_seq: int = 0
    samples: int = 0
    state: bytes = b""


class TrackEpoch(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="track.epoch"):
    """A new owner has taken the track; older owners' writes are refused from here on."""

    meeting: str
    track: str
    owner: str
    checkpoint: Checkpoint
    attempt: int = 1
    """How many owners in a row, this one included, began at this checkpoint: shows what keeps killing workers."""


class SegmentFinal(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="segment.final"):
    """Words that will not change by themselves. ``checkpoint`` is None for records not made by a worker."""

    meeting: str
    segment: Segment
    checkpoint: Checkpoint | None = None


class SegmentRevised(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="segment.revised"):
    """A better version (higher ``rev``) of a segment that was final. ``reason``: speaker, second_pass, corrected.

    A worker repeats its checkpoint, so that the last record of the subject always has one.
    """

    meeting: str
    segment: Segment
    reason: str
    checkpoint: Checkpoint | None = None


class TrackGap(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="track.gap"):
    """Sound that is missing, in meeting seconds, and why (see ``audio.Gap``; also ``undecodable``)."""

    meeting: str
    track: str
    start: float
    end: float
    cause: str
    checkpoint: Checkpoint | None = None


class TrackAdvanced(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="track.advanced"):
    """Only the checkpoint moved: the media up to it holds no words."""

    meeting: str
    track: str
    checkpoint: Checkpoint


class TrackFinished(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="track.finished"):
    """Nothing follows on this track; ``end`` is its end in meeting seconds."""

    meeting: str
    track: str
    end: float
    checkpoint: Checkpoint | None = None


def segment_id(track: str, start_sample: int) -> str:
    """The id of the segment of ``track`` that starts at media sample ``start_sample``: a replay repeats it."""
    return f"{track}-{start_sample}"


def media_seconds(samples: int) -> float:
    """Samples as seconds, rounded to the millisecond."""
    return round(samples / SAMPLE_RATE_HZ, 3)
