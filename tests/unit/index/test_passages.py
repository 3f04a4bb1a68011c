"""Passages are long enough to make sense, cover every line once, and keep their borders."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.index.passages import LINE_WORDS, PART_WORDS, PASSAGE_WORDS, Borders, part_lines, parts, split_line
from gateway.index.port import MAX_PARTS, Line


def line(start: float, words: int = 10, text: str = "word", speaker: str | None = "Ann") -> Line:
    return Line(f"s{start}", start, start + 5, " ".join([text] * words), speaker)


@given(st.lists(st.integers(1, 60), max_size=80))
def test_every_line_is_in_exactly_one_passage_in_order(counts: list[int]) -> None:
    lines = [line(float(n), words) for n, words in enumerate(counts)]
    passages = Borders().passages("m", lines)
    assert [x for p in passages for x in p.lines] == lines
    assert [p.position for p in passages] == list(range(len(passages)))
    assert all(PASSAGE_WORDS <= len(p.text.split()) < PASSAGE_WORDS + LINE_WORDS for p in passages[:-1])


def test_more_talk_changes_only_the_last_passage() -> None:
    borders, lines = Borders(), [line(float(n)) for n in range(100)]
    before = borders.passages("m", lines)
    after = borders.passages("m", [*lines, line(100.0)])
    assert after[: len(before) - 1] == before[:-1]


def test_a_late_segment_changes_only_the_passage_it_falls_into() -> None:
    borders, lines = Borders(), [line(float(n)) for n in range(100)]
    before = borders.passages("m", lines)
    late = line(3.5, words=40)
    after = borders.passages("m", sorted([*lines, late], key=lambda x: x.start))
    assert [a.id for a in after] == [b.id for b in before]
    assert [a == b for a, b in zip(after, before, strict=True)] == [False, True, True]


def test_a_long_utterance_is_split_with_times_in_proportion() -> None:
    pieces = split_line(Line("s", 0.0, 100.0, " ".join(["x"] * 100)))
    assert [(p.segment, p.start, p.end, len(p.text.split())) for p in pieces] == [
        ("s", 0.0, 60.0, 60),
        ("s", 60.0, 100.0, 40),
    ]
    assert split_line(Line("s", 0, 1, "  ")) == []


@given(st.lists(st.integers(1, LINE_WORDS), min_size=1, max_size=60))
@settings(deadline=None)
def test_parts_are_few_cover_every_line_and_those_before_the_last_stay_when_more_is_said(counts: list[int]) -> None:
    lines = [line(float(n), words) for n, words in enumerate(counts)]
    for passage in Borders().passages("m", lines):
        split = [part_lines(passage, n) for n in range(len(parts(passage)))]
        assert len(split) <= MAX_PARTS
        assert tuple(x for part in split for x in part) == passage.lines
        assert all(
            PART_WORDS <= sum(len(x.text.split()) for x in part) < PART_WORDS + LINE_WORDS for part in split[:-1]
        )
        longer = msgspec.structs.replace(passage, lines=(*passage.lines, line(999.0, 30)))
        assert parts(longer)[: len(split) - 1] == parts(passage)[:-1]
        assert parts(passage)[0].startswith("Ann: word")


def test_a_short_passage_is_embedded_whole() -> None:
    (passage,) = Borders().passages("m", [line(0.0), line(1.0)])
    assert len(parts(passage)) == 1
    assert part_lines(passage, 0) == passage.lines
