"""Only what stands in the cited line is kept of a written answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.asking import WrittenSentence
from gateway.index.grounded import MAX_CHARS, standing, stands

LINE = "Ben: The batteries for the remote control cost 40,000 euros this year, and Carla orders them on Friday."
QUESTION = "What do the batteries cost?"


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Ben said that the batteries cost 40,000 euros this year.", True),
        ("Carla orders the batteries on Friday.", True),
        ("The batteries cost 45,000 euros this year.", False),
        ("Dora orders the batteries on Friday.", False),
        ("Carla orders the batteries on Monday.", False),
        ("Carla never orders the batteries.", False),
        ("The team worked hard to overcome many challenges with batteries.", False),
        ("Yes.", False),
        ("", False),
        ("batteries cost " * MAX_CHARS, False),
    ],
)
def test_names_and_figures_must_be_in_the_line_and_most_words_too(sentence: str, kept: bool) -> None:
    assert stands(sentence, LINE, QUESTION) is kept


def test_a_sentence_that_cites_another_line_moves_to_where_it_stands_and_comes_once() -> None:
    lines = ["Ann: Good morning.", LINE]
    written = [WrittenSentence("The batteries cost 40,000 euros.", n) for n in (1, 2, 99, -5)]
    written.append(WrittenSentence("The chairs cost 12 euros.", 1))
    assert standing(written, lines, QUESTION) == [WrittenSentence("The batteries cost 40,000 euros.", 2)]


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=50))
@settings(deadline=None)
def test_whatever_is_written_is_judged(sentence: str, line: str, question: str) -> None:
    assert stands(sentence, line, question) in (True, False)


def test_a_number_may_be_written_as_a_word_or_as_a_figure() -> None:
    assert stands("They launch on the 14th of March.", "We launch on the fourteenth of March", "When?")
    assert not stands("They launch on the 15th of March.", "We launch on the fourteenth of March", "When?")


def test_a_question_answers_nothing_and_the_speakers_name_is_no_part_of_the_sentence() -> None:
    lines = ["Ben: The batteries cost 40,000 euros this year.", "Ann: What do the batteries cost?"]
    written = [
        WrittenSentence("Ann: What do the batteries cost?", 2),
        WrittenSentence("Ben: The batteries cost 40,000 euros this year.", 1),
    ]
    assert standing(written, lines, QUESTION) == [WrittenSentence("The batteries cost 40,000 euros this year.", 1)]
