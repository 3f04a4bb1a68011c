"""Token buckets. No I/O: time is an argument."""

from collections import OrderedDict

from contracts.errors import TooMany

MAX_KEYS = 10_000


class RateLimit:
    """At most ``burst`` at once and ``per_s`` a second in the long run, per key. Remembers the newest MAX_KEYS keys."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str, now: float, cost: float = 1.0) -> float:
        """Take ``cost``; 0 when it was granted, else how long to wait before asking again (nothing is taken)."""
        level, since = self._levels.pop(key, (self._burst, now))
        level = min(self._burst, level + max(0.0, now - since) * self._per_s)
        granted = level >= min(cost, self._burst)
        self._levels[key] = (level - cost if granted else level, now)
        while len(self._levels) > MAX_KEYS:
            self._levels.popitem(last=False)
        return 0.0 if granted else (min(cost, self._burst) - level) / self._per_s

    def take(self, key: str, now: float) -> None:
        """Take one. Raises TooMany."""
        if self.wait_s(key, now) > 0:
            raise TooMany("too many requests; wait a moment", source="client")
