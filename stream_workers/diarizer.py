"""Who speaks when on one track, while it is being spoken. Pure: the models run between ``next_job`` and ``complete``.

Once a second the activity model looks at the last five seconds; what it saw up to half a second before the end
is decided. Finished pieces get a voiceprint each, and ``Speakers`` says whose they are.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers.clusters import Limits
from stream_workers.fbank import HOP_SAMPLES, WINDOW_SAMPLES, Fbank
from stream_workers.speakers import ANCHOR_S, Known, Speakers
from stream_workers.tape import Tape
from stream_workers.timeline import Pcm
from stream_workers.turns import Piece, Stitcher
from stream_workers.voices import MIN_SAMPLES, WINDOW_S, Voices

EVERY_SAMPLES = SAMPLE_RATE_HZ
CROWD_SAMPLES = 5 * SAMPLE_RATE_HZ // 2
"""In a crowd it is looked so often, or when a final asks."""
_CROWD_WINDOW_SAMPLES = 3 * SAMPLE_RATE_HZ
_OVERLAP_SAMPLES = SAMPLE_RATE_HZ
"""What two windows share at least, so that the same people are found again."""
_CROWD_PRINT_SAMPLES = 6 * SAMPLE_RATE_HZ
"""In a crowd, while one person was heard, a stream gets a voiceprint so often: somebody else brings a new stream."""
AHEAD_SAMPLES = SAMPLE_RATE_HZ // 2
"""How much sound after a moment the decision about it waits for."""
PRINT_S = 0.4
"""Pieces with less clean speech get no voiceprint."""
ENOUGH_S = 1.2
"""A piece with that much clean speech may end where a final does; voiceprints of shorter ones are poor."""
_WINDOW_SAMPLES = int(WINDOW_S * SAMPLE_RATE_HZ)
_KEPT_FRAMES = 1500
_SILENT = 1e-4


@dataclass(frozen=True, slots=True)
class ActivityJob:
    """Ask who speaks in ``sound``, which starts at media sample ``start``; decide it up to ``until``."""

    start: int
    sound: NDArray[np.float32]
    until: int


@dataclass(frozen=True, slots=True)
class PrintJob:
    """Ask for the voiceprint of each list of feature frames."""

    pieces: tuple[Piece, ...]
    features: tuple[NDArray[np.float32] | None, ...]


Job = ActivityJob | PrintJob


def run(job: Job, voices: Voices) -> object:
    """The answer to a job; needs no other state."""
    if isinstance(job, ActivityJob):
        return voices.activity(job.sound)
    return [None if f is None else voices.voiceprint(f) for f in job.features]


class Diarizer:
    """One track. ``position`` is the media sample at which it starts to listen."""

    def __init__(
        self,
        position: int = 0,
        people: int | None = None,
        known: tuple[Known, ...] = (),
        limits: Limits | None = None,
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """``crowded``: whether voices are to be looked at as cheaply as possible."""
        self._crowded = crowded
        self.speakers = Speakers(limits, people, known)
        self.position = position
        """Media sample up to which sound was pushed."""
        self._stitcher = Stitcher(position)
        self._tape = Tape(position)
        """Sound since the last gap that the activity model may still look at."""
        self._fbank = Fbank()
        self._features: deque[NDArray[np.float32]] = deque(maxlen=_KEPT_FRAMES)
        self._first = position
        """Media sample of the first feature frame since the last gap."""
        self._frames = 0
        """Feature frames since then."""
        self._asked = position
        self._waiting: list[Piece] = []
        self._printed: dict[int, int] = {}
        """Where the newest piece of a stream begins whose voice helps to tell people apart."""

    def settled(self, upto: int) -> bool:
        """Whether who speaks up to a media sample is labelled, as well as it can be now."""
        return not self._waiting and not self._looks(upto)

    def push(self, pcm: Pcm) -> None:
        """Continue with sound."""
        self._tape.append(pcm)
        self._tape.forget(self._tape.end - _WINDOW_SAMPLES)
        frames = self._fbank.push(_floats(pcm))
        self._features.extend(frames)
        self._frames += len(frames)
        self.position += len(pcm)

    def push_gap(self, samples: int) -> None:
        """Continue after missing sound."""
        self._waiting += self._stitcher.flush()
        self.position += samples
        self._stitcher.skip(self.position)
        self._tape = Tape(self.position)
        self._fbank = Fbank()
        self._features.clear()
        self._first, self._frames, self._asked = self.position, 0, self.position

    def next_job(self, upto: int | None = None) -> Job | None:
        """What a model should look at now. ``upto`` asks for a decision up to that media sample without waiting."""
        if self._waiting:
            pieces = tuple(self._waiting)
            return PrintJob(pieces, tuple(self._frames_of(p) if self._unheard(p) else None for p in pieces))
        if not self._looks(upto):
            return None
        start = max(self._tape.start, self._window_start())
        until = self.position - AHEAD_SAMPLES
        if upto is not None and self._asks(upto):
            until = max(until, min(upto, self.position))
        return ActivityJob(start, _floats(self._tape.cut(start, self.position)), until)

    def _unheard(self, piece: Piece) -> bool:
        """Whether the voice of a piece is to be looked at."""
        heard = self._printed.get(piece.stream)
        if heard is None or self.speakers.count > 1 or not self._crowded():
            return True
        return piece.start - heard >= _CROWD_PRINT_SAMPLES

    def _asks(self, upto: int | None) -> bool:
        """Whether what is asked for is not decided yet."""
        return upto is not None and self._stitcher.done < min(upto, self.position)

    def _looks(self, upto: int | None) -> bool:
        """Whether the activity model is to look at the newest sound."""
        every = CROWD_SAMPLES if self._crowded() else EVERY_SAMPLES
        if not self._asks(upto) and self.position - self._asked < every:
            return False
        return self.position - max(self._tape.start, self._window_start()) >= MIN_SAMPLES

    def _window_start(self) -> int:
        if not self._crowded():
            return self.position - _WINDOW_SAMPLES
        known = self._stitcher.done - _OVERLAP_SAMPLES
        return max(self.position - _WINDOW_SAMPLES, min(self.position - _CROWD_WINDOW_SAMPLES, known))

    def complete(self, job: Job, result: object, upto: int | None = None) -> list[Piece]:
        """Take a model's answer; the earlier pieces whose label changed.

        With ``upto``, pieces that are open there are labelled now: those long enough for a good voiceprint end and go
        on as new ones, the others are looked at again when they have ended.
        """
        if isinstance(job, PrintJob):
            assert isinstance(result, list)  # noqa: S101 (narrows the type: run() made it)
            self._waiting = self._waiting[len(job.pieces) :]
            found = list(zip(job.pieces, result, strict=True))
            for piece in [p for p, vector in found if vector is not None and p.clean_s >= ANCHOR_S and not p.goes_on]:
                recent = piece.start - _CROWD_PRINT_SAMPLES
                self._printed = {stream: at for stream, at in self._printed.items() if at > recent}
                self._printed[piece.stream] = piece.start
            return self.speakers.add(found)
        assert isinstance(result, np.ndarray)  # noqa: S101 (narrows the type: run() made it)
        ended = job.start + len(job.sound)
        self._asked = max(self._asked, ended)
        if ended > self._first:
            self._waiting += self._stitcher.push(job.start, result, job.until)
        if upto is not None and self._stitcher.done >= min(upto, self.position):
            self._waiting += self._stitcher.so_far(ENOUGH_S)
        return []

    def finish(self) -> None:
        """End the open pieces; their voiceprints are still due."""
        self._waiting += self._stitcher.flush()

    def _frames_of(self, piece: Piece) -> NDArray[np.float32] | None:
        if piece.clean_s < PRINT_S:
            return None
        oldest = self._frames - len(self._features)
        rows: list[int] = []
        for start, end in piece.clean:
            first = -(-(start - self._first) // HOP_SAMPLES)
            last = (end - WINDOW_SAMPLES // 2 - self._first) // HOP_SAMPLES
            rows += range(max(first, oldest), min(last, self._frames))
        if len(rows) < PRINT_S * 100:
            return None
        kept = list(self._features)
        return np.stack([kept[row - oldest] for row in rows])


def _floats(pcm: Pcm) -> NDArray[np.float32]:
    return pcm.astype(np.float32) / np.float32(32768.0)
