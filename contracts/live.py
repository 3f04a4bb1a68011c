"""What workers tell the gateways and may be lost: subject ``live.<meeting>.<track or analyzer>``, core NATS."""

import msgspec

from contracts.transcript import Segment


class Interim(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="interim"):
    """The open words of a track after its last final; replaces the previous Interim of that track.

    ``segment`` is None when nothing is open (all was finalised, or it was noise).
    """

    meeting: str
    track: str
    segment: Segment | None = None
    audio_s: float = 0.0
    """Meeting second up to which sound has been heard."""


class TrackHealth(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="track.health"):
    """About once a second per track. ``lag_ms``: how far captions are behind the sound that arrived."""

    meeting: str
    track: str
    lag_ms: int
    interims: bool = True
    """False while interim text is thinned out because the machine is busy."""
    detail: str = ""


class AnalyzerHealth(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="analyzer.health"):
    """State of the notes: ``ok``, ``busy``, ``loading`` (model not there yet), ``down``."""

    meeting: str
    state: str
    lag_s: float = 0.0
    detail: str = ""


Live = Interim | TrackHealth | AnalyzerHealth
_decoder = msgspec.json.Decoder(Live)
encode_live = msgspec.json.encode


def decode_live(data: bytes) -> Live:
    """The live message in ``data``; msgspec.DecodeError when it is none."""
    message: Live = _decoder.decode(data)
    return message


class TrackWork(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value in the WORK bucket under ``track.<meeting>.<track>``: an open track, and how to transcribe it."""

    meeting: str
    track: str
    offset_s: float
    speaker: str | None = None
    language: str | None = None
    languages: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    mixed_before: int = 0
    """Earlier tracks of the meeting that may hold several people: labels of different tracks must differ."""
    people: int | None = None
    """At most so many people are on it, when somebody knows."""
    call: str | None = None
    """The track with the sound of the same person's call: its echo in this microphone is not written again."""
    call_offset_s: float = 0.0
    """``offset_s`` of that track."""


class MeetingWork(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value in the WORK bucket under ``meeting.<meeting>``: a meeting whose notes are not complete.

    ``recap`` asks for a new recap of a completed meeting with that template.
    """

    meeting: str
    recap: str | None = None
