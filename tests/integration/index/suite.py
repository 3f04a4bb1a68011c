"""What every search index must do: the same claims run against each adapter (see the test modules beside this)."""

import numpy as np

from gateway.index.port import Candidate, Card, Entry, Line, Needle, Passage, Scope, SearchIndex
from tests.fakes.embedder import WordEmbedder

EVERYWHERE = Scope(visible=None)


def passage(
    meeting: str, number: int, text: str, *, kind: str = "transcript", speaker: str = "Ann", **fields: object
) -> Passage:
    start = number * 60.0
    line = Line(f"{meeting}-s{number}", start, start + 50, text, speaker)
    return Passage(f"{meeting}-{kind}{number}", meeting, kind, start, start + 50, (line,), position=number, **fields)  # type: ignore[arg-type]


async def entry(item: Passage) -> Entry:
    return Entry(item, await WordEmbedder().embed([item.text]))


async def needle(text: str) -> Needle:
    return Needle(tuple(text.split()), (await WordEmbedder().embed([text]))[0])


def card(meeting: str, day: float = 0, *people: str) -> Card:
    return Card(meeting, f"Meeting {meeting}", day, people)


def ids(found: list[Candidate]) -> set[str]:
    return {c.passage.id for c in found}


async def put(index: SearchIndex, of: Card, *items: Passage) -> None:
    await index.put(of, [await entry(item) for item in items])


class SearchIndexSuite:
    """Inherit, and give an ``index`` fixture."""

    async def test_what_was_put_is_found_by_its_words_whatever_their_ending(self, index: SearchIndex) -> None:
        await put(index, card("m1"), passage("m1", 0, "we decided to delay the shipments of batteries"))
        found = await index.candidates(Needle(("shipping", "battery"), None), EVERYWHERE, 10)
        assert [(c.passage.id, c.keyword > 0, c.nearest) for c in found] == [("m1-transcript0", True, None)]

    async def test_what_was_put_comes_back_whole(self, index: SearchIndex) -> None:
        item = passage(
            "m1", 3, "a b c ünïcode 語 \u202e <script>", kind="action", owner="Ann", status="open", due="2025-01-02"
        )
        await put(index, card("m1", 5, "Ann"), item)
        (found,) = await index.candidates(await needle("ünïcode"), EVERYWHERE, 10)
        assert (found.passage, found.card) == (item, card("m1", 5, "Ann"))

    async def test_the_nearest_by_vector_is_found_without_a_common_word(self, index: SearchIndex) -> None:
        await put(index, card("m1"), *(passage("m1", n, f"talk number {n} of many") for n in range(30)))
        await put(index, card("m2"), passage("m2", 0, "solar cells"))
        vector = (await WordEmbedder().embed(["solar cells"]))[0]
        found = await index.candidates(Needle(("photovoltaic",), vector), EVERYWHERE, 3)
        best = max(found, key=lambda c: c.nearest or -1)
        assert (best.passage.id, round(best.nearest or 0, 1), best.keyword) == ("m2-transcript0", 1.0, 0.0)

    async def test_the_nearest_part_of_a_passage_is_named(self, index: SearchIndex) -> None:
        parts = await WordEmbedder().embed(["the first part", "second piece", "what comes last"])
        await index.put(card("m1"), [Entry(passage("m1", 0, "the first part second piece what comes last"), parts)])
        (found,) = await index.candidates(Needle((), parts[2]), EVERYWHERE, 5)
        assert found.nearest_part == 2
        assert found.nearest is not None
        assert found.mean is not None
        assert found.mean < found.nearest

    async def test_putting_again_replaces(self, index: SearchIndex) -> None:
        await put(index, card("m1"), passage("m1", 0, "the old words"))
        await put(index, card("m1"), passage("m1", 0, "the new sentence"))
        await put(index, card("m1"), passage("m1", 0, "the new sentence"))
        assert await index.ids("m1") == {"m1-transcript0"}
        assert [c.keyword for c in await index.candidates(Needle(("old",), None), EVERYWHERE, 5)] == []
        assert len(await index.candidates(await needle("sentence"), EVERYWHERE, 5)) == 1

    async def test_gone_passages_and_deleted_meetings_are_found_no_more(self, index: SearchIndex) -> None:
        await put(index, card("m1"), passage("m1", 0, "alpha"), passage("m1", 1, "alpha beta"))
        await put(index, card("m2"), passage("m2", 0, "alpha"))
        await index.put(card("m1"), [], gone=["m1-transcript0"])
        assert ids(await index.candidates(await needle("alpha"), EVERYWHERE, 5)) == {"m1-transcript1", "m2-transcript0"}
        await index.delete("m1")
        await index.delete("never-was")
        assert ids(await index.candidates(await needle("alpha"), EVERYWHERE, 5)) == {"m2-transcript0"}
        assert await index.ids("m1") == set()

    async def test_what_the_user_may_not_see_does_not_use_up_the_limit(self, index: SearchIndex) -> None:
        await put(index, card("secret"), *(passage("secret", n, "budget budget budget") for n in range(20)))
        await put(index, card("mine"), passage("mine", 0, "a word on the budget among many other things"))
        found = await index.candidates(await needle("budget"), Scope(visible=frozenset({"mine"})), 3)
        assert ids(found) == {"mine-transcript0"}
        assert await index.candidates(await needle("budget"), Scope(visible=frozenset()), 3) == []

    async def test_every_filter_restricts(self, index: SearchIndex) -> None:
        await put(
            index,
            card("m1", 100.0, "Ann", "Bob"),
            passage("m1", 0, "topic one", speaker="Ann"),
            passage("m1", 1, "topic two", speaker="Bob"),
            passage("m1", 9, "topic three", kind="action", owner="Bob", status="open"),
        )
        await put(
            index, card("m2", 200.0, "Cy"), passage("m2", 0, "topic four", kind="action", owner="Cy", status="done")
        )
        cases = {
            ("m1-transcript0", "m1-transcript1", "m1-action9"): Scope(None, meetings=frozenset({"m1"})),
            ("m1-action9", "m2-action0"): Scope(None, kinds=frozenset({"action"})),
            ("m1-transcript1",): Scope(None, speakers=frozenset({"Bob"})),
            ("m2-action0",): Scope(None, participants=frozenset({"Cy", "Nobody"})),
            ("m1-action9",): Scope(None, owners=frozenset({"Bob"})),
            ("m2-action0", ""): Scope(None, statuses=frozenset({"done"})),
            ("m2-action0", "", ""): Scope(None, after=200.0),
            ("m1-transcript0", "m1-transcript1", "m1-action9", ""): Scope(None, before=200.0),
            ("m1-transcript1", "m1-action9"): Scope(None, meetings=frozenset({"m1"}), since_s=100.0),
            (): Scope(frozenset({"m1"}), meetings=frozenset({"m2"})),
        }
        for expected, scope in cases.items():
            assert ids(await index.candidates(await needle("topic"), scope, 10)) == set(expected) - {""}, scope

    async def test_a_passage_without_vectors_waits_and_is_found_by_words(self, index: SearchIndex) -> None:
        item = passage("m1", 0, "embedded later")
        await index.put(card("m1"), [Entry(item, None)])
        assert [p for _, p in await index.unembedded(5)] == [item]
        (found,) = await index.candidates(await needle("later"), EVERYWHERE, 5)
        assert found.nearest is None
        await put(index, card("m1"), item)
        assert await index.unembedded(5) == []

    async def test_the_cursor_is_kept_and_cleared_with_everything(self, index: SearchIndex) -> None:
        assert await index.cursor() == 0
        await put(index, card("m1"), passage("m1", 0, "alpha"))
        await index.advance(42)
        assert await index.cursor() == 42
        await index.clear()
        assert (await index.cursor(), await index.ids("m1")) == (0, set())

    async def test_hostile_words_are_only_words(self, index: SearchIndex) -> None:
        await put(index, card("m1"), passage("m1", 0, "plain talk"))
        for word in ('"', "' OR 1=1 --", "a* NEAR(b)", "text:x", "^", "\x00", "}{", "%", "語" * 300):
            await index.candidates(Needle((word, "plain"), np.zeros(384, np.float32)), EVERYWHERE, 5)
        assert ids(await index.candidates(Needle(("plain",), None), EVERYWHERE, 5)) == {"m1-transcript0"}
