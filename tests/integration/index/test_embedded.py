"""The embedded index keeps the port's contract, and its file outlives the process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.errors import Misconfigured
from gateway.index import embedded
from gateway.index.embedded import EmbeddedIndex
from gateway.index.port import Scope
from tests.integration.index.suite import EVERYWHERE, SearchIndexSuite, card, ids, needle, passage, put


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[EmbeddedIndex]:
    opened = await EmbeddedIndex.open(tmp_path / "run" / "search.db")
    yield opened
    await opened.close()


class TestEmbedded(SearchIndexSuite):
    """The contract suite."""


async def test_what_is_stored_is_there_after_opening_again(tmp_path: Path) -> None:
    first = await EmbeddedIndex.open(tmp_path / "search.db")
    await put(first, card("m1"), passage("m1", 0, "kept words"))
    await first.advance(7)
    await first.close()
    again = await EmbeddedIndex.open(tmp_path / "search.db")
    assert (await again.cursor(), ids(await again.candidates(await needle("kept"), EVERYWHERE, 5))) == (
        7,
        {"m1-transcript0"},
    )
    await again.close()


async def test_a_file_of_another_schema_version_is_started_anew(tmp_path: Path) -> None:
    first = await EmbeddedIndex.open(tmp_path / "search.db")
    await put(first, card("m1"), passage("m1", 0, "old shape"))
    await first._file.write(lambda c: c.pragma("user_version", 99))
    await first.close()
    again = await EmbeddedIndex.open(tmp_path / "search.db")
    assert (await again.cursor(), await again.ids("m1")) == (0, set())
    await again.close()


async def test_a_file_that_is_no_database_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "search.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(Misconfigured):
        await EmbeddedIndex.open(tmp_path / "search.db")


async def test_a_large_scope_is_searched_by_signs_and_finds_the_same_best(
    index: EmbeddedIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for m in range(4):
        await put(index, card(f"m{m}"), *(passage(f"m{m}", n, f"talk {m} number {n} of many") for n in range(50)))
    wanted = await needle("talk 2 number 33 of many")
    monkeypatch.setattr(embedded, "EXACT_UP_TO", 10)
    for scope in (EVERYWHERE, Scope(visible=frozenset({"m1", "m2"}))):
        found = await index.candidates(wanted, scope, 5)
        assert max(found, key=lambda c: c.nearest or -1).passage.id == "m2-transcript33"
