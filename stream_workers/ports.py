"""What a track's owner asks of a pipeline and of the engine: the speech they run, and scripted ones in tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from contracts.live import TrackWork
from contracts.transcript import Segment
from stream_workers.timeline import Pcm


@dataclass(frozen=True, slots=True)
class Final:
    """Words that will not change by themselves; times in media seconds."""

    segment: Segment
    samples: int
    """Media sample at which a new pipeline starts to read. Never goes back."""
    state: bytes = b""
    """What a new pipeline needs to continue exactly from ``samples``, above all what is already written."""


@dataclass(frozen=True, slots=True)
class Revised:
    """A better version of a segment that was final; moves nothing."""

    segment: Segment
    reason: str
    samples: int
    state: bytes = b""


@dataclass(frozen=True, slots=True)
class GapOut:
    """Missing sound from media sample ``start`` to ``samples``."""

    start: int
    cause: str
    samples: int
    state: bytes = b""


@dataclass(frozen=True, slots=True)
class Advanced:
    """No words up to ``samples``."""

    samples: int
    state: bytes = b""


@dataclass(frozen=True, slots=True)
class InterimOut:
    """The open words; None when nothing is open. ``samples`` of media have been heard."""

    segment: Segment | None
    samples: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing follows; the track ends at ``samples``."""

    samples: int
    state: bytes = b""


Output = Final | Revised | GapOut | Advanced | InterimOut | Finished


class Pipeline(Protocol):
    """One track's deciding core: no I/O, called from one task at a time, time is an argument.

    Outputs come in media order. The same input after a restart from ``samples`` and ``state`` of any output
    gives the same outputs after it.
    """

    @property
    def accounted(self) -> int:
        """Media sample up to which the log is complete; may lie after the ``samples`` of the last output."""

    def push(self, pcm: Pcm) -> Sequence[Output]:
        """Continue with sound."""

    def push_gap(self, samples: int, cause: str) -> Sequence[Output]:
        """Continue with missing sound."""

    def finish(self) -> Sequence[Output]:
        """The track has ended; a Finished follows, at once or after the jobs that are still due."""

    def next_job(self, now_s: float) -> Any | None:
        """What the engine should decode now, if anything; asked again only after ``complete``."""

    def complete(self, job: Any, result: Any) -> Sequence[Output]:
        """Take the engine's answer."""


Lane = Callable[[float], Any | None]
"""Gives the next job at a moment, as ``Pipeline.next_job`` does; asked again after ``complete``."""


@runtime_checkable
class Laned(Protocol):
    """A pipeline that can have several jobs under way, one of each lane. The first lane brings the words."""

    @property
    def lanes(self) -> Sequence[Lane]:
        """Where jobs come from."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """``thinned``: interims come less often because the machine is busy. ``detail``: what is wrong, or empty."""

    thinned: bool = False
    detail: str = ""


class Engine(Protocol):
    """Decodes jobs of all tracks of this process."""

    def state(self) -> EngineState:
        """What people are told about it."""

    def close(self) -> None:
        """Finish what runs and refuse the rest. Blocks for as long as that takes."""

    async def submit(self, job: Any) -> Any:
        """The answer to ``job``. Raises Unavailable when it should be asked again later."""


class MakePipeline(Protocol):
    """Builds the pipeline of a track, fresh or from a checkpoint."""

    def __call__(self, work: TrackWork, samples: int, state: bytes) -> Pipeline:
        """A pipeline that continues at media sample ``samples``."""
