"""Which waiting windows are decoded together next. Pure; time is an argument.

Finals come before looks, looks before interims, the oldest first. A batch holds windows of one kind, one beam and
like length. An interim that waited too long is skipped: its track will ask again about newer sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stream_workers.decode import DecodeJob, Kind

_RANK = {Kind.FINAL: 0, Kind.LOOK: 1, Kind.INTERIM: 2, Kind.AGAIN: 3}


@dataclass(frozen=True, slots=True)
class BatchRules:
    """How large a batch may be, and how long an interim may wait."""

    most: int = 8
    seconds: float = 80.0
    """Sum of the padded lengths in one batch: bounds how long the others wait."""
    stretch: float = 1.5
    """Interims in a batch differ at most by this factor in length."""
    stale_s: float = 1.5
    late_s: float = 4.0
    """A look that waited so long is skipped: the end of its phrase is near."""


def choose(waiting: Sequence[DecodeJob], rules: BatchRules, hands: int = 1) -> list[int]:
    """Indices of the jobs that one of ``hands`` free hands decodes next; empty when nothing waits."""
    if not waiting:
        return []
    order = sorted(range(len(waiting)), key=lambda i: (_RANK[waiting[i].kind], waiting[i].issued_s))
    head = waiting[order[0]]
    most = min(rules.most, -(-len(waiting) // hands))
    chosen: list[int] = []
    total_s = 0.0
    for i in order:
        job = waiting[i]
        if len(chosen) == most or (chosen and total_s + job.padded_s > rules.seconds):
            break
        if _fits(head, job, rules.stretch):
            chosen.append(i)
            total_s += job.padded_s
    return chosen


def _fits(head: DecodeJob, job: DecodeJob, stretch: float) -> bool:
    if job is head:
        return True
    if job.prompt or head.prompt:
        return False  # prompts are rarely of one length, and others go one after the other: a batch would only wait
    if (job.kind, job.beam) != (head.kind, head.beam) or bool(job.hotwords) != bool(head.hotwords):
        return False
    if job.hotwords != head.hotwords or (job.language is None) != (head.language is None):
        return False
    if head.kind is not Kind.INTERIM:
        return job.padded_s == head.padded_s
    longer, shorter = max(job.padded_s, head.padded_s), min(job.padded_s, head.padded_s)
    return longer <= stretch * shorter


def stale(waiting: Sequence[DecodeJob], now_s: float, rules: BatchRules) -> list[int]:
    """Indices of interims and looks that waited too long, and of interims that are not wanted any more."""
    patience_s = {Kind.INTERIM: rules.stale_s, Kind.LOOK: rules.late_s}
    return [
        i
        for i, job in enumerate(waiting)
        if now_s - job.issued_s > patience_s.get(job.kind, float("inf"))
        or (job.kind is Kind.INTERIM and not job.wanted())
    ]


_CROWD = 3
"""So many tracks at once are more than one that catches up."""
_BEHIND_S = 4.0
_LOAD_S = 1.5
_FULL, _ROOM = 0.75, 0.4
"""Load from which work is made cheaper, and under which it is not any more."""


@dataclass(slots=True)
class Pace:
    """How much new sound an interim should wait for: grows with the time that interims take, shrinks by itself."""

    least_s: float = 0.4
    most_s: float = 4.0
    share: float = 2.0
    """Interval as a multiple of the usual turnaround."""
    turnaround_s: float = 0.0
    load: float = 0.0
    """Share of time that the model was busy lately while several tracks waited for it."""
    crowded: bool = False
    """Whether there is more to do for these tracks than fits."""
    seen_s: float = 0.0

    @property
    def interval_s(self) -> float:
        """Seconds of new sound."""
        return min(self.most_s, max(self.least_s, self.share * self.turnaround_s))

    @property
    def thinned(self) -> bool:
        """Whether interims come notably more rarely than they should."""
        return self.interval_s > 2.5 * self.least_s

    @property
    def pressed(self) -> bool:
        """Whether everything is to be made as cheaply as possible."""
        return self.thinned or self.crowded

    def presses(self, behind_s: float) -> bool:
        """Whether that holds for a track that is so far behind. Without a crowd rare previews are enough for one that
        keeps up: its words do not depend on how busy the machine is."""
        return self.crowded or (self.thinned and behind_s > _BEHIND_S)

    def worked(self, busy_s: float, now_s: float, tracks: int) -> None:
        """Until ``now_s`` the cores were at work for ``busy_s``, with so many tracks served or waiting.

        One track that catches up is no crowd.
        """
        span_s = max(now_s - self.seen_s, 1e-6)
        share = busy_s / span_s if tracks >= _CROWD else 0.0
        self.load = min(1.0, self.load + min(1.0, span_s / _LOAD_S) * (share - self.load))
        self.seen_s = now_s
        self.crowded = self.load > (_ROOM if self.crowded else _FULL)

    def done(self, took_s: float) -> None:
        """An interim was answered ``took_s`` seconds after it was asked for."""
        self.turnaround_s += 0.25 * (took_s - self.turnaround_s)

    def skipped(self) -> None:
        """An interim was skipped."""
        self.turnaround_s = min(self.most_s, 1.3 * self.turnaround_s + 0.1)
