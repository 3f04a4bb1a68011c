"""One track: sound in, words out. Read this first.

    push ─▶ listener (VAD, cutter) ─▶ phrases ─────▶ final jobs ───▶ engine ─▶ complete ─▶ Final
                                  ├─ open phrase ─▶ looks ────────▶ engine ─▶ complete ─▶ Final, early
                                  └─ open phrase ─▶ interim jobs ─▶ engine ─▶ complete ─▶ InterimOut

Finals come from windows whose borders the sound alone decides: the same sound gives the same finals however it
arrives and from whichever checkpoint. Only a machine that is overloaded, or far behind, leaves out looks and makes
finals from cheaper windows with the same borders. Interims are previews and depend on nothing but the moment.
A final's window begins some phrases earlier, so that the model hears how the sentence began; ``samples`` of an
output is where that window would begin for the next phrase, and ``state`` says what is already written.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from stream_workers import commit, guards, readings
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis, Kind
from stream_workers.guards import Evidence
from stream_workers.listening import Act, Ended, Heard, Listener, Look, Missing, Silent, Spoken, together
from stream_workers.memory import Early, Memory, Phrase
from stream_workers.ports import Advanced, Final, Finished, GapOut, Output
from stream_workers.preview import Preview
from stream_workers.readings import Reading, Split
from stream_workers.segments import segment_of
from stream_workers.silero import FRESH, Vad
from stream_workers.speech_settings import SpeechSettings
from stream_workers.timeline import Pcm
from stream_workers.windows import beyond

_BEHIND_SAMPLES = 45 * SAMPLE_RATE_HZ
"""Who is so far behind the sound catches up faster without looks: their words come with their phrase. A dropped
connection or a change of owner is shorter, and so changes no word."""


class Pipeline:
    """See ``ports.Pipeline``.

    ``pace`` says how many seconds of new sound an interim should wait for; while ``pressed``, looks are left out and
    finals are decoded in the cheap way, so that more tracks fit.
    """

    def __init__(
        self,
        work: TrackWork,
        samples: int,
        state: bytes,
        *,
        vad: Vad,
        settings: SpeechSettings,
        pace: Callable[[], float] | None = None,
        pressed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._work = work
        self._vad = vad
        self._settings = settings
        self._memory = Memory.restore(state, samples, work.language)
        self._listener = Listener(samples, vad, self._memory.restart_vad, settings.cuts)
        self._acts: deque[Act] = deque()
        self._preview = Preview(work.track, pace or (lambda: settings.interim_s))
        self._pressed = pressed
        self._told = samples
        self._ended = False
        self._reading = Reading.QUICK
        self._tried: Reading | None = None
        self._given: Act | None = None

    @property
    def accounted(self) -> int:
        """Media sample up to which words, silence and gaps are out."""
        return self._memory.done

    # -- sound in

    def push(self, pcm: Pcm) -> Sequence[Output]:
        """Continue with sound."""
        return self._take(self._listener.push(pcm))

    def push_gap(self, samples: int, cause: str) -> Sequence[Output]:
        """Continue with missing sound."""
        return self._take(self._listener.skip(samples, cause))

    def finish(self) -> Sequence[Output]:
        """The track has ended."""
        self._ended = True
        return self._take(self._listener.finish())

    def _take(self, acts: Sequence[Act]) -> list[Output]:
        for act in acts:
            if isinstance(act, Look | Ended) or act.end > self._memory.done:
                self._acts.append(act)
            elif isinstance(act, Spoken):  # a replay hears its context again
                self._memory = self._memory.heard_again(act.start, act.vad)
        return self._settle()

    # -- jobs out

    def next_job(self, now_s: float) -> DecodeJob | None:
        """A complete phrase if there is one, else a preview of the open one when enough is new."""
        return self.next_final(now_s) or self._next_interim(now_s)

    def next_final(self, now_s: float) -> DecodeJob | None:
        """The oldest complete phrase that waits for its words."""
        while self._acts and isinstance(act := self._acts[0], Look) and self._needless(act):
            self._acts.popleft()
        self._join()
        head = self._acts[0] if self._acts else None
        self._given = head
        return self._final_job(head, now_s) if isinstance(head, Heard) else None

    def _join(self) -> None:
        """While there is more to do than fits, phrases that wait are read together: one window is cheaper than two."""
        while self._pressed() and self._tried is None and len(self._acts) > 1:
            first, second = self._acts[0], self._acts[1]
            if isinstance(first, Spoken) and isinstance(second, Look):
                del self._acts[1]
            elif isinstance(first, Spoken) and isinstance(second, Spoken) and self._fit(first, second):
                self._acts.popleft()
                self._acts[0] = together(first, second)
            else:
                return

    def _fit(self, first: Spoken, second: Spoken) -> bool:
        whole = second.end - first.speech <= self._settings.longest_pressed_samples
        return whole and first.end == second.start and first.tape is second.tape

    def _waits(self, act: Act) -> bool:
        # What the engine has in hand stays, even if it has become needless meanwhile.
        if isinstance(act, Spoken):
            return act is self._given or self._memory.early.until < act.end
        return act is self._given or (isinstance(act, Look) and not self._needless(act))

    def _needless(self, look: Look) -> bool:
        """Whether its phrase is written or was looked at before (a replay), or it would only make us later."""
        behind = self._listener.tape.end - look.end > _BEHIND_SAMPLES
        seen = look.speech < self._memory.done or look.end <= self._memory.early.looked
        return seen or behind or self._pressed()

    def _next_interim(self, now_s: float) -> DecodeJob | None:
        phrase, end = self._listener.open_phrase, self._listener.tape.end
        if self._ended or phrase is None or not self._preview.due(*phrase, end):
            return None
        return self._interim_job(phrase[0], end, now_s)

    def _final_job(self, act: Heard, now_s: float) -> DecodeJob:
        settings, pressed = self._settings, self._pressed()
        if isinstance(act, Look):
            self._preview.asked(act.end)  # its answer is shown as well
            job = readings.look_job(act, self._work, self._memory, settings)
        else:
            first = readings.first_reading(self._memory, settings, pressed=pressed)
            reading = max(first, self._tried + 1) if self._tried is not None else first
            self._reading = Reading(reading)
            job = readings.phrase_job(act, self._reading, self._work, self._memory, settings, pressed=pressed)
        return replace(job, issued_s=now_s)

    def _interim_job(self, start: int, end: int, now_s: float) -> DecodeJob:
        self._preview.asked(end)
        return DecodeJob(
            self._work.track,
            Kind.INTERIM,
            start,
            self._listener.tape.cut(start, end),
            self._settings.interim_pad_s,
            1,
            self._memory.language.locked or self._memory.language.best,
            self._work.languages,
            hotwords=", ".join(self._work.vocabulary),
            wanted=lambda: not self._acts,
            issued_s=now_s,
        )

    # -- answers in

    def complete(self, job: DecodeJob, result: Hypothesis | None) -> Sequence[Output]:
        """Take the engine's answer; None means that an interim was skipped."""
        if job.kind is Kind.INTERIM:
            return self._show(job, result, self._listener.evidence) if result else []
        act, self._given = self._acts.popleft(), None
        if isinstance(act, Look):
            return [*self._look(act, job, result), *self._settle()]
        if not isinstance(act, Spoken) or result is None:
            raise ValueError("the answer belongs to no open phrase")
        found = readings.split(act, job, result, self._memory)
        self._memory = self._memory.read(clear=readings.ease(result, found) >= self._settings.quick_ease)
        if self._reading < Reading.ALONE and not self._good(act, job, result, found):
            self._acts.appendleft(act)
            self._tried = self._reading
            # Better than nothing, until the next reading is there.
            return [*self._show(job, result, act.evidence)] if self._tried is Reading.QUICK else []
        self._tried = None
        return [*self._write(act, job, result, found.words), *self._settle()]

    def _good(self, act: Spoken, job: DecodeJob, heard: Hypothesis, found: Split) -> bool:
        echo = readings.echoes(found.words, self._work)
        return not echo and readings.good(self._reading, act, job, heard, found, self._memory, self._settings)

    def _look(self, act: Look, job: DecodeJob, heard: Hypothesis | None) -> list[Output]:
        """Write what is sure already. A look that was skipped only means that its words come later."""
        early = self._memory.early
        credible = heard and guards.believable(heard, len(heard.words), act.evidence, self._settings.guards)
        if heard is None or not credible or readings.echoes(heard.words, self._work):
            self._memory = self._memory.looked_at(msgspec.structs.replace(early, tail=(), looked=act.end))
            return []
        words = readings.split(act, job, heard, self._memory).words
        n = (
            commit.sure_words(words, early.tail, job.seconds, self._settings.early)
            if self._memory.language.locked
            else 0
        )
        tail = tuple(w.text for w in words[n:])
        until = min(act.end, job.start + int(words[n - 1].end_s * SAMPLE_RATE_HZ)) if n else early.until
        written = (*early.words, *(w.text for w in words[:n]))
        self._memory = self._memory.looked_at(Early(written, until, tail, act.end))
        sure = heard.logprob >= self._settings.quick_ease
        shown = self._preview.heard(job.start, act.end, list(tail), heard.language, sure=sure, fresh=n > 0)
        if not n:
            return [*shown]
        span = (max(act.speech, early.until), until)
        segment = segment_of(self._work, job.start, span, words[:n], heard)
        return [Final(segment, *self._checkpoint()), *shown]

    def _write(self, act: Spoken, job: DecodeJob, heard: Hypothesis, words: list[HeardWord]) -> list[Output]:
        if not guards.believable(heard, len(words), act.evidence, self._settings.guards):
            words = []
        start = max(act.speech, self._memory.early.until)
        language = self._memory.language
        self._memory = self._memory.after(
            Phrase(act.start, act.speech, act.end, act.vad, tuple(w.text for w in words)),
            beyond(act, job, heard, words, self._memory.early.until),
            language.vote(heard.languages, act.evidence.seconds) if words else language,
            self._settings.memory_samples,
            act.vad_after,
        )
        act.tape.forget(self._memory.restart)
        left = self._preview.written([w.text for w in words], act.end)
        if not words or start >= act.end:
            return [*self._advance(), *left]
        segment = segment_of(self._work, job.start, (start, act.end), words, heard)
        self._told = self._memory.restart
        return [Final(segment, *self._checkpoint()), *left]

    def _show(self, job: DecodeJob, heard: Hypothesis, evidence: Evidence) -> Sequence[Output]:
        credible = guards.believable(heard, len(heard.words), evidence, self._settings.guards)
        if not credible or readings.echoes(heard.words, self._work):
            return []
        words = [w.text for w in guards.without_loops(heard.words, strict=True)]
        known = self._memory.words_since(job.start)
        rest = words[commit.rest_after(known, words) :]
        sure = heard.logprob >= self._settings.quick_ease
        return self._preview.heard(job.start, job.start + len(job.pcm), rest, heard.language, sure=sure)

    def _settle(self) -> list[Output]:
        """What needs no decoding comes out as soon as everything before it is out."""
        outputs: list[Output] = []
        while self._acts and not self._waits(self._acts[0]):
            act = self._acts.popleft()
            if isinstance(act, Look):
                continue
            if isinstance(act, Spoken):
                outputs += self._pass(act)
                continue
            if isinstance(act, Silent):
                self._memory = self._memory.rested(act.end, act.vad)
                outputs += self._advance()
            elif isinstance(act, Missing):
                self._memory = self._memory.rested(act.end, FRESH)
                self._told = act.end
                outputs.append(GapOut(act.start, act.cause, *self._checkpoint()))
            else:
                self._memory = self._memory.rested(act.end, FRESH)
                outputs.append(Finished(*self._checkpoint()))
            self._listener.tape.forget(self._memory.restart)
        return outputs

    def _pass(self, act: Spoken) -> list[Output]:
        """A phrase that was cut in mid speech, all of whose words are written."""
        phrase = Phrase(act.start, act.speech, act.end, act.vad, ())
        memory = self._memory
        self._memory = memory.after(phrase, memory.early, memory.language, self._settings.memory_samples, act.vad_after)
        act.tape.forget(self._memory.restart)
        return self._advance()

    def _advance(self) -> list[Output]:
        if self._memory.restart - self._told < self._settings.advance_samples:
            return []
        self._told = self._memory.restart
        return [Advanced(*self._checkpoint())]

    def _checkpoint(self) -> tuple[int, bytes]:
        return self._memory.restart, self._memory.dump()
