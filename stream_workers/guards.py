"""Tells words from what a model invents over noise. Knows no language and no phrases. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stream_workers.commit import plain
from stream_workers.decode import HeardWord, Hypothesis


@dataclass(frozen=True, slots=True)
class GuardRules:
    """Limits beyond which a hypothesis is not believed."""

    no_speech: float = 0.6
    """Probability of no speech from which words need a good log probability."""
    logprob: float = -1.0
    """Mean log probability under which they are not good then."""
    hopeless: float = -1.6
    """Mean log probability under which nothing is believed."""
    compression: float = 2.4
    """Text that compresses better is a loop."""
    words_per_second: float = 7.0
    """Nobody speaks faster."""
    voice: float = 0.75
    """Mean speech probability of the phrase under which it must be good in every respect."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the sound itself says about a phrase."""

    seconds: float
    voice: float
    """Mean of the speech probabilities of its loudest half."""


def believable(heard: Hypothesis, words: int, evidence: Evidence, rules: GuardRules) -> bool:
    """Whether somebody can have said this there; ``words`` of it are new, and ``evidence`` is about those."""
    if heard.compression > rules.compression or heard.logprob < rules.hopeless:
        return False
    if heard.no_speech > rules.no_speech and heard.logprob < rules.logprob:
        return False
    if evidence.voice < rules.voice and (heard.logprob < rules.logprob or heard.no_speech > rules.no_speech):
        return False
    return words <= 2 + rules.words_per_second * evidence.seconds


def echoes(words: Sequence[str], vocabulary: Sequence[str]) -> bool:
    """Whether ``words`` hold two entries of ``vocabulary`` side by side, in its order.

    A model that hears too little reads its hints aloud. The same can be said in earnest, so this is no proof:
    a reason to listen again without hints.
    """
    spoken = [plain(w) for w in words]
    pairs = {(plain(a.split()[-1]), plain(b.split()[0])) for a, b in pairwise(v for v in vocabulary if v.strip())}
    return any(pair in pairs for pair in pairwise(spoken))


def without_loops(words: Sequence[HeardWord], *, strict: bool = False) -> list[HeardWord]:
    """``words`` with what is repeated four times and more (three times for runs of words) said once.

    ``strict``: runs of three words and more may not be said even twice. For previews, which need not be complete.
    """
    kept = list(words)
    for size in range(1, 9):
        kept = _collapse(kept, size, 4 if size == 1 else 2 if strict and size >= _RUN else 3)
    return kept


_RUN = 3


def _collapse(words: list[HeardWord], size: int, times: int) -> list[HeardWord]:
    out, i = [], 0
    text = [plain(w.text) for w in words]
    while i < len(words):
        unit, n = text[i : i + size], 1
        while len(unit) == size and text[i + n * size : i + (n + 1) * size] == unit:
            n += 1
        if n >= times:
            out += words[i : i + size]
            i += n * size
        else:
            out.append(words[i])
            i += 1
    return out
