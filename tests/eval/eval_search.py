"""How well a person's question finds its answer: ``make eval-search``.

A hit is a passage that overlaps a turn that answers. "inside" searches the question's own meeting, "over all" every
meeting. Meetings are also dealt into two halves by their names, to show how far figures spread.
"""

import argparse
import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.embedder import Embedder
from contracts.settings import cpu_count, models_dir
from gateway.index.answers import Answerer
from gateway.index.embedded import EmbeddedIndex
from gateway.index.passages import Borders, parts, split_line
from gateway.index.port import Candidate, Entry, Scope, SearchIndex
from gateway.index.rank import Weights, rank
from gateway.index.searcher import Searcher
from tests.eval.search_data import Question, folder, meetings, questions

MODES = {
    "hybrid": Weights(),
    "keyword": replace(Weights(), nearest=0, mean=0),
    "vectors": replace(Weights(), keyword=0),
}


class CachedEmbedder:
    """The real model, with a file of what it said, so that a second run is fast."""

    def __init__(self, cache: Path | None) -> None:
        self._model = Embedder.load(models_dir(os.environ), threads=cpu_count())
        self._cache = cache
        self._known: dict[str, NDArray[np.float32]] = {}
        if cache and cache.exists():
            stored = np.load(cache)
            self._known = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    async def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """One vector per text, computed at most once."""
        keys = [hashlib.sha1(t.encode(), usedforsecurity=False).hexdigest() for t in texts]
        missing = dict.fromkeys(t for k, t in zip(keys, texts, strict=True) if k not in self._known)
        if missing:
            vectors = self._model.embed(list(missing))
            for text, vector in zip(missing, vectors, strict=True):
                self._known[hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()] = vector
        return np.stack([self._known[k] for k in keys])

    def save(self) -> None:
        """Write the cache."""
        if self._cache:
            np.savez(self._cache, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))


async def fill(index: SearchIndex, embedder: CachedEmbedder, data: Path) -> int:
    """Index every meeting as the product would; returns the number of passages."""
    count = 0
    for card, lines in meetings(data):
        passages = Borders().passages(card.id, [piece for line in lines for piece in split_line(line)])
        entries = [Entry(p, await embedder.embed(parts(p))) for p in passages]
        await index.put(card, entries)
        count += len(entries)
    return count


Pool = dict[Question, tuple[list[Candidate], list[Candidate]]]


async def pools(searcher: Searcher, asked: Sequence[Question]) -> Pool:
    """For each question the candidates inside its meeting and over all."""
    found: Pool = {}
    for q in asked:
        own = await searcher.candidates_for(q.text, Scope(None, meetings=frozenset({q.meeting})))
        found[q] = (own, await searcher.candidates_for(q.text, Scope(None)))
    return found


def first_hits(pool: Pool, asked: Sequence[Question], weights: Weights) -> NDArray[np.int64]:
    """Per question the place of the first hit inside and over all; 99 = not among ten."""
    rows = [[_first(q, rank(q.text, c, weights, 10)) for c in pool[q]] for q in asked]
    return np.array(rows, np.int64)


def _first(question: Question, ranked: Sequence[object]) -> int:
    for place, result in enumerate(ranked, 1):
        if question.answered_by(result.candidate.passage):  # type: ignore[attr-defined]
            return place
    return 99


def recalls(places: NDArray[np.int64]) -> dict[str, float]:
    """The four figures that are quoted."""
    inside, over_all = places[:, 0], places[:, 1]
    return {
        "inside@3": float((inside <= 3).mean()),
        "inside@10": float((inside <= 10).mean()),
        "all@3": float((over_all <= 3).mean()),
        "all@10": float((over_all <= 10).mean()),
    }


def report(name: str, places: NDArray[np.int64]) -> None:
    """One line of figures."""
    print(
        f"{name:24s} n={len(places):3d}  " + "  ".join(f"{k} {v:.3f}" for k, v in recalls(places).items()), flush=True
    )


async def run(data: Path, cache: Path | None, weaviate: bool, ask: bool) -> None:
    """Fill an index, ask everything, print."""
    embedder = CachedEmbedder(cache)
    asked = questions(data)
    with tempfile.TemporaryDirectory() as scratch:
        index = await opened(Path(scratch), weaviate)
        print(f"passages {await fill(index, embedder, data)}", flush=True)
        embedder.save()
        searcher = Searcher(index, embedder, Weights())
        await embedder.embed([q.text for q in asked])
        started = time.perf_counter()
        pool = await pools(searcher, asked)
        print(f"questions {len(asked)}, {(time.perf_counter() - started) * 500 / len(asked):.1f} ms per search")
        for name, weights in MODES.items():
            report(name, first_hits(pool, asked, weights))
        for half, odd in (("even meetings", 0), ("odd meetings", 1)):
            names = sorted({q.meeting for q in asked})
            chosen = [q for q in asked if names.index(q.meeting) % 2 == odd]
            report(f"hybrid, {half}", first_hits(pool, chosen, Weights()))
        embedder.save()
        if ask:
            await report_not_found(searcher, embedder, asked)
            embedder.save()
        await index.close()


async def report_not_found(searcher: Searcher, embedder: CachedEmbedder, asked: Sequence[Question]) -> None:
    """How often something is found for questions that have an answer, and nothing for those that have none."""

    answerer = Answerer(searcher, embedder)

    async def found(question: str) -> bool:
        return bool(await answerer.answer(question, Scope(None)))

    spoken = [await found(q.text) for q in asked]
    print(f"ask: found {np.mean(spoken):.3f} of {len(spoken)}", flush=True)
    for name in ("unanswered", "unanswered_near", "unanswered_near_unseen"):
        foreign = [q for q in (Path(__file__).parent / f"{name}.txt").read_text().splitlines() if q]
        silent = [not await found(q) for q in foreign]
        print(f"ask: {name}: not found {np.mean(silent):.3f} of {len(silent)}", flush=True)


async def opened(scratch: Path, weaviate: bool, *, empty: bool = True) -> SearchIndex:
    """The embedded index in ``scratch``, or the server that WEAVIATE_URL names, ``empty`` as said."""
    if not weaviate:
        return await EmbeddedIndex.open(scratch / "search.db")
    from gateway.index.weaviate import WeaviateIndex, WeaviatePlace

    grpc = int(os.environ.get("WEAVIATE_GRPC_PORT", "50051"))
    place = WeaviatePlace(os.environ["WEAVIATE_URL"], os.environ.get("WEAVIATE_API_KEY", ""), grpc)
    index = await WeaviateIndex.open(place)
    if empty:
        await index.clear()
    return index


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="file that keeps the vectors between runs")
    parser.add_argument("--weaviate", action="store_true", help="use the server at WEAVIATE_URL (it is emptied)")
    parser.add_argument("--ranking-only", action="store_true", help="leave out the questions to Ask")
    args = parser.parse_args()
    data = folder()
    if data is None:
        print("skipped: no search evaluation data (set SEARCH_EVAL_DATA)")
        return
    asyncio.run(run(data, args.cache, args.weaviate, not args.ranking_only))


if __name__ == "__main__":
    main()
