"""Whether what was found answers a question at all. Pure.

Near questions are the hard ones: a meeting about remote controls speaks of batteries, not of their warranty. Three
signs are weighed: how near the nearest passage is, how much of what is asked about one passage has, rare words counted
more, and how many of the words nobody said at all. ``docs/search.md`` has the figures.
"""

import math
from collections import Counter
from collections.abc import Sequence

from gateway.index.port import Candidate
from gateway.index.words import named, root, topic_words, words_of

BIAS, NEAREST, COVERED, UNSAID = -4.1, 8.6, 2.4, -1.45
ANSWERED_FROM = 0.2
"""The weighed sum from which something counts as answered."""
SURE_FROM = 1.8
"""So far above it nobody need be asked whether it answers."""
WORDS_FROM = 0.75
"""Without vectors: share of the question's words that one passage must have."""


def answered(question: str, best: Sequence[Candidate], pool: Sequence[Candidate]) -> bool:
    """Whether ``best``, the first of the ranked ``pool``, answers."""
    return margin(question, best, pool) >= 0


def margin(question: str, best: Sequence[Candidate], pool: Sequence[Candidate]) -> float:
    """How far above the bound the signs are; what is below zero does not answer."""
    nearest, covered, unsaid = signs(question, best, pool)
    if all(c.nearest is None for c in best):
        return covered - WORDS_FROM
    return BIAS + NEAREST * nearest + COVERED * covered + UNSAID * unsaid - ANSWERED_FROM


def signs(question: str, best: Sequence[Candidate], pool: Sequence[Candidate]) -> tuple[float, float, int]:
    """The largest cosine, the largest weighted share of the words in one passage, the number of words nobody said."""
    people = {name for c in pool for name in c.passage.speakers()}
    names = {root(w) for name in named(question, people) for w in words_of(name)}
    asked = {root(w) for w in topic_words(question)} - names or {root(w) for w in topic_words(question)}
    if not best or not asked:
        return 0.0, 0.0, len(asked)
    having = Counter(word for c in pool for word in asked & _roots(c))
    weight = {word: math.log(1 + (len(pool) - having[word] + 0.5) / (having[word] + 0.5)) for word in asked}
    covered = max(sum(weight[word] for word in asked & _roots(c)) for c in best) / sum(weight.values())
    unsaid = sum(not having[word] for word in asked)
    return max(c.nearest or 0.0 for c in best), covered, unsaid


def _roots(candidate: Candidate) -> set[str]:
    return {root(w) for w in words_of(candidate.passage.text)}
