"""How a phrase is read, and what a reading of it is worth. Pure.

A phrase is read up to three times, each time more dearly or more carefully: quickly, alone and by the model's first
choice; fully, together with the phrases before it, which the model reads anew; and alone again, when it skipped
something or read its hints instead. Most phrases of a clear speaker need the first reading only. Each is told what was
said before its window.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from stream_workers import commit, guards
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis, Kind
from stream_workers.listening import Heard, Look, Spoken
from stream_workers.memory import Early, Memory
from stream_workers.speech_settings import SpeechSettings
from stream_workers.timeline import Pcm
from stream_workers.windows import window

_QUIET_S = 0.6
"""A phrase may have so much pre-roll and pause."""
_FEWEST_WORDS_PER_SECOND = 1.0
"""Who speaks says more than this."""
_LEAST_SAID_AGAIN = 0.6
"""A second reading of what is known has at least so many of its words, or it skipped some."""
_LEAST_P = 1e-3


class Reading(IntEnum):
    """The next one is tried when the one before is not good enough."""

    QUICK = 0
    FULL = 1
    ALONE = 2


def first_reading(memory: Memory, settings: SpeechSettings, *, pressed: bool) -> Reading:
    """How a phrase is read first; nothing is tried twice while there is more to do than fits."""
    return Reading.QUICK if settings.quick and memory.clear and not pressed else Reading.FULL


def phrase_job(
    act: Spoken, reading: Reading, work: TrackWork, memory: Memory, settings: SpeechSettings, *, pressed: bool
) -> DecodeJob:
    """The window of a complete phrase."""
    quick, alone = reading is Reading.QUICK, reading is Reading.ALONE
    context_s = settings.context_s if reading is Reading.FULL and not pressed else 0.0
    start, end = window(act, memory, settings, context_s, reach=not (pressed or alone))
    told = settings.quick_prompt if quick or pressed else settings.full_prompt
    before = memory.words_before(start) if told else []
    return DecodeJob(
        work.track,
        Kind.FINAL,
        start,
        act.tape.cut(start, end),
        settings.look_pad_s if pressed else settings.quick_pad_s if quick else settings.final_pad_s,
        1 if pressed or quick else settings.final_beam,
        memory.language.locked,
        work.languages,
        prompt="".join(before).strip(),
        hotwords="" if alone else ", ".join(work.vocabulary),
        timed=True,
    )


def look_job(act: Look, work: TrackWork, memory: Memory, settings: SpeechSettings) -> DecodeJob:
    """The window of an open phrase that may hold words which are sure."""
    start, end = window(act, memory, settings, settings.look_context_s)
    return DecodeJob(
        work.track,
        Kind.LOOK,
        start,
        act.tape.cut(start, end),
        settings.look_pad_s,
        settings.look_beam,
        memory.language.locked,
        work.languages,
        hotwords=", ".join(work.vocabulary),
        timed=True,
    )


def interim_job(start: int, pcm: Pcm, work: TrackWork, memory: Memory, settings: SpeechSettings) -> DecodeJob:
    """The window of a preview."""
    return DecodeJob(
        work.track,
        Kind.INTERIM,
        start,
        pcm,
        settings.interim_pad_s,
        1,
        memory.language.locked or memory.language.best,
        work.languages,
        hotwords=", ".join(work.vocabulary),
    )


@dataclass(frozen=True, slots=True)
class Split:
    """A reading of a window, divided where the new words of its phrase begin."""

    known: int
    """So many words are another reading of what is written."""
    words: list[HeardWord]
    """Words of the phrase that are not written yet, each loop said once."""


def split(act: Heard, job: DecodeJob, heard: Hypothesis, memory: Memory) -> Split:
    """Divide ``heard``."""
    start = max(act.start if isinstance(act, Spoken) else act.speech, memory.early.until)
    known = commit.new_from(heard.words, memory.words_since(job.start), (start - job.start) / SAMPLE_RATE_HZ)
    last = commit.begun_before(heard.words, (act.end - job.start) / SAMPLE_RATE_HZ)
    return Split(known, guards.without_loops(heard.words[known:last]))


def looked(
    act: Heard, job: DecodeJob, heard: Hypothesis, memory: Memory, settings: SpeechSettings
) -> tuple[list[HeardWord], Early]:
    """The words of a look that are final now, and what is remembered of it."""
    words = split(act, job, heard, memory).words
    early, locked = memory.early, memory.language.locked
    n = commit.sure_words(words, early.tail, job.seconds, settings.early) if locked else 0
    until = min(act.end, job.start + int(words[n - 1].end_s * SAMPLE_RATE_HZ)) if n else early.until
    written = (*early.words, *(w.text for w in words[:n]))
    return words[:n], Early(written, until, tuple(w.text for w in words[n:]), act.end)


def echoes(words: Sequence[HeardWord], work: TrackWork) -> bool:
    """Whether the model may have read its hints."""
    return guards.echoes([w.text for w in words], work.vocabulary)


def ease(heard: Hypothesis, found: Split) -> float:
    """How surely the new words were read: their mean log probability, that of the whole window when there are none."""
    if not found.words:
        return heard.logprob
    return sum(math.log(max(w.p, _LEAST_P)) for w in found.words) / len(found.words)


def good(
    reading: Reading,
    act: Spoken,
    job: DecodeJob,
    heard: Hypothesis,
    found: Split,
    memory: Memory,
    settings: SpeechSettings,
) -> bool:
    """Whether a reading may stand; else the next way of reading is tried."""
    if reading is Reading.QUICK:
        return _sure(act, heard, found, settings) and not _short(act, found, memory)
    if job.start >= act.speech:
        return True
    skipped = found.known < _LEAST_SAID_AGAIN * len(memory.words_since(job.start))
    return not skipped and not _short(act, found, memory)


def _sure(act: Spoken, heard: Hypothesis, found: Split, settings: SpeechSettings) -> bool:
    likely = bool(heard.words) and ease(heard, found) >= settings.quick_ease
    credible = guards.believable(heard, len(found.words), act.evidence, settings.guards)
    return likely and credible and all(w.p >= settings.quick_p for w in found.words)


def _short(act: Spoken, found: Split, memory: Memory) -> bool:
    """Whether there are too few words for so much speech."""
    open_s = (act.end - max(act.speech, memory.early.until)) / SAMPLE_RATE_HZ - _QUIET_S
    return len(found.words) < open_s * _FEWEST_WORDS_PER_SECOND
