"""Which words of a hypothesis are new, and which shown words may be called stable. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stream_workers.decode import HeardWord

_EDIT_S = 0.3
"""A word that the two readings of the same speech do not share weighs as much as so much speech on the wrong side."""
_ASTRAY_S = 0.4
"""And a word on the wrong side counts as at most so much: where the model skips, its times are stretched."""
_SHORTEST_S, _LETTER_S = 0.15, 0.09
"""A word said slowly takes so long, and so much longer for each letter."""
_SIMILAR = 0.5
"""What a word counts that reads alike (deformed, deformity)."""


def plain(word: str) -> str:
    """A word for comparing: letters and digits only, lower case."""
    return "".join(c for c in word.lower() if c.isalnum())


def new_from(words: Sequence[HeardWord], known: Sequence[str], boundary_s: float) -> int:
    """Index of the first word after ``boundary_s`` (seconds in the window) when ``known`` was said before it.

    Attention times are off by a syllable now and then, so the text decides too: the best split leaves little
    speech on the wrong side, and its left part is another reading of ``known``.
    """
    if not known:
        return 0
    edits = _edits([plain(w) for w in known], [plain(w.text) for w in words])
    spans = [spoken_span(w) for w in words]

    def misfit(j: int) -> float:
        late = sum(_astray(end - max(boundary_s, start)) for start, end in spans[:j])
        early = sum(_astray(min(boundary_s, end) - start) for start, end in spans[j:])
        return late + early + _EDIT_S * edits[j]

    return min(range(len(words) + 1), key=misfit)


def _astray(seconds: float) -> float:
    return min(_ASTRAY_S, max(0.0, seconds))


def _edits(said: Sequence[str], heard: Sequence[str]) -> list[float]:
    """For each j, how many words must change to make ``said`` of those of ``heard`` that end with the jth.

    Words of ``heard`` before them cost nothing: only the end of what was said may be known.
    """
    row = [0.0] * (len(heard) + 1)
    for i, word in enumerate(said, start=1):
        diagonal, row[0] = row[0], float(i)
        for j, other in enumerate(heard, start=1):
            changed = diagonal + _unlike(word, other)
            diagonal, row[j] = row[j], min(row[j] + 1.0, row[j - 1] + 1.0, changed)
    return row


def _unlike(word: str, other: str) -> float:
    if word == other:
        return 0.0
    shared = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    return _SIMILAR if 2 * shared >= max(len(word), len(other)) else 1.0


def begun_before(words: Sequence[HeardWord], end_s: float) -> int:
    """How many leading ``words`` lie mostly before ``end_s``."""
    return next((i for i, w in enumerate(words) if sum(spoken_span(w)) / 2 > end_s), len(words))


def spoken_span(word: HeardWord) -> tuple[float, float]:
    """When ``word`` was said: attention gives a pause to the word before it when that ends with a mark, else to the
    word after it."""
    longest_s = _SHORTEST_S + _LETTER_S * len(plain(word.text))
    if word.end_s - word.start_s <= longest_s:
        return word.start_s, word.end_s
    if word.text and not word.text[-1].isalnum():
        return word.start_s, word.start_s + longest_s
    return word.end_s - longest_s, word.end_s


@dataclass(frozen=True, slots=True)
class EarlyRules:
    """When words of an open phrase may be final."""

    hold_s: float = 1.0
    """So much must have been heard after a word."""
    sure: float = 0.35
    """Least probability of a word that was heard alike before."""
    certain: float = 0.9
    """A word this probable need not be heard alike again."""
    certain_first: float = 0.5
    """The same for the first word: how a sentence begins and is written is never certain."""
    fewest: int = 3
    """Fewer words than this wait for more."""


def sure_words(words: Sequence[HeardWord], before: Sequence[str], heard_s: float, rules: EarlyRules) -> int:
    """How many leading ``words`` are final: heard alike the time before and sure, or certain; none too near the end."""
    n = 0
    for word in words:
        alike = n < len(before) and plain(word.text) == plain(before[n])
        after_s = heard_s - word.end_s
        least_p = rules.sure if alike else rules.certain_first if n == 0 else rules.certain
        if word.p < least_p or after_s < rules.hold_s:
            break
        n += 1
    return n if n >= rules.fewest else 0


def rest_after(done: Sequence[str], shown: Sequence[str]) -> int:
    """Index of the first word of ``shown`` that ``done`` does not cover yet.

    ``done`` is a better reading of the beginning of what ``shown`` reads.
    """
    if not done:
        return 0
    edits = _edits([plain(w) for w in done], [plain(w) for w in shown])
    return min(range(len(edits)), key=lambda j: (edits[j], abs(j - len(done))))


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
