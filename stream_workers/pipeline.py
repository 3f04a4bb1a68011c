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

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from stream_workers import commit, guards, readings
from stream_workers.backlog import Backlog
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis, Kind
from stream_workers.guards import Evidence
from stream_workers.listening import Act, Ended, Heard, Listener, Look, Missing, Silent, Spoken
from stream_workers.memory import Memory, Phrase
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

    ``pace`` says how many seconds of new sound an interim should wait for; while a track that is so many seconds
    behind is ``pressed``, looks are left out and finals are decoded in the cheap way, so that more tracks fit.
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
        pressed: Callable[[float], bool] = lambda behind_s: False,
    ) -> None:
        self._work = work
        self._vad = vad
        self._settings = settings
        self._memory = Memory.restore(state, samples, work.language)
        self._listener = Listener(samples, vad, self._memory.restart_vad, settings.cuts)
        self._acts = Backlog()
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
                self._acts.add(act)
            elif isinstance(act, Spoken):  # a replay hears its context again
                self._memory = self._memory.heard_again(act.start, act.vad)
        return self._settle()

    # -- jobs out

    def next_job(self, now_s: float) -> DecodeJob | None:
        """A complete phrase if there is one, else a preview of the open one when enough is new."""
        return self.next_final(now_s) or self._next_interim(now_s)

    def next_final(self, now_s: float) -> DecodeJob | None:
        """The oldest complete phrase that waits for its words."""
        self._acts.drop_looks(self._needless)
        if self._is_pressed() and self._tried is None:
            self._acts.join(self._settings.longest_pressed_samples)
        self._given = head = self._acts.first
        return self._final_job(head, now_s) if isinstance(head, Heard) else None

    def _next_reading(self) -> Reading:
        first = readings.first_reading(self._memory, self._settings, pressed=self._is_pressed())
        return first if self._tried is None else Reading(max(first, self._tried + 1))

    def _is_pressed(self) -> bool:
        """Whether everything is to be made as cheaply as possible."""
        first = self._acts.first
        return self._pressed((self._listener.tape.end - first.end) / SAMPLE_RATE_HZ if first else 0.0)

    def _waits(self, act: Act) -> bool:
        # What the engine has in hand stays, even if it has become needless meanwhile.
        if isinstance(act, Spoken):
            return act is self._given or self._memory.early.until < act.end
        return act is self._given or (isinstance(act, Look) and not self._needless(act))

    def _needless(self, look: Look) -> bool:
        """Whether its phrase is written or was looked at before (a replay), or it would only make us later."""
        behind = self._listener.tape.end - look.end > _BEHIND_SAMPLES
        seen = look.speech < self._memory.done or look.end <= self._memory.early.looked
        return seen or behind or self._is_pressed()

    def _next_interim(self, now_s: float) -> DecodeJob | None:
        phrase, end = self._listener.open_phrase, self._listener.tape.end
        if self._ended or phrase is None or not self._preview.due(*phrase, end):
            return None
        self._preview.asked(end)
        sound = self._listener.tape.cut(phrase[0], end)
        job = readings.interim_job(phrase[0], sound, self._work, self._memory, self._settings)
        return replace(job, wanted=lambda: not self._acts, issued_s=now_s)

    def _final_job(self, act: Heard, now_s: float) -> DecodeJob:
        settings, pressed = self._settings, self._is_pressed()
        if isinstance(act, Look):
            self._preview.asked(act.end)  # its answer is shown as well
            job = readings.look_job(act, self._work, self._memory, settings)
        else:
            self._reading = self._next_reading()
            job = readings.phrase_job(act, self._reading, self._work, self._memory, settings, pressed=pressed)
        return replace(job, issued_s=now_s)

    # -- answers in

    def complete(self, job: DecodeJob, result: Hypothesis | None) -> Sequence[Output]:
        """Take the engine's answer; None means that an interim was skipped."""
        if job.kind is Kind.INTERIM:
            return self._show(job, result, self._listener.evidence) if result else []
        act, self._given = self._acts.take(), None
        if isinstance(act, Look):
            return [*self._look(act, job, result), *self._settle()]
        if not isinstance(act, Spoken) or result is None:
            raise ValueError("the answer belongs to no open phrase")
        found = readings.split(act, job, result, self._memory)
        self._memory = self._memory.read(clear=readings.ease(result, found) >= self._settings.clear_ease)
        if self._reading < Reading.ALONE and not self._good(act, job, result, found):
            self._acts.give_back(act)
            self._tried = self._reading
            # Until the next reading is there, this one is as good as a look.
            early = self._look(act, job, result) if self._tried is Reading.QUICK else []
            return [*early, *self._settle()]
        self._tried = None
        return [*self._write(act, job, result, found.words), *self._settle()]

    def _good(self, act: Spoken, job: DecodeJob, heard: Hypothesis, found: Split) -> bool:
        echo = readings.echoes(found.words, self._work)
        return not echo and readings.good(self._reading, act, job, heard, found, self._memory, self._settings)

    def _look(self, act: Heard, job: DecodeJob, heard: Hypothesis | None) -> list[Output]:
        """Write what is sure already. A look that was skipped only means that its words come later."""
        early = self._memory.early
        credible = heard and guards.believable(heard, len(heard.words), act.evidence, self._settings.guards)
        if heard is None or not credible or readings.echoes(heard.words, self._work):
            self._memory = self._memory.looked_at(msgspec.structs.replace(early, tail=(), looked=act.end))
            return []
        words, after = readings.looked(act, job, heard, self._memory, self._settings)
        self._memory = self._memory.looked_at(after)
        sure = heard.logprob >= self._settings.clear_ease
        tail, fresh = list(after.tail), bool(words)
        shown = self._preview.heard(job.start, act.end, tail, heard.language, sure=sure, fresh=fresh)
        if not words:
            return [*shown]
        span = (max(act.speech, early.until), after.until)
        segment = segment_of(self._work, job.start, span, words, heard)
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
        sure = heard.logprob >= self._settings.clear_ease
        return self._preview.heard(job.start, job.start + len(job.pcm), rest, heard.language, sure=sure)

    def _settle(self) -> list[Output]:
        """What needs no decoding comes out as soon as everything before it is out."""
        outputs: list[Output] = []
        while (act := self._acts.first) is not None and not self._waits(act):
            self._acts.take()
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
