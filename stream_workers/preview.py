"""The open words of a track, as shown while they are spoken. Pure."""

from collections.abc import Callable, Sequence

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers import commit
from stream_workers.ports import InterimOut
from stream_workers.segments import preview_of

_FIRST_S = 0.6
"""Sound, pre-roll included, that a first look needs."""


class Preview:
    """When to look again, and what is shown."""

    def __init__(self, track: str, pace: Callable[[], float]) -> None:
        self._track = track
        self._pace = pace
        self._asked = 0
        self._start = 0
        self._end = 0
        self._shown: list[str] = []
        self._language = ""
        self._agreement = commit.Agreement()

    def due(self, start: int, voiced_until: int, now: int) -> bool:
        """Whether the phrase that began at ``start`` deserves a look at media sample ``now``."""
        if self._asked <= start:
            return now - start >= _FIRST_S * SAMPLE_RATE_HZ
        return now - self._asked >= self._pace() * SAMPLE_RATE_HZ and voiced_until > self._asked

    def asked(self, end: int) -> None:
        """A look at the sound up to ``end`` is under way."""
        self._asked = max(self._asked, end)

    def heard(
        self, start: int, end: int, words: list[str], language: str, *, sure: bool, fresh: bool = False
    ) -> list[InterimOut]:
        """What was heard from ``start`` to ``end``. Words shown as stable stay as they are.

        ``sure``: it was read with ease; what the model doubts makes no word stable, however often it says so.
        ``fresh``: the words before these were just written.
        """
        if start != self._start or fresh:
            self._agreement.renew()
        stable = self._agreement.stable
        words = self._shown[:stable] + words[stable:]
        if sure:
            self._agreement.push(words)
        if not words and not self._shown:
            return []
        self._start, self._end, self._shown, self._language = start, end, words, language
        return [self._output()]

    def written(self, words: Sequence[str], end: int) -> list[InterimOut]:
        """Everything up to ``end`` is final now, as ``words``: what was shown beyond it stays."""
        if not self._shown:
            return []
        covered = end >= self._end - 0.1 * SAMPLE_RATE_HZ
        rest = [] if covered else self._shown[commit.rest_after(words, self._shown) :]
        self._agreement.renew()
        self._start, self._shown = end, rest
        return [self._output()]

    def _output(self) -> InterimOut:
        if not self._shown:
            return InterimOut(None, self._end)
        span = (self._start, self._end)
        return InterimOut(preview_of(self._track, span, self._shown, self._agreement.stable, self._language), self._end)
