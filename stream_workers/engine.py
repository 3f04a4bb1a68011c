"""One speech model per process, in threads of its own, shared by all tracks."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from contracts import log
from contracts.errors import Misconfigured, Unavailable
from stream_workers import scheduler
from stream_workers.decode import DecodeJob, Hypothesis, Kind
from stream_workers.models import Models, Transcriber
from stream_workers.ports import EngineState


@dataclass(slots=True, eq=False)
class _Waiting:
    job: DecodeJob
    answer: asyncio.Future[Hypothesis | None]
    loop: asyncio.AbstractEventLoop
    since_s: float


@dataclass(slots=True, eq=False)
class _Batch:
    members: list[_Waiting]
    alone: bool
    """Whether it has all the cores."""


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

    A window that is alone has all the cores, unless there is a crowd: soon it will not be alone. Two that wait are
    decoded side by side by ``hands`` threads, with the model that ``narrow`` loads: a second core makes one window
    little faster, and another window twice as much.
    Both say the same about a window, to the bit. ``spare`` loads a model that needs less of the device; it takes
    over when even a single window does not fit.
    """

    def __init__(
        self,
        load: Callable[[], Transcriber],
        pace: scheduler.Pace | None = None,
        rules: scheduler.BatchRules | None = None,
        clock: Callable[[], float] = time.monotonic,
        spare: Callable[[], Transcriber] | None = None,
        narrow: Callable[[], Transcriber] | None = None,
        hands: int = 1,
    ) -> None:
        self._models = Models(load, spare, narrow)
        self._hands = hands
        self.pace = pace or scheduler.Pace()
        self._rules = rules or scheduler.BatchRules()
        self._clock = clock
        self._queue: list[_Waiting] = []
        self._wake = threading.Condition()
        self._closed = False
        self._ready = False
        self._hungry = False
        self._fault: Misconfigured | None = None
        self._busy_share = self._factor = 0.0
        self._idle_since = clock()
        self._running: list[_Batch] = []
        self._threads = [threading.Thread(target=self._run, name="speech-engine", daemon=True)]
        self._log = log.get()

    def start(self) -> None:
        """Begin to load the model; jobs wait for it."""
        self._threads[0].start()

    def close(self) -> None:
        """Refuse what waits, finish what runs, and end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def interval_s(self) -> float:
        """Seconds of new sound that an interim should wait for at the moment."""
        return self.pace.interval_s

    def pressed(self, behind_s: float) -> bool:
        """Whether for a track so far behind everything is to be made as cheaply as possible."""
        return self.pace.presses(behind_s)

    def crowded(self) -> bool:
        """Whether several tracks have more to do together than fits."""
        return self.pace.crowded

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
        detail = detail or ("the device ran out of memory: speech is on the CPU now" if self._models.fell_back else "")
        return EngineState(self.pace.pressed, detail)

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
            self._wake.notify_all()
        return await waiting.answer

    # -- the threads

    def _run(self) -> None:
        try:
            self._models.load()
        except Misconfigured as fault:
            self._log.error("engine.failed", detail=fault.detail)
            with self._wake:
                self._fault = fault
            self._refuse(fault)
            return
        self._ready = True
        self._log.info("engine.ready")
        for _ in range(self._hands - 1):
            self._threads.append(threading.Thread(target=self._help, name="speech-hand", daemon=True))
            self._threads[-1].start()
        self._work()
        self._refuse(Unavailable("the speech engine is closing", source="speech"))

    def _help(self) -> None:
        if self._models.lend():
            self._work()

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            try:
                self._answer(batch)
            finally:
                with self._wake:
                    self._running.remove(batch)
                    self._wake.notify_all()

    def _next(self) -> _Batch | None:
        with self._wake:
            while not self._closed:
                self._skip_stale()
                if batch := self._chosen():
                    self._running.append(batch)
                    return batch
                self._wake.wait()
        return None

    def _chosen(self) -> _Batch | None:
        """What a free hand does now; nothing while a window has all the cores."""
        if any(batch.alone for batch in self._running):
            return None
        free = self._hands - len(self._running) if self._models.narrow else 1
        chosen = scheduler.choose([w.job for w in self._queue], self._rules, free)
        if not chosen:
            return None
        members = [self._queue[i] for i in chosen]
        self._queue = [w for w in self._queue if w not in members]
        alone = self._models.narrow is None or not (self._running or self._queue or self.pace.crowded)
        return _Batch(members, alone)

    def _skip_stale(self) -> None:
        jobs = [w.job for w in self._queue]
        gone = [self._queue[i] for i in scheduler.stale(jobs, self._clock(), self._rules)]
        for waiting in gone:
            self._queue.remove(waiting)
            if waiting.job.wanted():
                self.pace.skipped()
            self._resolve(waiting, None)

    def _answer(self, batch: _Batch) -> None:
        started = self._clock()
        try:
            answers = self._models.of(alone=batch.alone).decode([w.job for w in batch.members])
        except Exception as exc:  # noqa: BLE001
            # Any failure of the model belongs to the tracks that asked; the thread must live on for the others.
            self._log.exception("engine.stumbled", windows=len(batch.members))
            self._blame(batch, exc)
            return
        ended = self._clock()
        with self._wake:
            self._hungry = False
            self._account(started, ended, batch)
        for waiting, answer in zip(batch.members, answers, strict=True):
            self._resolve(waiting, answer)

    def _blame(self, batch: _Batch, exc: Exception) -> None:
        """One by one, so that a window that cannot be decoded fails alone; a lack of memory is nobody's fault."""
        if len(batch.members) > 1:
            for waiting in batch.members:
                self._answer(_Batch([waiting], batch.alone))
            return
        if _lacks_memory(exc):
            if self._models.take_spare(exc):
                self._answer(batch)
                return
            self._hungry = True
            exc = Unavailable("the speech model has too little memory", source="speech")
        waiting = batch.members[0]
        waiting.loop.call_soon_threadsafe(_fail, waiting.answer, exc)

    def _account(self, started: float, ended: float, batch: _Batch) -> None:
        took_s, span_s = ended - started, max(ended - self._idle_since, 1e-6)
        busy_s = took_s if batch.alone else took_s / self._hands
        sound_s = sum(w.job.seconds for w in batch.members) or 1e-6
        beside = sum(len(b.members) for b in self._running if b is not batch)
        self.pace.worked(busy_s, ended, len(batch.members) + beside + len(self._queue))
        for waiting in batch.members:
            if waiting.job.kind is Kind.INTERIM:
                self.pace.done(ended - waiting.since_s)
        self._busy_share = min(1.0, self._busy_share + min(1.0, span_s / 5.0) * (busy_s / span_s - self._busy_share))
        self._factor += 0.1 * (busy_s / sound_s - self._factor)
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
