"""Real time without waiting: sound arrives by a virtual clock, and decoding costs what it is measured to cost."""

import difflib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ
from stream_workers import scheduler
from stream_workers.commit import plain
from stream_workers.decode import DecodeJob, Hypothesis, Kind
from stream_workers.models import Transcriber
from stream_workers.pipeline import Pipeline
from stream_workers.ports import Final, InterimOut, Output
from stream_workers.timeline import Pcm

Charge = Callable[[Callable[[], list[Hypothesis]]], tuple[list[Hypothesis], float]]


def wall(run: Callable[[], list[Hypothesis]]) -> tuple[list[Hypothesis], float]:
    """What decoding takes on this machine now, other work included."""
    started = time.perf_counter()
    answers = run()
    return answers, time.perf_counter() - started


def cpu(threads: int) -> Charge:
    """Processor time over threads: what decoding takes when nothing else runs, a little less in truth."""

    def charge(run: Callable[[], list[Hypothesis]]) -> tuple[list[Hypothesis], float]:
        started = time.process_time()
        answers = run()
        return answers, (time.process_time() - started) / threads

    return charge


@dataclass(frozen=True, slots=True)
class Prices:
    """What a batch costs, in seconds."""

    encode_s: float
    """A second of padded sound."""
    step_s: float
    """A step of the decoder."""
    row_s: float
    """Each window's beam in a step."""
    align_s: float
    """A window whose words are timed."""
    align_second_s: float
    """And each second of it."""

    def of(self, jobs: Sequence[DecodeJob]) -> float:
        """The price of one batch."""
        steps = 4 + _TOKENS_PER_SECOND * max(job.seconds for job in jobs)
        rows = sum(job.beam for job in jobs)
        timed = sum(self.align_s + self.align_second_s * job.seconds for job in jobs if job.timed)
        encode_s = self.encode_s * sum(job.padded_s for job in jobs)
        return encode_s + steps * (self.step_s + self.row_s * rows) + timed


_TOKENS_PER_SECOND = 3.0
WIDE = Prices(0.0145, 0.0046, 0.0015, 0.03, 0.003)
"""``base`` int8 on both cores of an idle machine (2.5 GHz, no VNNI): wall time of single windows and of batches."""
NARROW = Prices(0.0235, 0.0055, 0.0025, 0.04, 0.004)
"""The same on one core while the other one decodes too."""


class Modelled:
    """A model whose batches are charged by a formula, so that nothing else on the machine matters."""

    def __init__(self, inner: Transcriber) -> None:
        self._inner = inner
        self._took_s = 0.0
        self.alone = True
        """Whether the next batch has all cores."""

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        """See ``Transcriber``."""
        self._took_s = (WIDE if self.alone else NARROW).of(jobs)
        return self._inner.decode(jobs)

    def charge(self, run: Callable[[], list[Hypothesis]]) -> tuple[list[Hypothesis], float]:
        """See ``Charge``."""
        return run(), self._took_s


@dataclass
class Stream:
    """One speaker's track and what a viewer of it saw."""

    pcm: Pcm
    pipeline: Pipeline
    delay_s: float = 0.0
    position: int = 0
    waiting: bool = False
    ended: bool = False
    events: list[dict[str, object]] = field(default_factory=list)
    finals: list[str] = field(default_factory=list)
    interim: str = ""
    promised: list[str] = field(default_factory=list)
    stable_words: int = 0
    broken_words: int = 0

    def arrival_s(self) -> float:
        """When the next frame is there; infinity after the last."""
        if self.ended:
            return float("inf")
        return self.delay_s + min(len(self.pcm), self.position + FRAME_SAMPLES) / SAMPLE_RATE_HZ

    def deliver(self) -> list[Output]:
        """Take the next frame."""
        frame = self.pcm[self.position : self.position + FRAME_SAMPLES]
        self.position += len(frame)
        outputs = list(self.pipeline.push(frame))
        if self.position >= len(self.pcm):
            self.ended = True
            outputs += self.pipeline.finish()
        return outputs

    def note(self, outputs: Sequence[Output], now_s: float) -> None:
        """Write down what a viewer sees now."""
        for output in outputs:
            if isinstance(output, Final):
                self.finals.append(output.segment.text)
                self._keep_promise(output.segment.text)
            elif isinstance(output, InterimOut):
                self.interim = output.segment.text if output.segment else ""
                if output.segment and output.segment.stable:
                    self.promised = [plain(w) for w in self.interim.split()[: output.segment.stable]]
            else:
                continue
            self.events.append({"t": now_s - self.delay_s, "final": " ".join(self.finals), "interim": self.interim})

    def _keep_promise(self, text: str) -> None:
        said = [plain(w) for w in text.split()]
        blocks = difflib.SequenceMatcher(None, self.promised, said, autojunk=False).get_matching_blocks()
        self.stable_words += min(len(self.promised), len(said))
        self.broken_words += max(0, min(len(self.promised), len(said)) - sum(b.size for b in blocks))
        self.promised = []


@dataclass
class Run:
    """Totals of one simulation."""

    busy_s: float = 0.0
    sound_s: float = 0.0
    windows: dict[str, int] = field(default_factory=dict)
    skipped: int = 0

    @property
    def cost(self) -> float:
        """Share of real time that the model was at work."""
        return self.busy_s / self.sound_s


@dataclass(slots=True)
class _Running:
    """A batch in a hand of the engine."""

    done_s: float
    took_s: float
    alone: bool
    batch: list[tuple[Stream, DecodeJob]]
    answers: list[Hypothesis]


class Simulation:
    """An engine of ``hands`` in virtual time: see ``engine.Engine``, whose order of work it follows."""

    def __init__(
        self, streams: Sequence[Stream], model: Transcriber, charge: Charge, pace: scheduler.Pace, hands: int = 1
    ) -> None:
        self._streams = streams
        self._model = model
        self._charge = charge
        self._pace = pace
        self._hands = hands
        self._rules = scheduler.BatchRules()
        self._queue: list[tuple[Stream, DecodeJob]] = []
        self._running: list[_Running] = []
        self._run = Run(sound_s=max(len(s.pcm) for s in streams) / SAMPLE_RATE_HZ)

    def play(self) -> Run:
        """Play all streams to their ends."""
        now_s = 0.0
        while now_s < float("inf"):
            for done in [r for r in self._running if r.done_s <= now_s]:
                self._finish(done)
            for stream in self._streams:
                while stream.arrival_s() <= now_s:
                    stream.note(stream.deliver(), now_s)
            self._ask(now_s)
            self._skip(now_s)
            while self._begin(now_s):
                pass
            upcoming = (s.arrival_s() for s in self._streams)
            now_s = min([*upcoming, *(r.done_s for r in self._running)])
        return self._run

    def _ask(self, now_s: float) -> None:
        for stream in self._streams:
            if not stream.waiting and (job := stream.pipeline.next_job(now_s)):
                stream.waiting = True
                self._queue.append((stream, job))

    def _skip(self, now_s: float) -> None:
        for i in reversed(scheduler.stale([job for _, job in self._queue], now_s, self._rules)):
            stream, job = self._queue.pop(i)
            if job.wanted():
                self._pace.skipped()
                self._run.skipped += 1
            stream.waiting = False
            stream.note(stream.pipeline.complete(job, None), now_s)

    def _begin(self, now_s: float) -> bool:
        free = self._hands - len(self._running)
        if free == 0 or any(r.alone for r in self._running):
            return False
        chosen = scheduler.choose([job for _, job in self._queue], self._rules, free)
        if not chosen:
            return False
        batch = [self._queue[i] for i in chosen]
        self._queue = [entry for i, entry in enumerate(self._queue) if i not in chosen]
        alone = self._hands == 1 or not (self._running or self._queue or self._pace.crowded)
        if isinstance(self._model, Modelled):
            self._model.alone = alone
        answers, took_s = self._charge(lambda: self._model.decode([job for _, job in batch]))
        self._running.append(_Running(now_s + took_s, took_s, alone, batch, answers))
        return True

    def _finish(self, done: _Running) -> None:
        self._running.remove(done)
        share_s = done.took_s if done.alone else done.took_s / self._hands
        self._run.busy_s += share_s
        crowd = len(self._queue) + len(done.batch) + sum(len(r.batch) for r in self._running)
        self._pace.worked(share_s, done.done_s, crowd)
        for (stream, job), answer in zip(done.batch, done.answers, strict=True):
            self._run.windows[job.kind] = self._run.windows.get(job.kind, 0) + 1
            if job.kind is Kind.INTERIM:
                self._pace.done(done.done_s - job.issued_s)
            stream.waiting = False
            stream.note(stream.pipeline.complete(job, answer), done.done_s)


def simulate(
    streams: Sequence[Stream], model: Transcriber, charge: Charge, pace: scheduler.Pace, hands: int = 1
) -> Run:
    """Play all ``streams`` to their ends as the engine would serve them."""
    return Simulation(streams, model, charge, pace, hands).play()
