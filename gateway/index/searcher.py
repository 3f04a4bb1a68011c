"""Search over all meetings: question in, ranked page out. Keeps no state but the parts it is given."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts import log
from contracts.errors import BadInput, Fault
from gateway.index.port import KINDS, Candidate, Card, Mode, Needle, Scope, SearchIndex
from gateway.index.rank import Ranked, Weights, mode_of, rank
from gateway.index.snippets import Snippet, snippet
from gateway.index.words import spellings, topic_words

POOL = 100
"""Candidates taken by words and by vector each; what is ranked and counted in facets."""
MAX_QUESTION_CHARS = 500
MAX_LIMIT = 50
MAX_OFFSET = 100
EMBED_TIMEOUT_S = 2.0
MAX_FACETS = 20


class TextEmbedder(Protocol):
    """Texts to unit vectors, off the event loop."""

    async def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """One vector per text. May raise a Fault while the model is not there."""
        ...


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One result. ``start`` and ``end`` are the passage's meeting seconds; ``snippet`` has the one to play from."""

    id: str
    meeting: str
    title: str
    started_at: float
    kind: str
    start: float
    end: float
    speakers: tuple[str, ...]
    snippet: Snippet
    score: float
    owner: str | None = None
    status: str | None = None
    due: str | None = None


class Facet(msgspec.Struct, frozen=True):
    """One value of a field and how many of the found passages have it. ``label`` is for people."""

    value: str
    label: str
    count: int


class SearchPage(msgspec.Struct, frozen=True):
    """A page of results. ``mode`` says what really served it; ``facets`` count the best found, at most 2 × POOL."""

    items: tuple[Hit, ...]
    mode: Mode
    found: int
    next: int | None
    facets: dict[str, tuple[Facet, ...]]
    took_ms: float


class Searcher:
    """Answers questions from a ``SearchIndex``; without vectors it says so and goes on with words."""

    def __init__(self, index: SearchIndex, embedder: TextEmbedder | None, weights: Weights) -> None:
        self._index = index
        self._embedder = embedder
        self._weights = weights
        self._log = log.get()

    async def search(self, question: str, scope: Scope, *, limit: int = 10, offset: int = 0) -> SearchPage:
        """One page. Raises BadInput for an empty or over-long question, an unknown kind or a page out of range."""
        started = time.perf_counter()
        _check(question, scope, limit, offset)
        words = topic_words(question)
        candidates = await self.candidates_for(question, scope)
        ranked = rank(question, candidates, self._weights, offset + limit)
        page = SearchPage(
            items=tuple(_hit(r, words) for r in ranked[offset:]),
            mode=mode_of(candidates) if candidates else "hybrid" if self._embedder else "keyword",
            found=len(candidates),
            next=offset + limit if len(candidates) > offset + limit <= MAX_OFFSET else None,
            facets=_facets(candidates),
            took_ms=round((time.perf_counter() - started) * 1000, 1),
        )
        self._log.info("search.answered", mode=page.mode, found=page.found, took_ms=page.took_ms)
        return page

    async def passages(self, question: str, scope: Scope, limit: int) -> tuple[list[Candidate], list[Candidate]]:
        """The best passages for an answer, best first, and the whole pool that they were chosen from."""
        _check(question, scope, limit, 0)
        candidates = await self.candidates_for(question, scope)
        return self.best(question, candidates, limit), candidates

    def best(self, question: str, candidates: Sequence[Candidate], limit: int) -> list[Candidate]:
        """Those of the candidates that come first, best first."""
        return [r.candidate for r in rank(question, candidates, self._weights, limit)]

    async def candidates_for(self, question: str, scope: Scope) -> list[Candidate]:
        """The pool that is ranked."""
        words = topic_words(question)
        spelt = dict.fromkeys(way for word in words for way in spellings(word))
        needle = Needle(tuple(spelt), await self._vector(question, words))
        return await self._index.candidates(needle, scope, POOL)

    async def _vector(self, question: str, words: list[str]) -> NDArray[np.float32] | None:
        """Half the whole question, half what it is about; None when the model does not answer in time."""
        if self._embedder is None:
            return None
        try:
            async with asyncio.timeout(EMBED_TIMEOUT_S):
                both = await self._embedder.embed([question, " ".join(words)])
        except (Fault, TimeoutError) as exc:
            self._log.warning("search.without_vectors", error=type(exc).__name__)
            return None
        middle: NDArray[np.float32] = both.mean(axis=0)
        return middle


def _check(question: str, scope: Scope, limit: int, offset: int) -> None:
    if not question.strip():
        raise BadInput("the question is empty", source="client")
    if len(question) > MAX_QUESTION_CHARS:
        raise BadInput(f"a question has at most {MAX_QUESTION_CHARS} characters", source="client")
    if not 1 <= limit <= MAX_LIMIT or not 0 <= offset <= MAX_OFFSET:
        raise BadInput(f"limit is 1 to {MAX_LIMIT}, offset 0 to {MAX_OFFSET}", source="client")
    if not scope.kinds <= set(KINDS):
        raise BadInput(f"kinds are: {', '.join(KINDS)}", source="client")


def _hit(ranked: Ranked, words: list[str]) -> Hit:
    p, card = ranked.candidate.passage, ranked.candidate.card
    return Hit(
        id=p.id,
        meeting=p.meeting,
        title=card.title,
        started_at=card.started_at,
        kind=p.kind,
        start=p.start,
        end=p.end,
        speakers=p.speakers(),
        snippet=snippet(ranked.candidate, words),
        score=round(ranked.score, 4),
        owner=p.owner,
        status=p.status,
        due=p.due,
    )


def _facets(candidates: list[Candidate]) -> dict[str, tuple[Facet, ...]]:
    cards: dict[str, Card] = {c.card.id: c.card for c in candidates}
    titles = {id_: card.title for id_, card in cards.items()}
    return {
        "meeting": _counted((c.passage.meeting for c in candidates), titles),
        "kind": _counted((c.passage.kind for c in candidates), {}),
        "speaker": _counted((name for c in candidates for name in c.passage.speakers()), {}),
        "owner": _counted((c.passage.owner for c in candidates if c.passage.owner), {}),
        "status": _counted((c.passage.status for c in candidates if c.passage.status), {}),
    }


def _counted(values: Iterable[str], labels: dict[str, str]) -> tuple[Facet, ...]:
    return tuple(Facet(v, labels.get(v, v), n) for v, n in Counter(values).most_common(MAX_FACETS))
