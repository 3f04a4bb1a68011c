"""A pipeline whose words are not the echo of a call: wraps the speech pipeline of a microphone beside a call.

Every final waits until what the call brought at that time was compared with what the microphone heard (one short
job); words that the call alone explains are left out. Open words that are echo are not shown.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from contracts.transcript import Segment
from stream_workers import echo
from stream_workers.cut import cut
from stream_workers.echo import Path
from stream_workers.ports import Advanced, Final, InterimOut, MakePipeline, Output, Pipeline
from stream_workers.tape import Tape
from stream_workers.timeline import Pcm

KEPT_SAMPLES = 60 * SAMPLE_RATE_HZ
"""A final that comes later than this after its sound is not compared."""
_ECHO, _OWN = "echo", "own"


@dataclass(frozen=True, slots=True, eq=False)
class EchoJob:
    """A stretch of a microphone that is to be compared with its call. Samples count from the microphone's start."""

    work: TrackWork
    path: Path
    start: int
    pcm: Pcm
    spans: tuple[tuple[int, int], ...]
    """Where its words lie."""
    final: bool = True
    """Whether it is worth waiting for the call; open words are not."""

    def call_span(self) -> tuple[int, int]:
        """The stretch of the call's media time that is needed, in samples; it may begin before zero."""
        shift = round((self.work.offset_s - self.work.call_offset_s) * SAMPLE_RATE_HZ)
        first = self.start + shift - _AHEAD * echo.HOP_SAMPLES
        return first, first + len(self.pcm) + 2 * _AHEAD * echo.HOP_SAMPLES


_AHEAD = round(echo.MARGIN_S * SAMPLE_RATE_HZ / echo.HOP_SAMPLES)


@dataclass(frozen=True, slots=True)
class Compared:
    """Which spans are echo, and what is known of the way from loudspeaker to microphone now."""

    path: Path
    echoes: tuple[bool, ...]


def compare(job: EchoJob, call: Pcm) -> Compared:
    """The answer to ``job``; ``call`` is its ``call_span``, silence where there is none."""
    mic, heard = echo.levels(job.pcm), echo.smeared(echo.levels(call))
    path = echo.listen(job.path, mic, heard, _AHEAD)
    share = echo.explained(path, mic, heard, _AHEAD)
    frames = [((a - job.start) // echo.HOP_SAMPLES, (b - job.start) // echo.HOP_SAMPLES) for a, b in job.spans]
    return Compared(path, tuple(echo.is_echo(share, mic, max(0, a), b) for a, b in frames))


class State(msgspec.Struct, frozen=True, array_like=True):
    """The wrapped pipeline's state, and the way that the call takes."""

    inner: bytes = b""
    lag: int = 0
    gains: tuple[float, ...] = ()
    trust: float = 0.0


class EcholessPipeline:
    """See the module; keeps the promises of ``ports.Pipeline``."""

    def __init__(self, inner: Pipeline, work: TrackWork, samples: int, state: State) -> None:
        self._inner = inner
        self._work = work
        self._path = Path(state.lag, state.gains, state.trust)
        self._samples, self._state = samples, state.inner
        self._tape = Tape(samples)
        self._held: deque[Output] = deque()
        self._given: Output | None = None

    @property
    def accounted(self) -> int:
        """Media sample up to which the log is complete."""
        return self._inner.accounted

    def push(self, pcm: Pcm) -> Sequence[Output]:
        """Continue with sound."""
        self._tape.append(pcm)
        self._tape.forget(self._tape.end - KEPT_SAMPLES)
        return self._take(self._inner.push(pcm))

    def push_gap(self, samples: int, cause: str) -> Sequence[Output]:
        """Continue with missing sound."""
        end = self._tape.end + samples
        if samples < KEPT_SAMPLES:
            self._tape.append(np.zeros(samples, np.int16))
        else:
            self._tape = Tape(end)
        return self._take(self._inner.push_gap(samples, cause))

    def finish(self) -> Sequence[Output]:
        """The track has ended."""
        return self._take(self._inner.finish())

    def next_job(self, now_s: float) -> Any | None:
        """What waits to be compared comes first: it is short."""
        head = self._held[0] if self._held else None
        if isinstance(head, Final | InterimOut) and head.segment is not None:
            self._given = head
            return self._job(head.segment, final=isinstance(head, Final))
        return self._inner.next_job(now_s)

    def _job(self, segment: Segment, *, final: bool) -> EchoJob:
        spans = [(w.s, w.e) for w in segment.words] or [(segment.start, segment.end)]
        start = max(self._tape.start, round(segment.start * SAMPLE_RATE_HZ))
        end = min(self._tape.end, max(start, round(segment.end * SAMPLE_RATE_HZ)))
        samples = tuple((round(a * SAMPLE_RATE_HZ), round(b * SAMPLE_RATE_HZ)) for a, b in spans)
        return EchoJob(self._work, self._path, start, self._tape.cut(start, end), samples, final)

    def complete(self, job: Any, result: Any) -> Sequence[Output]:
        """Take an answer, of the words or of the comparison."""
        if not isinstance(job, EchoJob):
            return self._take(self._inner.complete(job, result))
        given, self._given = self._given, None
        if not self._held or self._held[0] is not given:
            return self._release()
        output = self._held.popleft()
        if isinstance(output, InterimOut):
            shown = None if all(result.echoes) else output.segment
            return [InterimOut(shown, output.samples), *self._release()]
        self._path = result.path
        return [*self._without(output, result.echoes), *self._release()]

    def _without(self, output: Output, echoes: tuple[bool, ...]) -> list[Output]:
        """The final without the words that are echo; its checkpoint moves in any case."""
        if not isinstance(output, Final):
            return [output]
        before, self._state = (self._samples, self._encoded()), output.state
        self._samples = output.samples
        marks = dict(zip([(w.s, w.e) for w in output.segment.words], echoes, strict=False))
        if not any(echoes):
            return [Final(output.segment, output.samples, self._encoded())]
        parts = cut(output.segment, lambda s, e: _ECHO if marks.get((s, e), all(echoes)) else _OWN)
        own = [msgspec.structs.replace(p, speaker=output.segment.speaker) for p in parts if p.speaker != _ECHO]
        if not own:
            return [Advanced(output.samples, self._encoded())]
        # Only the last part moves the checkpoint, so a replay repeats all of them.
        return [*(Final(part, *before) for part in own[:-1]), Final(own[-1], output.samples, self._encoded())]

    def _take(self, outputs: Sequence[Output]) -> list[Output]:
        for output in outputs:
            # Only the newest open words count; what is being compared stays.
            if self._held and isinstance(self._held[-1], InterimOut) and self._held[-1] is not self._given:
                self._held.pop()
            self._held.append(output)
        return self._release()

    def _release(self) -> list[Output]:
        """What need not be compared, in order."""
        ready: list[Output] = []
        while self._held:
            head = self._held[0]
            if isinstance(head, Final | InterimOut) and head.segment is not None:
                break
            self._held.popleft()
            if isinstance(head, InterimOut):
                ready.append(head)
            else:
                self._samples, self._state = head.samples, head.state
                ready.append(replace(head, state=self._encoded()))
        return ready

    def _encoded(self) -> bytes:
        return msgspec.msgpack.encode(State(self._state, self._path.lag, self._path.gains, self._path.trust))


def echoless(make: MakePipeline) -> MakePipeline:
    """A maker that leaves the call's echo out on microphones beside a call, and the other tracks as they are."""

    def build(work: TrackWork, samples: int, state: bytes) -> Pipeline:
        if work.call is None:
            return make(work, samples, state)
        own = msgspec.msgpack.decode(state, type=State) if state else State()
        return EcholessPipeline(make(work, samples, own.inner), work, samples, own)

    return build
