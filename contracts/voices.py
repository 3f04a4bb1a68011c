"""Whose voices a meeting has: request and reply on core NATS, in a queue group of workers. May be lost.

A worker reads the voiceprints of a meeting's speaker labels from the checkpoints in its log. Nothing of it is stored,
and the voiceprints of people who are remembered across meetings never leave the gateway.
"""

import msgspec


class MixedTrack(msgspec.Struct, frozen=True, omit_defaults=True):
    """A track that may hold several people, and how many of them the meeting had before (see ``live.TrackWork``)."""

    track: str
    mixed_before: int = 0


class VoicesRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """Ask for the voices that were told apart on these tracks."""

    meeting: str
    tracks: tuple[MixedTrack, ...]


class HeardVoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One speaker label: the mean of its voiceprints as int8 of any length, and the seconds of speech behind it."""

    label: str
    mean: bytes
    seconds: float


class VoicesReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """``model``: what made the voiceprints; those of different models are never compared."""

    model: str = ""
    voices: tuple[HeardVoice, ...] = ()
