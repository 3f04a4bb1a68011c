"""Helpers: a transcript made of lines, and vectors without a model."""

import hashlib

import numpy as np

from analyzer.context import NAMES, Context, Weights
from analyzer.transcript import Transcript
from contracts.embedder import DIMENSIONS, Vectors
from contracts.lifecycle import MeetingStarted, TrackAdded
from contracts.transcript import Segment, SegmentFinal

WEDNESDAY = 1_790_755_200.0  # 30 September 2026, 08:00 UTC


_REST = len(NAMES) - 1
BARE = Context(Weights(NAMES, (0.0,) * (1 + _REST), (1.0,) * (1 + _REST), (1.0,) + (0.0,) * _REST, 0.0))
"""A context that changes nothing: what the detector says stands."""


class Said(Transcript):
    """A transcript that lines are said into; segment ids are ``t-0``, ``t-1`` …"""

    def __init__(self, *lines: tuple[str, str], timezone: str = "UTC") -> None:
        super().__init__("m")
        self.put(MeetingStarted("m", "Talk", "u", WEDNESDAY, timezone))
        self.put(TrackAdded("m", "t", "transcript", 0.0))
        for who, text in lines:
            self.say(who, text)

    def put(self, record: object) -> None:
        self.apply(self.seq + 1, record)

    def say(self, who: str, text: str) -> None:
        n = len(self.heard)
        self.put(SegmentFinal("m", Segment(f"t-{n}", "t", 5.0 * n, 5.0 * n + 4, text, speaker=who, final=True)))


class HashEmbedder:
    """Unit vectors made of the words' hashes: like texts are near, no model is needed."""

    async def embed(self, texts: list[str]) -> Vectors:
        return np.stack([_vector(t) for t in texts]) if texts else np.zeros((0, DIMENSIONS), np.float32)


def _vector(text: str) -> Vectors:
    vector = np.zeros(DIMENSIONS, np.float32)
    for word in text.lower().split():
        seed = int.from_bytes(hashlib.blake2s(word.encode(), digest_size=4).digest(), "big")
        vector += np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    return vector / max(1e-6, float(np.linalg.norm(vector)))
