"""Which language a track is in: found out once, then locked. Pure."""

import msgspec

ENOUGH_S = 6.0
"""After so much speech the best vote wins."""
SURE = 0.85
"""A vote this clear over ``SURE_S`` seconds of speech wins at once."""
SURE_S = 2.0


class LanguageLock(msgspec.Struct, frozen=True, array_like=True):
    """Votes so far; ``locked`` once they are enough."""

    locked: str | None = None
    seconds: float = 0.0
    votes: dict[str, float] = {}

    @property
    def best(self) -> str | None:
        """The likeliest language so far."""
        return self.locked or max(self.votes, key=lambda code: self.votes[code], default=None)

    def vote(self, found: tuple[tuple[str, float], ...], seconds: float) -> "LanguageLock":
        """The lock after a phrase of ``seconds`` in which ``found`` was detected."""
        if self.locked or not found:
            return self
        votes = dict(self.votes)
        for code, p in found:
            votes[code] = votes.get(code, 0.0) + p * seconds
        total = self.seconds + seconds
        best = max(votes, key=lambda code: votes[code])
        clear = votes[best] / total >= SURE and total >= SURE_S
        return LanguageLock(best if clear or total >= ENOUGH_S else None, total, votes)
