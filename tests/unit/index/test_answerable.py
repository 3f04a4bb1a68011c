"""What is near and has the words is answered; what lacks the word that matters is not, however near the subject."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.index.answerable import answered, signs
from gateway.index.port import Candidate, Card, Line, Passage

TALK = (
    "the battery of the remote control should last a year",
    "the remote control gets a rubber case and a scroll wheel",
    "marketing wants a yellow remote control for young people",
    "the budget for the project is tight this year",
)


def pool(nearest: float | None, *texts: str) -> list[Candidate]:
    card = Card("m", "M", 0.0)
    lines = [(Line(f"s{n}", 0.0, 1.0, text, "Ann"),) for n, text in enumerate(texts)]
    return [
        Candidate(Passage(f"p{n}", "m", "transcript", 0.0, 1.0, line, position=n), card, 1.0, nearest)
        for n, line in enumerate(lines)
    ]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Should the battery last a year?", True),
        ("What did Ann say about the scroll wheel?", True),
        ("How long is the warranty of the remote control?", False),
        ("Which vineyard delivers the wine?", False),
    ],
)
def test_the_word_that_matters_must_have_been_said(question: str, expected: bool) -> None:
    found = pool(0.45, *TALK)
    assert answered(question, found, found) is expected


def test_without_vectors_one_passage_must_have_most_of_the_words() -> None:
    found = pool(None, *TALK)
    assert answered("rubber case", found, found)
    assert not answered("rubber duck with a whistle", found, found)
    assert not answered("anything", [], [])


def test_words_nobody_said_are_counted_and_names_are_not_asked_for() -> None:
    found = pool(0.5, *TALK)
    _, covered, unsaid = signs("What did Ann think of the titanium battery?", found, found)
    assert unsaid == 1
    assert 0 < covered < 1


@given(st.text(max_size=60), st.lists(st.text(max_size=40), max_size=4), st.floats(-1, 1))
@settings(deadline=None)
def test_signs_are_shares_whatever_is_asked(question: str, texts: list[str], nearest: float) -> None:
    found = pool(nearest, *texts)
    cosine, covered, unsaid = signs(question, found, found)
    assert 0 <= covered <= 1.0001
    assert unsaid >= 0
    assert np.isfinite(cosine)
