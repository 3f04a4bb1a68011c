"""Which words of a hypothesis are new, and which shown words may be called stable. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stream_workers.decode import HeardWord

_TAIL_WEIGHTS = (0.35, 0.2, 0.1)
_ECHO_WEIGHT = 0.3


def plain(word: str) -> str:
    """A word for comparing: letters and digits only, lower case."""
    return "".join(c for c in word.lower() if c.isalnum())


def new_from(words: Sequence[HeardWord], known: Sequence[str], boundary_s: float) -> int:
    """Index of the first word after ``boundary_s`` (seconds in the window) when ``known`` was said before it.

    Attention times are off by a syllable now and then, so the text decides too: the best split leaves little
    speech on the wrong side and ends its left part as ``known`` ends.
    """
    if not known:
        return 0
    heard = [plain(w.text) for w in words]
    said = [plain(w) for w in known]

    def misfit(j: int) -> float:
        late = sum(max(0.0, w.end_s - max(boundary_s, w.start_s)) for w in words[:j])
        early = sum(max(0.0, min(boundary_s, w.end_s) - w.start_s) for w in words[j:])
        return late + early + _tail_misfit(heard, said, j)

    return min(range(len(words) + 1), key=misfit)


def _tail_misfit(heard: list[str], said: list[str], j: int) -> float:
    cost = 0.0
    for back, weight in enumerate(_TAIL_WEIGHTS[: len(said)], start=1):
        if back > j or heard[j - back] != said[-back]:
            cost += weight
    echo = j < len(heard) and heard[j] == said[-1] and (j == 0 or heard[j - 1] != said[-1])
    return cost + (_ECHO_WEIGHT if echo else 0.0)


@dataclass(frozen=True, slots=True)
class EarlyRules:
    """When words of an open phrase may be final."""

    hold_s: float = 1.0
    """So much must have been heard after a word."""
    sure: float = 0.5
    """Least probability of a word."""
    fewest: int = 3
    """Fewer words than this wait for more."""


def sure_words(words: Sequence[HeardWord], before: Sequence[str], heard_s: float, rules: EarlyRules) -> int:
    """How many leading ``words`` are final: heard alike the time before, sure, and not too near the end."""
    n = 0
    for word, earlier in zip(words, before, strict=False):
        if plain(word.text) != plain(earlier) or word.p < rules.sure or word.end_s > heard_s - rules.hold_s:
            break
        n += 1
    return n if n >= rules.fewest else 0


def rest_after(done: Sequence[str], shown: Sequence[str]) -> int:
    """Index of the first word of ``shown`` that ``done`` does not cover yet.

    ``done`` is a better reading of the beginning of what ``shown`` reads.
    """
    if not done:
        return 0
    said, seen = [plain(w) for w in done], [plain(w) for w in shown]
    limit = min(len(seen), len(said) + 3)

    def misfit(j: int) -> float:
        return abs(j - len(said)) * 0.4 + _tail_misfit(seen, said, j)

    return min(range(limit + 1), key=misfit)


@dataclass(slots=True)
class Agreement:
    """How many leading words of a growing hypothesis are stable: seen alike ``times`` times, and not the last ones."""

    times: int = 3
    hold_back: int = 3
    _recent: list[list[str]] = field(default_factory=list)
    stable: int = 0

    def push(self, words: Sequence[str]) -> int:
        """The number of stable words of this hypothesis; never falls within a phrase."""
        self._recent = [*self._recent, [plain(w) for w in words]][-self.times :]
        if len(self._recent) < self.times:
            return self.stable
        agreed = 0
        for column in zip(*self._recent, strict=False):
            if len(set(column)) > 1:
                break
            agreed += 1
        self.stable = max(self.stable, min(agreed, len(words) - self.hold_back))
        return self.stable

    def renew(self) -> None:
        """The phrase is over."""
        self._recent, self.stable = [], 0
