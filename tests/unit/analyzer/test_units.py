"""Sentences are exact slices of their segment, with times."""

from hypothesis import given
from hypothesis import strategies as st

from analyzer.units import MAX_UNIT_WORDS, split
from contracts.transcript import Segment, Word


def test_each_sentence_becomes_a_unit_with_the_times_of_its_words() -> None:
    words = tuple(Word(w, float(n), n + 0.5) for n, w in enumerate(["I", "will", "call.", "Are", "you", "sure?"]))
    units = split(Segment("s", "t", 0.0, 6.0, "I will call. Are you sure?", words), "Ana")
    assert [(u.text, u.start, u.end, u.speaker) for u in units] == [
        ("I will call.", 0.0, 2.5, "Ana"),
        ("Are you sure?", 3.0, 5.5, "Ana"),
    ]


def test_times_are_shared_out_where_words_have_none() -> None:
    units = split(Segment("s", "t", 10.0, 20.0, "Yes, I can. No, I won't."), None)
    assert units[0].start == 10.0
    assert units[-1].end == 20.0
    assert units[0].end <= units[1].start


@given(st.text(max_size=600))
def test_every_unit_is_a_slice_of_the_text_and_no_word_is_lost(text: str) -> None:
    units = split(Segment("s", "t", 0.0, 9.0, text), None)
    assert all(u.text in text and u.text.strip() for u in units)
    assert "".join("".join(u.text.split()) for u in units) == "".join(text.split())
    assert all(len(u.text.split()) <= MAX_UNIT_WORDS for u in units)
