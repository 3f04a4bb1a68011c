"""The memory's port: what a search index keeps, is asked, and promises. Two adapters keep it: embedded and Weaviate.

A *passage* is a stretch of a meeting long enough to make sense by itself: about two hundred words of talk, one note,
one recap. An index stores passages and finds candidates for a question; which of them come first is decided by
``gateway.index.rank``, the same for every index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Mode = Literal["hybrid", "keyword"]
TRANSCRIPT = "transcript"
RECAP = "recap"
KINDS = (TRANSCRIPT, RECAP, "action", "decision", "question", "risk", "topic")
MAX_PARTS = 3
"""A passage has at most this many vectors: one for each of its parts, each within what the model reads."""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One utterance of a passage, in meeting seconds. ``segment`` is the id to cite and to jump to."""

    segment: str
    start: float
    end: float
    text: str
    speaker: str | None = None


class Passage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is found. ``id`` is stable and unique over all meetings; ``position`` counts passages of talk."""

    id: str
    meeting: str
    kind: str
    start: float
    end: float
    lines: tuple[Line, ...]
    position: int = -1
    owner: str | None = None
    status: str | None = None
    due: str | None = None

    @property
    def text(self) -> str:
        """The words alone, a line each: what keyword search reads."""
        return "\n".join(line.text for line in self.lines)

    def speakers(self) -> tuple[str, ...]:
        """Who speaks in it, in order of their first words."""
        return tuple(filter(None, dict.fromkeys([line.speaker for line in self.lines])))

    def shares(self) -> dict[str, float]:
        """How much of the passage each named speaker says, 0 to 1."""
        words: dict[str, int] = {}
        for line in self.lines:
            if line.speaker:
                words[line.speaker] = words.get(line.speaker, 0) + len(line.text.split())
        total = sum(len(line.text.split()) for line in self.lines) or 1
        return {name: count / total for name, count in words.items()}


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the index knows of a meeting, for filters and for showing results."""

    id: str
    title: str
    started_at: float
    """Seconds since the epoch."""
    participants: tuple[str, ...] = ()


class Scope(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where to look; empty fields do not restrict. ``visible`` are the meetings that the user may see (None = all)."""

    visible: frozenset[str] | None
    meetings: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    speakers: frozenset[str] = frozenset()
    participants: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    after: float | None = None
    """Meetings that started at or after this, seconds since the epoch."""
    before: float | None = None
    since_s: float | None = None
    """Passages that end at or after this meeting second (for "the last ten minutes")."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage with the vectors of its parts; ``vectors`` None = not embedded yet, found by its words only."""

    passage: Passage
    vectors: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Needle:
    """A question as the index sees it: words to match (each matches by its stem) and its vector, if there is one."""

    words: tuple[str, ...]
    vector: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may answer. ``keyword`` ≥ 0, larger is better, 0 = none of the words.

    ``nearest`` and ``mean`` are the cosines of the question with the nearest part and with the parts on average;
    None when the passage has no vectors or the question had none. ``nearest_part`` is the index of the nearest part.
    """

    passage: Passage
    card: Card
    keyword: float
    nearest: float | None = None
    mean: float | None = None
    nearest_part: int = 0


class SearchIndex(Protocol):
    """Keeps passages and finds candidates.

    Every call either has its whole effect or raises ``Unavailable``; calling again is always right, because
    passages are put by id and a put replaces. An adapter MUST apply the whole ``Scope`` inside its query, so that
    limits count only what the user may see, and MUST NOT block the event loop.
    """

    async def put(self, card: Card, entries: Sequence[Entry], gone: Sequence[str] = ()) -> None:
        """Store or replace passages of one meeting and its card, and remove the passages whose ids are ``gone``."""
        ...

    async def delete(self, meeting: str) -> None:
        """Remove everything of a meeting; nothing happens when there is nothing."""
        ...

    async def ids(self, meeting: str) -> set[str]:
        """The ids of the passages stored for a meeting."""
        ...

    async def candidates(self, needle: Needle, scope: Scope, limit: int) -> list[Candidate]:
        """The best ``limit`` passages by words and the best ``limit`` by vector, each once, in no particular order."""
        ...

    async def unembedded(self, limit: int) -> list[tuple[Card, Passage]]:
        """Passages that wait for their vectors, oldest first."""
        ...

    async def cursor(self) -> int:
        """The MEETING sequence up to which records are worked in; 0 = none."""
        ...

    async def advance(self, cursor: int) -> None:
        """Remember the cursor; called after the puts that it stands for."""
        ...

    async def clear(self) -> None:
        """Forget everything, the cursor too: the next indexing starts from the first record."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...
