"""One speech model per process, in its own thread, shared by all tracks."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts import log
from contracts.errors import Misconfigured, Unavailable
from stream_workers import scheduler
from stream_workers.decode import DecodeJob, Hypothesis, Kind
from stream_workers.ports import EngineState


class Transcriber(Protocol):
    """Turns windows into words. Called from one thread at a time; keeps nothing between calls."""

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        """One answer for each of ``jobs``, which ``scheduler.choose`` put together."""


@dataclass(slots=True, eq=False)
class _Waiting:
    job: DecodeJob
    answer: asyncio.Future[Hypothesis | None]
    loop: asyncio.AbstractEventLoop
    since_s: float


@dataclass(frozen=True, slots=True)
class EngineStats:
    """For health and metrics."""

    ready: bool
    waiting: int
    busy_share: float
    """Share of the last seconds that the model was at work."""
    real_time_factor: float
    """Model seconds per second of sound decoded lately (windows overlap, so it is more than the track's own)."""
    interim_interval_s: float
    thinned: bool
    trouble: str = ""


class Engine:
    """Answers jobs in the order of ``scheduler``. ``start`` loads the model off the event loop; ``close`` ends it.

    ``spare`` loads a model that needs less of the device; it takes over when even a single window does not fit.
    """

    def __init__(
        self,
        load: Callable[[], Transcriber],
        pace: scheduler.Pace | None = None,
        rules: scheduler.BatchRules | None = None,
        clock: Callable[[], float] = time.monotonic,
        spare: Callable[[], Transcriber] | None = None,
    ) -> None:
        self._load = load
        self._spare = spare
        self._fell_back = False
        self.pace = pace or scheduler.Pace()
        self._rules = rules or scheduler.BatchRules()
        self._clock = clock
        self._queue: list[_Waiting] = []
        self._wake = threading.Condition()
        self._closed = False
        self._ready = False
        self._model: Transcriber
        self._hungry = False
        self._fault: Misconfigured | None = None
        self._busy_share = self._factor = 0.0
        self._idle_since = clock()
        self._thread = threading.Thread(target=self._run, name="speech-engine", daemon=True)
        self._log = log.get()

    def start(self) -> None:
        """Begin to load the model; jobs wait for it."""
        self._thread.start()

    def close(self) -> None:
        """Refuse what waits, finish what runs, and end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def interval_s(self) -> float:
        """Seconds of new sound that an interim should wait for at the moment."""
        return self.pace.interval_s

    def pressed(self) -> bool:
        """Whether there is more to do than fits: everything is to be made as cheaply as possible."""
        return self.pace.pressed

    @property
    def stats(self) -> EngineStats:
        """The engine as it is now."""
        pace, trouble = self.pace, self._fault.detail if self._fault else ""
        return EngineStats(
            self._ready, len(self._queue), self._busy_share, self._factor, pace.interval_s, pace.thinned, trouble
        )

    def state(self) -> EngineState:
        """What people are told about it."""
        detail = self.stats.trouble or ("" if self._ready else "the speech model is loading")
        detail = detail or ("the speech model has too little memory" if self._hungry else "")
        detail = detail or ("the device ran out of memory: speech is on the CPU now" if self._fell_back else "")
        return EngineState(self.pace.thinned, detail)

    async def submit(self, job: DecodeJob) -> Hypothesis | None:
        """The answer to ``job``; None when an interim was skipped because the machine is busy.

        Raises Misconfigured when the model cannot be loaded, and Unavailable while the engine closes.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(job, loop.create_future(), loop, self._clock())
        with self._wake:
            if self._fault:
                raise self._fault
            if self._closed:
                raise Unavailable("the speech engine is closing", source="speech")
            self._queue.append(waiting)
            self._wake.notify()
        return await waiting.answer

    # -- the thread

    def _run(self) -> None:
        try:
            transcriber = self._load()
        except Misconfigured as fault:
            self._log.error("engine.failed", detail=fault.detail)
            with self._wake:
                self._fault = fault
            self._refuse(fault)
            return
        self._ready = True
        self._log.info("engine.ready")
        self._model = transcriber
        while (batch := self._next()) is not None:
            self._answer(batch)
        self._refuse(Unavailable("the speech engine is closing", source="speech"))

    def _next(self) -> list[_Waiting] | None:
        with self._wake:
            while not self._closed:
                self._skip_stale()
                jobs = [w.job for w in self._queue]
                chosen = [self._queue[i] for i in scheduler.choose(jobs, self._rules)]
                if chosen:
                    self._queue = [w for w in self._queue if w not in chosen]
                    return chosen
                self._wake.wait()
        return None

    def _skip_stale(self) -> None:
        jobs = [w.job for w in self._queue]
        gone = [self._queue[i] for i in scheduler.stale(jobs, self._clock(), self._rules)]
        for waiting in gone:
            self._queue.remove(waiting)
            self.pace.skipped()
            self._resolve(waiting, None)

    def _answer(self, batch: list[_Waiting]) -> None:
        started = self._clock()
        try:
            answers = self._model.decode([w.job for w in batch])
        except Exception as exc:  # noqa: BLE001
            # Any failure of the model belongs to the tracks that asked; the thread must live on for the others.
            self._log.exception("engine.stumbled", windows=len(batch))
            self._blame(batch, exc)
            return
        ended = self._clock()
        self._hungry = False
        self._account(started, ended, batch)
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.job.kind is Kind.INTERIM:
                self.pace.done(ended - waiting.since_s)
            self._resolve(waiting, answer)

    def _blame(self, batch: list[_Waiting], exc: Exception) -> None:
        """One by one, so that a window that cannot be decoded fails alone; a lack of memory is nobody's fault."""
        if len(batch) > 1:
            for waiting in batch:
                self._answer([waiting])
            return
        if _lacks_memory(exc):
            if self._take_spare(exc):
                self._answer(batch)
                return
            self._hungry = True
            exc = Unavailable("the speech model has too little memory", source="speech")
        batch[0].loop.call_soon_threadsafe(_fail, batch[0].answer, exc)

    def _take_spare(self, exc: Exception) -> bool:
        """Whether another model has taken over."""
        load, self._spare = self._spare, None
        if load is None:
            return False
        try:
            self._model = load()
        except Misconfigured as fault:
            self._log.error("engine.no_spare", detail=fault.detail)
            return False
        self._fell_back = True
        self._log.warning("engine.fell_back", why=str(exc), now="cpu int8")
        return True

    def _account(self, started: float, ended: float, batch: list[_Waiting]) -> None:
        took_s, span_s = ended - started, max(ended - self._idle_since, 1e-6)
        sound_s = sum(w.job.seconds for w in batch) or 1e-6
        weight = min(1.0, span_s / 5.0)
        self.pace.worked(started, ended, len(self._queue))
        self._busy_share += weight * (took_s / span_s - self._busy_share)
        self._factor += 0.1 * (took_s / sound_s - self._factor)
        self._idle_since = ended

    def _refuse(self, fault: Misconfigured | Unavailable) -> None:
        with self._wake:
            gone, self._queue = self._queue, []
        for waiting in gone:
            waiting.loop.call_soon_threadsafe(_fail, waiting.answer, fault)

    @staticmethod
    def _resolve(waiting: _Waiting, answer: Hypothesis | None) -> None:
        waiting.loop.call_soon_threadsafe(_settle, waiting.answer, answer)


def _settle(future: asyncio.Future[Hypothesis | None], answer: Hypothesis | None) -> None:
    if not future.done():
        future.set_result(answer)


def _fail(future: asyncio.Future[Hypothesis | None], exc: Exception) -> None:
    if not future.done():
        future.set_exception(exc)


def _lacks_memory(exc: Exception) -> bool:
    # CTranslate2 raises a bare RuntimeError on a GPU that is full.
    return isinstance(exc, MemoryError) or "out of memory" in str(exc).lower()
