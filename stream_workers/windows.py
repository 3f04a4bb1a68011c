"""Which sound is decoded for the words of a phrase, and what that says about the sound after it. Pure."""

from collections.abc import Sequence

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers import commit
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis
from stream_workers.listening import Heard, Look, Spoken
from stream_workers.memory import Early, Memory
from stream_workers.speech_settings import SpeechSettings


def window(act: Heard, memory: Memory, settings: SpeechSettings, *, cheap: bool) -> tuple[int, int]:
    """First and last media sample. Unless it is to be ``cheap``, the model hears how the sentence began."""
    if isinstance(act, Look):
        start = _start(act, memory, 0.0 if cheap else settings.look_context_s)
        return start, act.end
    if cheap:
        return act.speech, act.end
    reach = int(settings.reach_s * SAMPLE_RATE_HZ)
    return _start(act, memory, settings.context_s), min(act.heard, act.end + reach)


def _start(act: Heard, memory: Memory, context_s: float) -> int:
    return memory.window_start(act.speech, act.end, int(context_s * SAMPLE_RATE_HZ))


def beyond(act: Spoken, job: DecodeJob, heard: Hypothesis, words: Sequence[HeardWord], until: int) -> Early:
    """What a reading says about the sound after a cut in mid speech: as good as a look at the open phrase.

    ``words`` of it are those of ``act``; without any, words are written up to media sample ``until``.
    """
    end = job.start + len(job.pcm)
    if not words:
        return Early((), until, (), end)
    last = min(end, job.start + int(words[-1].end_s * SAMPLE_RATE_HZ))
    first = commit.begun_before(heard.words, (max(act.end, last) - job.start) / SAMPLE_RATE_HZ)
    return Early((), last, tuple(w.text for w in heard.words[first:]), end)
