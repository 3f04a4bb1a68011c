"""One track: sound in, words out. Read this first.

    push ─▶ tape ─▶ VAD ─▶ cutter ─▶ phrases ─▶ final jobs ──▶ engine ──▶ complete ─▶ Final
                                └─ open phrase ─▶ interim jobs ─▶ engine ─▶ complete ─▶ InterimOut

Finals come from windows whose borders the sound alone decides: the same sound gives the same finals however it
arrives and however busy the machine is. Interims are previews and depend on nothing but the moment.
A final's window begins some phrases earlier, so that the model hears how the sentence began; ``samples`` of an
output is where that window would begin for the next phrase, and ``state`` says what is already written.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from stream_workers import commit, guards
from stream_workers.decode import DecodeJob, Hypothesis, Kind
from stream_workers.memory import Memory, Phrase
from stream_workers.ports import Advanced, Final, Finished, GapOut, Output
from stream_workers.preview import Preview
from stream_workers.segments import segment_of
from stream_workers.silero import CHUNK_SAMPLES, FRESH, Vad
from stream_workers.speech_settings import SpeechSettings
from stream_workers.tape import Tape
from stream_workers.timeline import Pcm
from stream_workers.vad import Cutter


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A complete phrase that waits for its words."""

    start: int
    speech: int
    end: int
    vad: bytes
    vad_after: bytes
    evidence: guards.Evidence
    tape: Tape


@dataclass(frozen=True, slots=True)
class _Silent:
    end: int
    vad: bytes


@dataclass(frozen=True, slots=True)
class _Gap:
    start: int
    end: int
    cause: str


@dataclass(frozen=True, slots=True)
class _End:
    end: int


_Act = _Spoken | _Silent | _Gap | _End


class Pipeline:
    """See ``ports.Pipeline``. ``pace`` says how many seconds of new sound an interim should wait for."""

    def __init__(
        self,
        work: TrackWork,
        samples: int,
        state: bytes,
        *,
        vad: Vad,
        settings: SpeechSettings,
        pace: Callable[[], float] | None = None,
    ) -> None:
        self._work = work
        self._vad = vad
        self._settings = settings
        self._memory = Memory.restore(state, samples, work.language)
        self._tape = Tape(samples)
        self._boundary = samples
        self._judged = samples
        self._vad_state = self._memory.restart_vad
        self._marks: list[bytes] = [self._vad_state]
        self._probs: list[float] = []
        self._cutter = Cutter(settings.cuts)
        self._acts: deque[_Act] = deque()
        self._preview = Preview(work.track, pace or (lambda: settings.interim_s))
        self._told = samples
        self._ended = False

    @property
    def accounted(self) -> int:
        """Media sample up to which words, silence and gaps are out."""
        return self._memory.done

    # -- sound in

    def push(self, pcm: Pcm) -> Sequence[Output]:
        """Continue with sound."""
        self._tape.append(pcm)
        while self._tape.end - self._judged >= CHUNK_SAMPLES:
            self._judge(self._tape.cut(self._judged, self._judged + CHUNK_SAMPLES))
        return self._settle()

    def push_gap(self, samples: int, cause: str) -> Sequence[Output]:
        """Continue with missing sound: what was open is complete, and nothing is carried over."""
        self._close()
        start, end = self._tape.end, self._tape.end + samples
        self._acts.append(_Gap(start, end, cause))
        self._begin(end)
        return self._settle()

    def finish(self) -> Sequence[Output]:
        """The track has ended."""
        self._close()
        self._ended = True
        self._acts.append(_End(self._tape.end))
        return self._settle()

    def _judge(self, chunk: Pcm) -> None:
        prob, self._vad_state = self._vad(chunk, self._vad_state)
        self._judged += CHUNK_SAMPLES
        self._marks.append(self._vad_state)
        self._probs.append(prob)
        power = float(np.mean(np.square(chunk.astype(np.float64))))
        for cut in self._cutter.push(prob, float(10 * np.log10(power + 1.0))):
            self._enqueue(cut.start, cut.end)

    def _enqueue(self, first: int, size: int) -> None:
        """The first ``size`` chunks since the boundary are complete; words may be found from ``first`` on."""
        size = min(size, len(self._probs))
        start, end = self._boundary, min(self._boundary + size * CHUNK_SAMPLES, self._tape.end)
        speech, after = start + first * CHUNK_SAMPLES, self._marks[size]
        if end <= self._memory.done:
            self._memory = self._memory.heard_again(start, self._marks[0])
        elif speech < end:
            evidence = _evidence(self._probs[first:size])
            self._acts.append(_Spoken(start, speech, end, self._marks[0], after, evidence, self._tape))
        else:
            self._acts.append(_Silent(end, after))
        del self._probs[:size], self._marks[:size]
        self._boundary = start + size * CHUNK_SAMPLES

    def _close(self) -> None:
        """End of a stretch of sound: the rest of a chunk counts as a whole one."""
        rest = self._tape.end - self._judged
        if rest:
            chunk = np.zeros(CHUNK_SAMPLES, np.int16)
            chunk[:rest] = self._tape.cut(self._judged, self._tape.end)
            self._judge(chunk)
        cut = self._cutter.flush()
        if cut:
            self._enqueue(cut.start, cut.end)

    def _begin(self, start: int) -> None:
        """A new stretch of sound; phrases that wait keep the old one."""
        self._tape = Tape(start)
        self._boundary = self._judged = start
        self._vad_state = FRESH
        self._marks = [FRESH]
        self._probs = []

    # -- jobs out

    def next_job(self, now_s: float) -> DecodeJob | None:
        """A complete phrase if there is one, else a preview of the open one when enough is new."""
        return self.next_final(now_s) or self._next_interim(now_s)

    def next_final(self, now_s: float) -> DecodeJob | None:
        """The oldest complete phrase that waits for its words."""
        act = self._acts[0] if self._acts else None
        return self._final_job(act, now_s) if isinstance(act, _Spoken) else None

    def _next_interim(self, now_s: float) -> DecodeJob | None:
        since = self._cutter.speaking_since
        if self._ended or since is None:
            return None
        start = self._boundary + since * CHUNK_SAMPLES
        voiced = self._boundary + self._cutter.voiced_until * CHUNK_SAMPLES
        return self._interim_job(start, now_s) if self._preview.due(start, voiced, self._judged) else None

    def _final_job(self, act: _Spoken, now_s: float) -> DecodeJob:
        start = self._memory.window_start(act.speech, act.end, self._settings.context_samples)
        return DecodeJob(
            self._work.track,
            Kind.FINAL,
            start,
            act.tape.cut(start, act.end),
            self._settings.final_pad_s,
            self._settings.final_beam,
            self._memory.language.locked,
            self._work.languages,
            hotwords=", ".join(self._work.vocabulary),
            timed=True,
            issued_s=now_s,
        )

    def _interim_job(self, start: int, now_s: float) -> DecodeJob:
        end = self._tape.end
        self._preview.asked(end)
        return DecodeJob(
            self._work.track,
            Kind.INTERIM,
            start,
            self._tape.cut(start, end),
            self._settings.interim_pad_s,
            1,
            self._memory.language.locked or self._memory.language.best,
            self._work.languages,
            hotwords=", ".join(self._work.vocabulary),
            issued_s=now_s,
        )

    # -- answers in

    def complete(self, job: DecodeJob, result: Hypothesis | None) -> Sequence[Output]:
        """Take the engine's answer; None means that an interim was skipped."""
        if job.kind is Kind.INTERIM:
            return self._show(job, result) if result else []
        act = self._acts.popleft()
        if not isinstance(act, _Spoken) or result is None:
            raise ValueError("the answer belongs to no open phrase")
        return [*self._write(act, job, result), *self._settle()]

    def _write(self, act: _Spoken, job: DecodeJob, heard: Hypothesis) -> list[Output]:
        known = self._memory.words_since(job.start)
        first = commit.new_from(heard.words, known, (act.start - job.start) / SAMPLE_RATE_HZ)
        words = guards.without_loops(heard.words[first:])
        if not guards.believable(heard, len(words), act.evidence, self._settings.guards):
            words = []
        language = self._memory.language
        self._memory = self._memory.after(
            Phrase(act.start, act.speech, act.end, act.vad, tuple(w.text for w in words)),
            language.vote(heard.languages, act.evidence.seconds) if words else language,
            self._settings.context_samples,
            act.vad_after,
        )
        act.tape.forget(self._memory.restart)
        left = self._preview.written([w.text for w in words], act.end)
        if not words:
            return [*self._advance(), *left]
        segment = segment_of(self._work, job.start, (act.speech, act.end), words, heard)
        self._told = act.end
        return [Final(segment, *self._checkpoint()), *left]

    def _show(self, job: DecodeJob, heard: Hypothesis) -> Sequence[Output]:
        evidence = _evidence(self._probs or [1.0])
        if not guards.believable(heard, len(heard.words), evidence, self._settings.guards):
            return []
        words = [w.text for w in guards.without_loops(heard.words)]
        return self._preview.heard(job.start, job.start + len(job.pcm), words, heard.language)

    def _settle(self) -> list[Output]:
        """What needs no decoding comes out as soon as everything before it is out."""
        outputs: list[Output] = []
        while self._acts and not isinstance(self._acts[0], _Spoken):
            act = self._acts.popleft()
            if isinstance(act, _Silent):
                self._memory = self._memory.rested(act.end, act.vad)
                outputs += self._advance()
            elif isinstance(act, _Gap):
                self._memory = self._memory.rested(act.end, FRESH)
                self._told = act.end
                outputs.append(GapOut(act.start, act.cause, *self._checkpoint()))
            else:
                self._memory = self._memory.rested(act.end, FRESH)
                outputs.append(Finished(*self._checkpoint()))
            self._tape.forget(self._memory.restart)
        return outputs

    def _advance(self) -> list[Output]:
        if self._memory.restart - self._told < self._settings.advance_samples:
            return []
        self._told = self._memory.restart
        return [Advanced(*self._checkpoint())]

    def _checkpoint(self) -> tuple[int, bytes]:
        return self._memory.restart, self._memory.dump()


def _evidence(probs: Sequence[float]) -> guards.Evidence:
    loud = sorted(probs)[len(probs) // 2 :]
    return guards.Evidence(len(probs) * CHUNK_SAMPLES / SAMPLE_RATE_HZ, sum(loud) / len(loud))
