"""How long a search takes in a large memory: ``python -m tests.eval.bench_search_size --passages 100000``.

Passages are made by mixing the lines and the vectors of real meetings, so that words are as common and vectors as
crowded as in life. Times are of one search at a time: words of a person's question to ranked page, the question's
embedding included and also shown alone.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from contracts.embedder import AsyncEmbedder
from contracts.settings import models_dir
from gateway.index.passages import Borders, parts, split_line
from gateway.index.port import Card, Entry, Line, Passage, Scope, SearchIndex
from gateway.index.rank import Weights
from gateway.index.searcher import Searcher
from tests.eval.eval_search import CachedEmbedder, opened
from tests.eval.search_bulk import write_bulk
from tests.eval.search_data import folder, meetings, questions

PER_MEETING = 50


async def real(data: Path, cache: Path | None) -> tuple[list[Passage], list[np.ndarray]]:
    """The real passages and their vectors."""
    embedder = CachedEmbedder(cache)
    passages = [
        p
        for card, lines in meetings(data)
        for p in Borders().passages(card.id, [x for i in lines for x in split_line(i)])
    ]
    vectors = [await embedder.embed(parts(p)) for p in passages]
    embedder.save()
    return passages, vectors


def made(passages: Sequence[Passage], vectors: Sequence[np.ndarray], count: int) -> Iterator[tuple[Card, list[Entry]]]:
    """``count`` mixed passages, meeting by meeting; the same every time."""
    rng = np.random.default_rng(7)
    lines = [line for p in passages for line in p.lines]
    for first in range(0, count, PER_MEETING):
        meeting = f"made{first // PER_MEETING}"
        entries = []
        for position in range(min(PER_MEETING, count - first)):
            chosen = [lines[i] for i in rng.integers(0, len(lines), 16)]
            text = tuple(Line(f"s{position}", position * 90.0, position * 90.0 + 80, x.text, x.speaker) for x in chosen)
            a, b = vectors[rng.integers(len(vectors))], vectors[rng.integers(len(vectors))]
            share = rng.uniform(0.3, 0.7)
            mixed = share * a[[0, -1]] + (1 - share) * b[[0, -1]]
            start = position * 90.0
            passage = Passage(f"{meeting}-t{position}", meeting, "transcript", start, start + 80, text, position)
            entries.append(Entry(passage, (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)))
        yield Card(meeting, f"Meeting {first}", 1.6e9 + first, ("Ann", "Bob")), entries


async def measure(index: SearchIndex, data: Path, scopes: dict[str, Scope]) -> None:
    """Times of every question in each scope."""
    embedder = await AsyncEmbedder.load(models_dir(os.environ), threads=1)
    searcher = Searcher(index, embedder, Weights())
    asked = [q.text for q in questions(data)]
    started = time.perf_counter()
    for text in asked:
        await embedder.embed([text, text])
    print(f"embedding a question: {(time.perf_counter() - started) * 1000 / len(asked):.1f} ms on average")
    for name, scope in scopes.items():
        for text in asked[:10]:
            await searcher.search(text, scope)
        times, began = [], time.process_time()
        for text in asked:
            times.append((await searcher.search(text, scope)).took_ms)
        cpu_ms = (time.process_time() - began) * 1000 / len(asked)
        p50, p95, top = np.percentile(times, [50, 95, 100])
        print(
            f"{name:20s} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  max {top:6.1f} ms  n={len(times)}  "
            f"processor time {cpu_ms:.0f} ms each",
            flush=True,
        )
    embedder.close()


async def filled(index: SearchIndex, data: Path, count: int, cache: Path | None) -> None:
    """Store the meetings that are missing; an index that has the last one has them all."""
    last = (count - 1) // PER_MEETING
    if len(await index.ids(f"made{last}")) == count - last * PER_MEETING:
        return
    passages, vectors = await real(data, cache)
    started = time.perf_counter()
    stored = 0
    for card, entries in made(passages, vectors, count):
        if len(await index.ids(card.id)) != len(entries):
            await index.put(card, entries)
            stored += len(entries)
    took = time.perf_counter() - started
    print(f"{stored} passages stored in {took:.0f} s ({stored / took:.0f} a second)", flush=True)


async def bulk(data: Path, count: int, cache: Path | None, folder_kept: Path) -> None:
    """Write the file of ``filled`` at once, which takes minutes for a million passages, and not an hour."""
    passages, vectors = await real(data, cache)
    await write_bulk(folder_kept / "search.db", made(passages, vectors, count))


async def run(count: int, cache: Path | None, folder_kept: Path | None, weaviate: bool, fill_only: bool) -> None:
    """Fill, measure, print."""
    data = folder()
    if data is None:
        print("skipped: no search evaluation data (set SEARCH_EVAL_DATA)")
        return
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        index = await opened(folder_kept or Path(scratch), weaviate, empty=folder_kept is None)
        print(f"opened in {time.perf_counter() - started:.1f} s", flush=True)
        await filled(index, data, count, cache)
        some = frozenset(f"made{n}" for n in range(0, count // PER_MEETING, 2))
        everything, half, one = Scope(None), Scope(visible=some), Scope(None, meetings=frozenset({"made1"}))
        if not fill_only:
            await measure(index, data, {"everything": everything, "half is visible": half, "one meeting": one})
        await index.close()
    print(f"memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, help="file that keeps the vectors between runs")
    parser.add_argument("--keep", type=Path, help="folder for the index: filled once, measured again and again")
    parser.add_argument("--fill-only", action="store_true")
    parser.add_argument(
        "--weaviate",
        action="store_true",
        help="measure the server at WEAVIATE_URL (it is emptied, but not with --keep)",
    )
    parser.add_argument(
        "--bulk", action="store_true", help="write the file in --keep at once, or what it lacks, and do nothing else"
    )
    args = parser.parse_args()
    data = folder()
    if args.bulk and args.keep and data:
        asyncio.run(bulk(data, args.passages, args.cache, args.keep))
        return
    asyncio.run(run(args.passages, args.cache, args.keep, args.weaviate, args.fill_only))


if __name__ == "__main__":
    main()
