"""A pipeline and an engine whose words are a function of the sound, so that every sample can be accounted for.

Media time is cut in a fixed grid: ``SPEECH`` samples of words, then ``PAUSE`` samples without. Neither is a
multiple of a frame, so checkpoints lie within frames.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from contracts.errors import Unavailable
from contracts.live import TrackWork
from contracts.transcript import Segment, Word, media_seconds, segment_id
from stream_workers.ports import Advanced, EngineState, Final, Finished, GapOut, InterimOut, Output
from stream_workers.timeline import Pcm

SPEECH = 17 * 960 + 320
PAUSE = 5 * 960 + 160
CYCLE = SPEECH + PAUSE


def next_cut(sample: int) -> int:
    """The next end of speech or pause after ``sample``."""
    base = sample // CYCLE * CYCLE
    return base + SPEECH if sample - base < SPEECH else base + CYCLE


def is_speech(sample: int) -> bool:
    """Whether ``sample`` lies in words."""
    return sample % CYCLE < SPEECH


def words_of(start: int, pcm: Pcm) -> tuple[Word, ...]:
    """One word for each run of equal samples."""
    edges = [0, *(np.flatnonzero(np.diff(pcm)) + 1).tolist(), len(pcm)]
    return tuple(Word(str(int(pcm[a])), media_seconds(start + a), media_seconds(start + b)) for a, b in pairwise(edges))


@dataclass(frozen=True)
class Job:
    """Words to find in a stretch of sound."""

    track: str
    start: int
    pcm: Pcm


class ScriptedEngine:
    """Answers after ``delay_s``; ``fail(job)`` may raise to play a sick model."""

    def __init__(self, delay_s: float = 0.0, fail: Callable[[Job], None] = lambda job: None) -> None:
        self._delay_s = delay_s
        self._fail = fail

    def state(self) -> EngineState:
        return EngineState()

    def close(self) -> None:
        pass

    async def submit(self, job: Job) -> tuple[Word, ...]:
        await asyncio.sleep(self._delay_s)
        self._fail(job)
        return words_of(job.start, job.pcm)


class ScriptedPipeline:
    """Writes a Final for each stretch of words and an Advanced for each pause of the grid."""

    def __init__(self, work: TrackWork, samples: int, state: bytes) -> None:
        assert state in (b"", str(samples).encode()), "the state belongs to another checkpoint"
        self._track = work.track
        self._start = samples
        self._open_start = samples
        self._parts: list[Pcm] = []
        self._position = samples
        self._acts: deque[Job | Output] = deque()
        self._given: Job | None = None

    @property
    def accounted(self) -> int:
        return self._start

    def push(self, pcm: Pcm) -> Sequence[Output]:
        while len(pcm):
            take = min(len(pcm), next_cut(self._position) - self._position)
            self._parts.append(pcm[:take])
            self._position += take
            pcm = pcm[take:]
            if self._position == next_cut(self._position - 1):
                self._close()
        interim = Segment(segment_id(self._track, self._open_start), self._track, 0.0, 0.0, "…")
        return [*self._ready(), InterimOut(interim if self._parts else None, self._position)]

    def push_gap(self, samples: int, cause: str) -> Sequence[Output]:
        self._close()
        start, self._position = self._position, self._position + samples
        self._open_start = self._position
        self._acts.append(GapOut(start, cause, self._position, _state(self._position)))
        return self._ready()

    def finish(self) -> Sequence[Output]:
        self._close()
        self._acts.append(Finished(self._position, _state(self._position)))
        return self._ready()

    def next_job(self, now_s: float) -> Job | None:
        if self._given is None and self._acts and isinstance(self._acts[0], Job):
            self._given = self._acts[0]
            return self._given
        return None

    def complete(self, job: Job, result: tuple[Word, ...]) -> Sequence[Output]:
        assert job is self._given
        self._given = None
        self._acts.popleft()
        end = job.start + len(job.pcm)
        segment = Segment(
            segment_id(job.track, job.start),
            job.track,
            media_seconds(job.start),
            media_seconds(end),
            " ".join(w.w for w in result),
            result,
            final=True,
        )
        return [Final(segment, end, _state(end)), *self._ready()]

    def _close(self) -> None:
        if self._parts:
            pcm = np.concatenate(self._parts)
            if is_speech(self._open_start):
                self._acts.append(Job(self._track, self._open_start, pcm))
            else:
                self._acts.append(Advanced(self._position, _state(self._position)))
        self._parts = []
        self._open_start = self._position

    def _ready(self) -> list[Output]:
        found: list[Output] = []
        while self._acts and not isinstance(self._acts[0], Job):
            found.append(self._acts.popleft())  # type: ignore[arg-type]
        return found


def _state(samples: int) -> bytes:
    return str(samples).encode()


def refuse_first(times: int) -> Callable[[Job], None]:
    """An engine failure that passes after ``times`` calls."""
    left = times

    def fail(job: Job) -> None:
        nonlocal left
        if left > 0:
            left -= 1
            raise Unavailable("busy", source="engine")

    return fail


def poison(value: int) -> Callable[[Job], None]:
    """An engine that cannot digest sound that holds frame ``value``."""

    def fail(job: Job) -> None:
        if value in job.pcm:
            raise RuntimeError("this sound is poison")

    return fail
