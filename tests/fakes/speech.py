"""A voice detector and a speech model whose answers are a plain function of the sound they get."""

import itertools
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis
from stream_workers.timeline import Pcm

SYLLABLE = 3_200
LOUD = 500


class LoudVad:
    """Loud is speech, with some inertia, so that its state matters."""

    def __call__(self, chunk: Pcm, state: bytes) -> tuple[float, bytes]:
        before = state[0] if state else 0
        loud = min(255, int(np.abs(chunk.astype(np.int32)).max() >= LOUD) * 200 + before // 5)
        return loud / 255, bytes([loud])


class LevelTranscriber:
    """Hears one word for each run of equal loud samples; the word is the level."""

    def __init__(self) -> None:
        self.batches: list[list[DecodeJob]] = []
        self.go = threading.Event()
        self.go.set()

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        self.batches.append(list(jobs))
        self.go.wait(10)
        return [Hypothesis(_words(job.pcm), job.language or "en", (("en", 0.9), ("de", 0.1))) for job in jobs]


class Mumbled(LevelTranscriber):
    """The same of a speaker of whom every third word is hard to understand."""

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        return [replace(h, words=tuple(_doubted(w) for w in h.words)) for h in super().decode(jobs)]


def _doubted(word: HeardWord) -> HeardWord:
    return replace(word, p=0.1) if int(word.text[2:]) % 3 == 0 else word


def _words(pcm: Pcm) -> tuple[HeardWord, ...]:
    edges = [0, *(np.flatnonzero(np.diff(pcm)) + 1).tolist(), len(pcm)]
    runs = [(a, b) for a, b in itertools.pairwise(edges) if abs(int(pcm[a])) >= LOUD]
    return tuple(HeardWord(f" w{int(pcm[a])}", a / SAMPLE_RATE_HZ, b / SAMPLE_RATE_HZ, 0.9) for a, b in runs)


def spoken(plan: Sequence[tuple[int, int]]) -> Pcm:
    """Sound with (syllables, pause in 10 ms) after each other; every syllable has a level of its own."""
    parts, level = [], LOUD
    for syllables, pause in plan:
        for _ in range(syllables):
            level += 1
            parts.append(np.full(SYLLABLE, level, np.int16))
        parts.append(np.zeros(pause * 160, np.int16))
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)
