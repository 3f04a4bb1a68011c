"""Which sound is decoded for the words of a phrase, and what that says about the sound after it. Pure."""

from collections.abc import Sequence

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers import commit
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis
from stream_workers.listening import Heard, Look, Spoken
from stream_workers.memory import Early, Memory
from stream_workers.speech_settings import SpeechSettings


def window(
    act: Heard, memory: Memory, settings: SpeechSettings, context_s: float, *, reach: bool = True
) -> tuple[int, int]:
    """First and last media sample: the phrases before it as far as they fit into ``context_s``, so that the model
    hears how the sentence began, and a little of what follows a cut in mid speech.
    """
    start = memory.window_start(act.speech, act.end, int(context_s * SAMPLE_RATE_HZ))
    if isinstance(act, Look) or not reach:
        return start, act.end
    return start, min(act.heard, act.end + int(settings.reach_s * SAMPLE_RATE_HZ))


def beyond(act: Spoken, job: DecodeJob, heard: Hypothesis, words: Sequence[HeardWord], until: int) -> Early:
    """What a reading says about the sound after a cut in mid speech: as good as a look at the open phrase.

    ``words`` of it are those of ``act``; without any, words are written up to media sample ``until``.
    """
    end = job.start + len(job.pcm)
    if not words:
        return Early((), until, (), end)
    last = min(end, job.start + int(commit.spoken_span(words[-1])[1] * SAMPLE_RATE_HZ))
    if act.heard == act.end:  # a pause: no word lies across it
        last = min(last, act.end)
    first = commit.begun_before(heard.words, (max(act.end, last) - job.start) / SAMPLE_RATE_HZ)
    return Early((), last, tuple(w.text for w in heard.words[first:]), end)
