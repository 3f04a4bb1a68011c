"""A pipeline whose finals say who spoke: wraps the speech pipeline of a track that may hold several people.

Voices are looked at while words are decoded. A final waits until those up to its end are known, is cut where the
speaker changes, and goes out with its labels. When later speech shows a label to be wrong, a ``Revised`` follows.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from contracts.transcript import Segment
from stream_workers.cut import cut
from stream_workers.decode import DecodeJob, Kind
from stream_workers.diarizer import ActivityJob, Diarizer, PrintJob, run
from stream_workers.ports import Engine, EngineState, Final, InterimOut, Lane, MakePipeline, Output, Pipeline, Revised
from stream_workers.speakers import Known
from stream_workers.timeline import Pcm
from stream_workers.turns import Piece
from stream_workers.voices import Voices

OVERDUE_SAMPLES = 2 * SAMPLE_RATE_HZ
"""So far behind, listening to voices goes before decoding words."""
REMEMBERED_S = 1800.0
"""How far back a label may still be revised."""
NEAR_S = 0.5
"""So far from words at most whoever they are of is heard."""
REASON = "speaker"


class State(msgspec.Struct, frozen=True, array_like=True):
    """The wrapped pipeline's state, and the voices known."""

    inner: bytes = b""
    known: tuple[Known, ...] = ()


class LabelledPipeline:
    """See the module; keeps the promises of ``ports.Pipeline``."""

    def __init__(self, inner: Pipeline, diarizer: Diarizer, work: TrackWork, samples: int, state: State) -> None:
        self._inner = inner
        self._diarizer = diarizer
        self._work = work
        self._held: deque[Output] = deque()
        self._samples, self._state = samples, state.inner
        self._told: list[Segment] = []
        self._listened = samples
        self._coming: int | None = None
        """Media sample up to which words are being made final."""

    @property
    def accounted(self) -> int:
        """Media sample up to which the log is complete."""
        return self._inner.accounted

    def push(self, pcm: Pcm) -> Sequence[Output]:
        """Continue with sound."""
        self._diarizer.push(pcm)
        return self._take(self._inner.push(pcm))

    def push_gap(self, samples: int, cause: str) -> Sequence[Output]:
        """Continue with missing sound."""
        self._diarizer.push_gap(samples)
        return self._take(self._inner.push_gap(samples, cause))

    def finish(self) -> Sequence[Output]:
        """The track has ended."""
        self._diarizer.finish()
        return self._take(self._inner.finish())

    def next_job(self, now_s: float) -> Any | None:
        """Voices first when a final waits for them or they are overdue, else words first."""
        late = self._diarizer.position - self._listened > OVERDUE_SAMPLES
        if self._awaited() is not None or late:
            return self.next_voices(now_s) or self.next_words(now_s)
        return self.next_words(now_s) or self.next_voices(now_s)

    @property
    def lanes(self) -> Sequence[Lane]:
        """Words and voices need not wait for each other."""
        return self.next_words, self.next_voices

    def next_words(self, now_s: float) -> Any | None:
        """What should be decoded now."""
        job = self._inner.next_job(now_s)
        if isinstance(job, DecodeJob) and job.kind is Kind.FINAL:
            self._coming = job.start + len(job.pcm)
        return job

    def next_voices(self, _now_s: float) -> Any | None:
        """Whose voices should be looked at now: those of a final under way as well, so that it need not wait."""
        return self._diarizer.next_job(self._awaited() or self._coming)

    def complete(self, job: Any, result: Any) -> Sequence[Output]:
        """Take an answer, of the words or of the voices."""
        if not isinstance(job, ActivityJob | PrintJob):
            self._coming = None
            return self._take(self._inner.complete(job, result))
        if isinstance(job, ActivityJob):
            self._listened = self._diarizer.position
        changed = self._diarizer.complete(job, result, self._awaited())
        return self._release() + self._revisions(changed)

    def _awaited(self) -> int | None:
        """The media sample that the first held final waits for."""
        head = self._held[0] if self._held else None
        return round(head.segment.end * SAMPLE_RATE_HZ) if isinstance(head, Final) else None

    def _take(self, outputs: Sequence[Output]) -> list[Output]:
        self._held.extend(outputs)
        return self._release()

    def _release(self) -> list[Output]:
        """What need not wait any longer, in order."""
        ready: list[Output] = []
        while self._held:
            upto = self._awaited()
            if upto is not None and not self._diarizer.settled(upto):
                break
            output = self._held.popleft()
            if isinstance(output, Final):
                ready += self._labelled(output)
            elif isinstance(output, InterimOut):
                ready.append(output)
            else:
                self._samples, self._state = output.samples, output.state
                ready.append(replace(output, state=self._encoded()))
        return ready

    def _labelled(self, final: Final) -> list[Output]:
        """The parts of ``final``; only the last one moves the checkpoint, so a replay repeats all of them."""
        parts = [self._at_least_near(part) for part in cut(final.segment, self._label)]
        self._told = [s for s in self._told if s.end > final.segment.start - REMEMBERED_S] + parts
        self._diarizer.speakers.forget(round((final.segment.start - REMEMBERED_S) * SAMPLE_RATE_HZ))
        outputs: list[Output] = [Final(part, self._samples, self._encoded()) for part in parts[:-1]]
        self._samples, self._state = final.samples, final.state
        return [*outputs, Final(parts[-1], self._samples, self._encoded())]

    def _at_least_near(self, part: Segment) -> Segment:
        """Words whose times lie in a pause, as those of a short "yes" may, are of whoever speaks right beside it."""
        if part.speaker is not None:
            return part
        return msgspec.structs.replace(part, speaker=self._label(part.start - NEAR_S, part.end + NEAR_S))

    def _revisions(self, changed: Sequence[Piece]) -> list[Output]:
        """New versions of segments that were told with another label."""
        found: list[Output] = []
        for index, segment in enumerate(self._told):
            if not any(
                p.start < segment.end * SAMPLE_RATE_HZ and p.end > segment.start * SAMPLE_RATE_HZ for p in changed
            ):
                continue
            label = self._label(segment.start, segment.end)
            if label is not None and label != segment.speaker:
                better = msgspec.structs.replace(segment, speaker=label, rev=segment.rev + 1)
                self._told[index] = better
                found.append(Revised(better, REASON, self._samples, self._encoded()))
        return found

    def _label(self, start_s: float, end_s: float) -> str | None:
        number = self._diarizer.speakers.label(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))
        return None if number is None else label(self._work.mixed_before, number)

    def _encoded(self) -> bytes:
        return msgspec.msgpack.encode(State(self._state, self._diarizer.speakers.known()))


def label(mixed_before: int, number: int) -> str:
    """``Speaker 1`` on the first track that may hold several people, ``Speaker B1`` on the second, and so on."""
    letter = chr(ord("A") + mixed_before % 26) if mixed_before else ""
    return f"Speaker {letter}{number + 1}"


class LabellingEngine:
    """Answers questions about voices itself, in a thread, and passes the others on."""

    def __init__(self, inner: Engine, voices: Voices, at_once: int = 1) -> None:
        self._inner = inner
        self._voices = voices
        self._turn = asyncio.Semaphore(at_once)

    def state(self) -> EngineState:
        """What people are told about it."""
        return self._inner.state()

    def close(self) -> None:
        """See ``ports.Engine``."""
        self._inner.close()

    async def submit(self, job: Any) -> Any:
        """The answer to ``job``."""
        if not isinstance(job, ActivityJob | PrintJob):
            return await self._inner.submit(job)
        async with self._turn:
            return await asyncio.to_thread(run, job, self._voices)


def labelled(make: MakePipeline, crowded: Callable[[], bool] = lambda: False) -> MakePipeline:
    """A maker that labels speakers on tracks that may hold several people, and leaves the others as they are.

    ``crowded``: whether that has to be cheap at the moment.
    """

    def build(work: TrackWork, samples: int, state: bytes) -> Pipeline:
        if work.speaker is not None:
            return make(work, samples, state)
        own = msgspec.msgpack.decode(state, type=State) if state else State()
        diarizer = Diarizer(samples, work.people, own.known, crowded=crowded)
        return LabelledPipeline(make(work, samples, own.inner), diarizer, work, samples, own)

    return build
