"""Real time without waiting: sound arrives by a virtual clock, and decoding costs what it is measured to cost."""

import difflib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ
from stream_workers import scheduler
from stream_workers.commit import plain
from stream_workers.decode import DecodeJob, Hypothesis, Kind
from stream_workers.engine import Transcriber
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


class Modelled:
    """A model whose batches are charged by a formula, so that nothing else on the machine matters.

    The constants are those of ``base`` int8 on two cores of 2.5 GHz: processor time of single windows, over 1.8.
    """

    encode_s = 0.019
    """A second of padded sound."""
    step_s, row_s = 0.0063, 0.0008
    """A step of the decoder, and each beam in it."""
    align_s = 0.025
    """A window whose words are timed."""
    tokens_per_second = 3.0

    def __init__(self, inner: Transcriber) -> None:
        self._inner = inner
        self._took_s = 0.0

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        """See ``Transcriber``."""
        steps = 4 + self.tokens_per_second * max(job.seconds for job in jobs)
        rows = sum(job.beam for job in jobs)
        timed = sum(self.align_s + 0.005 * job.seconds for job in jobs if job.timed)
        encode_s = self.encode_s * sum(job.padded_s for job in jobs)
        self._took_s = encode_s + steps * (self.step_s + self.row_s * rows) + timed
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


def simulate(
    streams: Sequence[Stream], model: Transcriber, charge: Charge, pace: scheduler.Pace, rules: scheduler.BatchRules
) -> Run:
    """Play all ``streams`` to their ends as the engine would serve them."""
    run, queue, now_s = Run(sound_s=max(len(s.pcm) for s in streams) / SAMPLE_RATE_HZ), [], 0.0
    while True:
        for stream in streams:
            while stream.arrival_s() <= now_s:
                stream.note(stream.deliver(), now_s)
        _ask(streams, queue, now_s)
        _skip(queue, now_s, pace, rules, run)
        chosen = scheduler.choose([job for _, job in queue], rules)
        if chosen:
            batch = [queue[i] for i in chosen]
            queue[:] = [entry for i, entry in enumerate(queue) if i not in chosen]
            now_s = _decode(batch, model, charge, now_s, streams, pace, run, len(queue))
            continue
        upcoming = min(s.arrival_s() for s in streams)
        if upcoming == float("inf"):
            return run
        now_s = upcoming


def _ask(streams: Sequence[Stream], queue: list[tuple[Stream, DecodeJob]], now_s: float) -> None:
    for stream in streams:
        if not stream.waiting and (job := stream.pipeline.next_job(now_s)):
            stream.waiting = True
            queue.append((stream, job))


def _skip(
    queue: list[tuple[Stream, DecodeJob]], now_s: float, pace: scheduler.Pace, rules: scheduler.BatchRules, run: Run
) -> None:
    for i in reversed(scheduler.stale([job for _, job in queue], now_s, rules)):
        stream, job = queue.pop(i)
        pace.skipped()
        run.skipped += 1
        stream.waiting = False
        stream.note(stream.pipeline.complete(job, None), now_s)


def _decode(
    batch: Sequence[tuple[Stream, DecodeJob]],
    model: Transcriber,
    charge: Charge,
    now_s: float,
    streams: Sequence[Stream],
    pace: scheduler.Pace,
    run: Run,
    waiting: int,
) -> float:
    answers, took_s = charge(lambda: model.decode([job for _, job in batch]))
    run.busy_s += took_s
    done_s = now_s + took_s
    pace.worked(now_s, done_s, waiting)
    for stream in streams:  # sound goes on arriving while the model is at work
        while stream.arrival_s() <= done_s:
            at_s = stream.arrival_s()
            stream.note(stream.deliver(), at_s)
    for (stream, job), answer in zip(batch, answers, strict=True):
        run.windows[job.kind] = run.windows.get(job.kind, 0) + 1
        if job.kind is Kind.INTERIM:
            pace.done(done_s - job.issued_s)
        stream.waiting = False
        stream.note(stream.pipeline.complete(job, answer), done_s)
    return done_s
