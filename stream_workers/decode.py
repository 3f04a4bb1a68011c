"""What the pipeline asks the engine to decode, and what comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers.timeline import Pcm

MAX_WINDOW_S = 30.0
"""Whisper's encoder takes no more."""
TOKENS_PER_SECOND = 8
"""Nobody speaks faster; what is longer is a loop."""
_PREVIEW_TOKENS_PER_SECOND = 5


class Kind(StrEnum):
    """Why a window is decoded."""

    FINAL = "final"
    """Its words will not change again. Never dropped."""
    LOOK = "look"
    """Words of an open phrase that are sure are written early. Skipped only in overload: then they come later."""
    INTERIM = "interim"
    """A preview of the open words. May be skipped when the machine is busy."""
    AGAIN = "again"
    """A second reading of what was written long ago. Never dropped, and everything else comes first."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word as the model wrote it (with its leading space); seconds from the start of the window."""

    text: str
    start_s: float = 0.0
    end_s: float = 0.0
    p: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class DecodeJob:
    """A window of one track. The answer depends on this alone, not on what else is decoded at the time."""

    track: str
    kind: Kind
    start: int
    """Media sample at which the window starts."""
    pcm: Pcm
    pad_s: float
    """Silence appended before encoding: more is more accurate and slower."""
    beam: int = 1
    language: str | None = None
    """None asks for detection among ``languages``."""
    languages: tuple[str, ...] = ()
    """Languages that may be detected; empty = all."""
    prompt: str = ""
    """Words that came before the window."""
    prefix: str = ""
    """Words with which the answer must begin."""
    hotwords: str = ""
    timed: bool = False
    """Whether words need times and probabilities."""
    stamped: bool = False
    """Whether the model writes the times of sentences too: slower, and it leaves out less in long windows."""
    wanted: Callable[[], bool] = lambda: True
    """Whether a preview that waits is still of use: not once its words are about to be read for good."""
    issued_s: float = 0.0
    """Monotonic time of the request: the scheduler serves the oldest first."""

    @property
    def seconds(self) -> float:
        """Length of the window without padding."""
        return len(self.pcm) / SAMPLE_RATE_HZ

    @property
    def padded_s(self) -> float:
        """Length that is encoded: finals in whole steps, so that a batch never changes what they say."""
        total = min(self.seconds + self.pad_s, MAX_WINDOW_S)
        if self.kind is Kind.INTERIM:
            return total
        return min(MAX_WINDOW_S, 2.0 * -(-total // 2.0))

    @property
    def max_tokens(self) -> int:
        """Limit of the answer's length. A preview that loops is not worth its time."""
        if self.kind is Kind.INTERIM:
            return 6 + int(_PREVIEW_TOKENS_PER_SECOND * self.seconds)
        return 12 + int(TOKENS_PER_SECOND * self.seconds)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the model heard in a window."""

    words: tuple[HeardWord, ...] = ()
    language: str = ""
    languages: tuple[tuple[str, float], ...] = ()
    """Probabilities of the allowed languages, best first, when detection was asked for."""
    logprob: float = 0.0
    """Mean log probability of the tokens."""
    no_speech: float = 0.0
    """The model's own probability that the window holds no speech."""
    compression: float = 1.0
    """How well the text compresses; loops compress well."""
    cost_s: float = field(default=0.0, compare=False)
    """Share of the batch's wall time."""

    @property
    def text(self) -> str:
        """The words as they should be shown."""
        return "".join(w.text for w in self.words).strip()
