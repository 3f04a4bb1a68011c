"""Which sound is decoded for the words of a phrase. Pure."""

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers.listening import Heard, Look
from stream_workers.memory import Memory
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
