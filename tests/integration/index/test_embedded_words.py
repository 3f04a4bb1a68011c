"""Word lists on disk, the newest passages beside them: whatever is put and removed, BM25 is that of the rest."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gateway.index import embedded_rows
from gateway.index.embedded import EmbeddedIndex
from gateway.index.port import Needle, Passage, Scope
from tests.integration.index.suite import card, passage, put

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon"]


def bm25(texts: dict[str, str], asked: list[str]) -> dict[str, float]:
    counts = {id_: Counter(text.split()) for id_, text in texts.items()}
    average = sum(sum(c.values()) for c in counts.values()) / max(1, len(counts))
    scores = dict.fromkeys(texts, 0.0)
    for word in asked:
        having = sum(word in c for c in counts.values())
        weight = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
        for id_, c in counts.items():
            norm = 1.2 * (0.25 + 0.75 * sum(c.values()) / average)
            scores[id_] += weight * c[word] * 2.2 / (c[word] + norm)
    return {id_: score for id_, score in scores.items() if score > 0}


async def found(index: EmbeddedIndex, *asked: str) -> dict[str, float]:
    candidates = await index.candidates(Needle(asked, None), Scope(None), 1000)
    return {c.passage.id: c.keyword for c in candidates}


def some(rng: np.random.Generator) -> list[Passage]:
    numbers = rng.integers(0, 25, 4)
    return [passage("m1", int(n), " ".join(rng.choice(WORDS, int(rng.integers(1, 12))))) for n in set(numbers.tolist())]


async def test_scores_are_those_of_what_is_there_through_puts_merges_removals_and_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_rows, "MERGE_AT", 7)
    rng, texts = np.random.default_rng(3), dict[str, str]()
    index = await EmbeddedIndex.open(tmp_path / "search.db")
    for step in range(40):
        items = some(rng)
        gone = [id_ for id_ in list(texts) if rng.random() < 0.1 and id_ not in {p.id for p in items}]
        await put(index, card("m1"), *items)
        await index.put(card("m1"), [], gone)
        texts |= {p.id: p.text for p in items}
        for id_ in gone:
            del texts[id_]
        if step % 13 == 12:
            await index.close()
            index = await EmbeddedIndex.open(tmp_path / "search.db")
        assert await found(index, "alpha", "delta") == pytest.approx(bm25(texts, ["alpha", "delta"]), abs=1e-4), step
    await index.close()


async def test_words_of_a_deleted_meeting_leave_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_rows, "MERGE_AT", 2)
    index = await EmbeddedIndex.open(tmp_path / "search.db")
    await put(index, card("m1"), *(passage("m1", n, "confidential xylophone") for n in range(3)))
    await put(index, card("m2"), *(passage("m2", n, "ordinary words") for n in range(3)))
    await index.delete("m1")
    assert await found(index, "xylophone") == {}
    await index.close()
    assert b"xylophon" not in (tmp_path / "search.db").read_bytes()


async def test_limits_count_only_what_is_allowed_and_so_do_common_words(tmp_path: Path) -> None:
    index = await EmbeddedIndex.open(tmp_path / "search.db")
    await put(index, card("secret"), *(passage("secret", n, "budget budget") for n in range(50)))
    await put(index, card("mine"), passage("mine", 0, "budget talk"), passage("mine", 1, "other talk"))
    mine = Scope(frozenset({"mine"}))
    before = {c.passage.id: c.keyword for c in await index.candidates(Needle(("budget",), None), mine, 3)}
    await index.delete("secret")
    assert before == {c.passage.id: c.keyword for c in await index.candidates(Needle(("budget",), None), mine, 3)}
    await index.close()
