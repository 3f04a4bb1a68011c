"""Which open tracks to claim, and when; decides without I/O, time is an argument."""

import random
from dataclasses import dataclass

from contracts.live import TrackWork

STEP_S = 0.012
"""A worker waits this long for each track it has, so the one with the fewest comes first."""
JITTER_S = 0.008
BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
RECHECK_S = 1.0


@dataclass(slots=True)
class _Track:
    work: TrackWork
    holder: str | None = None
    due: float = 0.0
    paused_until: float = 0.0
    """After a failure here nothing else makes it due earlier."""
    free_since: float = 0.0
    failures: int = 0


class Claims:
    """What this worker knows of open tracks and their holders, and what follows for it."""

    def __init__(self, owner: str, capacity: int, rng: random.Random) -> None:
        self._owner = owner
        self._capacity = capacity
        self._rng = rng
        self._tracks: dict[str, _Track] = {}
        self._holders: dict[str, str] = {}
        self.mine: set[str] = set()
        """Keys of the tracks that this worker runs or tries to claim."""

    def opened(self, key: str, work: TrackWork, now: float) -> None:
        """A track is to be transcribed."""
        known = self._tracks.get(key)
        if known is None:
            self._tracks[key] = _Track(work, self._holders.get(key), due=now + self._delay(), free_since=now)
        else:
            known.work = work

    def closed(self, key: str) -> None:
        """A track needs nobody any more."""
        self._tracks.pop(key, None)

    def held(self, key: str, owner: str | None, now: float) -> None:
        """The lease of a track has a new holder, or none: then the least busy worker is to take it first."""
        if owner is None:
            self._holders.pop(key, None)
        else:
            self._holders[key] = owner
        track = self._tracks.get(key)
        if track is None or track.holder == owner:
            return
        track.holder = owner
        if owner is None:
            track.free_since = now
            track.due = max(track.paused_until, now) + self._delay()

    def refused(self, key: str, now: float) -> None:
        """The claim failed: somebody holds the lease, or the bus did not answer."""
        self.mine.discard(key)
        if key in self._tracks:
            self._tracks[key].due = now + RECHECK_S + self._delay()

    def ended(self, key: str, now: float, *, failed: bool) -> None:
        """This worker let go of the track; after a failure it waits longer each time."""
        self.mine.discard(key)
        track = self._tracks.get(key)
        if track is None:
            return
        track.failures = track.failures + 1 if failed else 0
        pause_s = BACK_OFF_S[min(track.failures, len(BACK_OFF_S)) - 1] if failed else 0.0
        holder = self._holders.get(key)
        track.holder = None if holder == self._owner else holder
        track.free_since = now
        track.paused_until = now + pause_s
        track.due = track.paused_until + self._delay()

    def due(self, now: float) -> list[tuple[str, TrackWork]]:
        """The tracks to claim now; they count as ``mine`` from here on. Nothing beyond the capacity."""
        free = sorted((t.due, key) for key, t in self._tracks.items() if self._wanted(key, t) and t.due <= now)
        taken = [key for _, key in free[: max(0, self._capacity - len(self.mine))]]
        self.mine.update(taken)
        return [(key, self._tracks[key].work) for key in taken]

    def next_due(self) -> float:
        """Time at which ``due`` may have something; infinity when nothing is free or there is no room."""
        if len(self.mine) >= self._capacity:
            return float("inf")
        return min((t.due for key, t in self._tracks.items() if self._wanted(key, t)), default=float("inf"))

    def waiting(self, now: float, patience_s: float) -> list[TrackWork]:
        """Open tracks that nobody has held for longer than ``patience_s``."""
        return [
            t.work
            for key, t in self._tracks.items()
            if t.holder is None and key not in self.mine and now - t.free_since > patience_s
        ]

    def reconcile(self, work: dict[str, TrackWork], holders: dict[str, str], now: float) -> None:
        """What the buckets hold right now, in case a change was missed."""
        for key in self._tracks.keys() - work.keys():
            self.closed(key)
        for key, value in work.items():
            self.opened(key, value, now)
        for key in self._tracks:
            self.held(key, holders.get(key), now)

    def _wanted(self, key: str, track: _Track) -> bool:
        # A lease in our own name that we do not run is a leftover of a broken connection: it can be taken back.
        return key not in self.mine and track.holder in (None, self._owner)

    def _delay(self) -> float:
        return STEP_S * len(self.mine) + self._rng.uniform(0, JITTER_S)
