"""How speech becomes words: one struct, used by the worker, offline runs and measurements alike."""

import msgspec

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers.commit import EarlyRules
from stream_workers.guards import GuardRules
from stream_workers.vad import CutRules


class SpeechSettings(msgspec.Struct, frozen=True):
    """The defaults are what docs/benchmarks.md measures."""

    interim_s: float = 0.4
    """New sound that an interim waits for while the machine has time."""
    interim_pad_s: float = 1.0
    """Silence appended to interim windows."""
    final_pad_s: float = 8.0
    """Silence appended to final windows."""
    final_beam: int = 5
    """Beam of finals."""
    context_s: float = 8.0
    """Longest final window: phrases before the new one are heard again as far as they fit."""
    reach_s: float = 4.0
    """A final window may end so much later than its phrase, if the sound is there."""
    quick: bool = True
    """Whether a phrase is read alone first, and greedily."""
    quick_prompt: bool = True
    """Whether it is told what was said before."""
    quick_pad_s: float = 4.0
    """Silence appended to it."""
    quick_ease: float = -0.4
    """Mean log probability of its new words from which it is good enough."""
    quick_p: float = 0.2
    """And least probability of each of them."""
    clear_ease: float = -0.4
    """The same of any reading from which the next phrase is read quickly too, and from which previews promise words."""
    full_prompt: bool = True
    """Whether a full reading is told what was said before its window."""
    look_context_s: float = 0.0
    """Longest window of such a look, when phrases before it are to be heard again."""
    look_beam: int = 1
    """Beam of looks."""
    longest_pressed_s: float = 10.0
    """Phrases that wait are read together up to this length while there is more to do than fits."""
    advance_s: float = 4.0
    """Silence after which the checkpoint moves on."""
    look_pad_s: float = 3.8
    """Silence appended when an open phrase is looked at for words that are final already."""
    early: EarlyRules = EarlyRules()
    cuts: CutRules = CutRules()
    guards: GuardRules = GuardRules()

    @property
    def memory_samples(self) -> int:
        """How much of what was written is remembered, in samples."""
        return int(self.context_s * SAMPLE_RATE_HZ)

    @property
    def advance_samples(self) -> int:
        """``advance_s`` in samples."""
        return int(self.advance_s * SAMPLE_RATE_HZ)

    @property
    def longest_pressed_samples(self) -> int:
        """``longest_pressed_s`` in samples."""
        return int(self.longest_pressed_s * SAMPLE_RATE_HZ)
