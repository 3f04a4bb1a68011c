"""Cuts a line of speech probabilities into phrases. Pure: where it cuts depends on the sound alone.

Everything counts in chunks of 32 ms from the last boundary. After a cut the cutter is as if new at the
boundary, so a replay from any boundary finds the same cuts.
"""

from dataclasses import dataclass, field

CHUNKS_PER_SECOND = 16_000 / 512


def chunks(seconds: float) -> int:
    """``seconds`` as a whole number of chunks."""
    return round(seconds * CHUNKS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class CutRules:
    """When a phrase starts and ends."""

    on: float = 0.5
    """Probability from which a chunk is speech."""
    off: float = 0.35
    """Probability under which a chunk within speech is a pause."""
    onset: int = 2
    """Speech chunks among the last four that start a phrase."""
    pre_roll: int = chunks(0.32)
    """Kept before the first speech chunk: soft consonants."""
    idle: int = chunks(2.0)
    """Silence is given up in pieces of this length."""
    pauses: tuple[tuple[int, int], ...] = (
        (chunks(0.0), chunks(0.5)),
        (chunks(1.2), chunks(0.3)),
        (chunks(2.0), chunks(0.2)),
        (chunks(3.0), chunks(0.13)),
    )
    """(age of the phrase, pause that ends it), rising in age: the longer it is, the shorter a pause will do."""
    longest: int = chunks(4.5)
    """A phrase of this age is cut at its weakest point."""
    shortest: int = chunks(1.2)
    """Such a cut leaves at least this much before it."""
    ahead: int = chunks(0.45)
    """And at least this much after it."""
    first_look: int = chunks(1.8)
    """Age at which an open phrase is looked at for words that are sure already."""
    look_step: int = chunks(1.0)
    """And how often after that."""
    look_pause: int = 4
    """In a pause of this length it is not: its end is near."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The stretch up to ``end`` chunks after the last boundary is complete; there is the next boundary."""

    start: int
    """First chunk that may hold words; ``end`` when it is all silence."""
    end: int
    pause: bool = True
    """Whether nobody speaks at ``end``."""
    heard: int = 0
    """Chunks since the last boundary that may be listened to, when that is more than ``end``: a cut in mid speech."""

    @property
    def silent(self) -> bool:
        """Whether there is nothing to decode."""
        return self.start >= self.end


@dataclass(frozen=True, slots=True)
class Glance:
    """The open phrase from ``start`` to ``end`` has reached an age at which it is looked at."""

    start: int
    end: int


@dataclass(slots=True)
class Cutter:
    """Feed it one chunk's probability and level at a time."""

    rules: CutRules = field(default_factory=CutRules)
    _probs: list[float] = field(default_factory=list)
    _levels: list[float] = field(default_factory=list)
    _first: int | None = None
    _last: int = 0

    @property
    def speaking_since(self) -> int | None:
        """First chunk of the open phrase, pre-roll included; None in silence."""
        return None if self._first is None else max(0, self._first - self.rules.pre_roll)

    @property
    def voiced_until(self) -> int:
        """Chunk after the last one with speech."""
        return self._last + 1

    def push(self, prob: float, level_db: float) -> list[Cut | Glance]:
        """What this chunk brings, mostly nothing."""
        waiting = [(prob, level_db)]
        found: list[Cut | Glance] = []
        while waiting:
            self._probs.append(waiting[0][0])
            self._levels.append(waiting[0][1])
            del waiting[0]
            mark = self._step(len(self._probs) - 1)
            if mark:
                found.append(mark)
            if isinstance(mark, Cut):
                # What lies behind the cut is judged anew, as a replay from there will judge it.
                waiting = [*zip(self._probs[mark.end :], self._levels[mark.end :], strict=True), *waiting]
                self._renew()
        return found

    def flush(self) -> Cut | None:
        """End of sound: what is open is complete."""
        size, since = len(self._probs), self.speaking_since
        self._renew()
        if not size:
            return None
        return Cut(size if since is None else since, size)

    def _renew(self) -> None:
        self._probs, self._levels, self._first, self._last = [], [], None, 0

    def _step(self, i: int) -> Cut | Glance | None:
        return self._wait(i) if self._first is None else self._speech(i, self._first)

    def _speech(self, i: int, first: int) -> Cut | Glance | None:
        rules = self.rules
        if self._probs[i] >= rules.off:
            self._last = i
        pause, age = i - self._last, self._last - first
        needed = next(p for a, p in reversed(rules.pauses) if age >= a)
        if pause >= needed:
            return Cut(max(0, first - rules.pre_roll), self._last + 1 + pause // 2)
        if i - first >= rules.longest:
            return Cut(max(0, first - rules.pre_roll), self._weakest(i), pause=False, heard=i + 1)
        grown = i - first - rules.first_look
        if grown >= 0 and grown % rules.look_step == 0 and pause < rules.look_pause:
            return Glance(max(0, first - rules.pre_roll), i + 1)
        return None

    def _wait(self, i: int) -> Cut | None:
        recent = [k for k in range(max(0, i - 3), i + 1) if self._probs[k] >= self.rules.on]
        if len(recent) >= self.rules.onset:
            self._first, self._last = recent[0], recent[-1]
            return None
        if i + 1 >= self.rules.idle:
            end = i + 1 - self.rules.pre_roll
            return Cut(end, end)
        return None

    def _weakest(self, i: int) -> int:
        """The best place to cut within the open phrase: least speech, least sound."""
        first = self._first or 0

        def weight(k: int) -> float:
            near = range(k - 1, k + 2)
            return sum(self._probs[n] + self._levels[n] / 20.0 for n in near)

        return min(range(first + self.rules.shortest, i - self.rules.ahead), key=weight)
