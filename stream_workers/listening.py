"""Sound of one track cut into acts: what the sound alone says must happen, in media order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers.guards import Evidence
from stream_workers.silero import CHUNK_SAMPLES, FRESH, Vad
from stream_workers.tape import Tape
from stream_workers.timeline import Pcm
from stream_workers.vad import Cut, CutRules, Cutter, Glance


@dataclass(frozen=True, slots=True)
class Spoken:
    """A complete phrase that waits for its words. All in media samples."""

    start: int
    """Boundary before it."""
    speech: int
    """Where its speech begins, pre-roll included."""
    end: int
    heard: int
    """The sound up to here, ``end`` or a little later, may be listened to for the words up to ``end``."""
    vad: bytes
    """VAD state at ``start``."""
    vad_after: bytes
    """VAD state at ``end``."""
    evidence: Evidence
    tape: Tape


def together(first: Spoken, second: Spoken) -> Spoken:
    """Two phrases that follow each other, as one."""
    size_s = first.evidence.seconds + second.evidence.seconds
    voice = first.evidence.voice * first.evidence.seconds + second.evidence.voice * second.evidence.seconds
    evidence = Evidence(size_s, voice / max(size_s, 1e-6))
    return replace(second, start=first.start, speech=first.speech, vad=first.vad, evidence=evidence)


@dataclass(frozen=True, slots=True)
class Look:
    """An open phrase that may hold words which are sure already."""

    speech: int
    end: int
    evidence: Evidence
    tape: Tape


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing was said up to ``end``."""

    end: int
    vad: bytes


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no sound from ``start`` to ``end``."""

    start: int
    end: int
    cause: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The track ends."""

    end: int


Heard = Spoken | Look
Act = Heard | Silent | Missing | Ended


class Listener:
    """Judges sound chunk by chunk. Continues from media sample ``start`` with the VAD state there."""

    def __init__(self, start: int, vad: Vad, vad_state: bytes, rules: CutRules) -> None:
        self._vad = vad
        self._cutter = Cutter(rules)
        self._begin(start, vad_state)

    def _begin(self, start: int, vad_state: bytes) -> None:
        self.tape = Tape(start)
        """Sound since the last hole that may still be needed."""
        self.boundary = start
        """Up to here everything was given out as acts."""
        self._judged = start
        self._state = vad_state
        self._marks = [vad_state]
        self._probs: list[float] = []

    def push(self, pcm: Pcm) -> list[Act]:
        """The acts that more sound completes."""
        self.tape.append(pcm)
        acts: list[Act] = []
        while self.tape.end - self._judged >= CHUNK_SAMPLES:
            acts += self._judge(self.tape.cut(self._judged, self._judged + CHUNK_SAMPLES))
        return acts

    def skip(self, samples: int, cause: str) -> list[Act]:
        """Missing sound: what was open is complete, and nothing is carried over."""
        acts = self._close()
        start, end = self.tape.end, self.tape.end + samples
        # Phrases that wait keep their own tape.
        self._begin(end, FRESH)
        return [*acts, Missing(start, end, cause)]

    def finish(self) -> list[Act]:
        """The track has ended."""
        return [*self._close(), Ended(self.tape.end)]

    @property
    def open_phrase(self) -> tuple[int, int] | None:
        """Where the open phrase begins and where its speech ended last; None in silence."""
        since = self._cutter.speaking_since
        if since is None:
            return None
        return self.boundary + since * CHUNK_SAMPLES, self.boundary + self._cutter.voiced_until * CHUNK_SAMPLES

    @property
    def evidence(self) -> Evidence:
        """What the sound says about the open phrase."""
        return _evidence(self._probs[self._cutter.speaking_since or 0 :])

    def _judge(self, chunk: Pcm) -> list[Act]:
        prob, self._state = self._vad(chunk, self._state)
        self._judged += CHUNK_SAMPLES
        self._marks.append(self._state)
        self._probs.append(prob)
        loud = chunk.astype(np.float64)
        power = float(loud @ loud) / CHUNK_SAMPLES
        acts: list[Act] = []
        for mark in self._cutter.push(prob, 10 * math.log10(power + 1.0)):
            acts.append(self._act(mark) if isinstance(mark, Cut) else self._look(mark))
        return acts

    def _look(self, mark: Glance) -> Look:
        start, end = (self.boundary + n * CHUNK_SAMPLES for n in (mark.start, mark.end))
        return Look(start, end, _evidence(self._probs[mark.start : mark.end]), self.tape)

    def _act(self, cut: Cut) -> Act:
        first, size = cut.start, min(cut.end, len(self._probs))
        start, end = self.boundary, min(self.boundary + size * CHUNK_SAMPLES, self.tape.end)
        speech, after = start + first * CHUNK_SAMPLES, self._marks[size]
        evidence = _evidence(self._probs[first:size])
        before = self._marks[0]
        del self._probs[:size], self._marks[:size]
        self.boundary = start + size * CHUNK_SAMPLES
        if speech < end:
            heard = min(start + max(size, cut.heard) * CHUNK_SAMPLES, self.tape.end)
            return Spoken(start, speech, end, heard, before, after, evidence, self.tape)
        return Silent(end, after)

    def _close(self) -> list[Act]:
        """End of a stretch of sound: the rest of a chunk counts as a whole one."""
        acts: list[Act] = []
        rest = self.tape.end - self._judged
        if rest:
            chunk = np.zeros(CHUNK_SAMPLES, np.int16)
            chunk[:rest] = self.tape.cut(self._judged, self.tape.end)
            acts += self._judge(chunk)
        cut = self._cutter.flush()
        return [*acts, self._act(cut)] if cut else acts


def _evidence(probs: Sequence[float]) -> Evidence:
    if not probs:
        return Evidence(0.0, 0.0)
    loud = sorted(probs)[len(probs) // 2 :]
    return Evidence(len(probs) * CHUNK_SAMPLES / SAMPLE_RATE_HZ, sum(loud) / len(loud))
