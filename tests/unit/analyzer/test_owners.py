"""Owners come from the form of the words: promise, accepted request, third person; else nobody."""

import pytest

from analyzer.owners import owner_of
from analyzer.units import Unit

PEOPLE = ["Ana", "Tom", "Project Manager"]


def units(*lines: tuple[str, str]) -> list[Unit]:
    return [Unit(f"s{n}", 0, who, text, 5.0 * n, 5.0 * n + 4) for n, (who, text) in enumerate(lines)]


@pytest.mark.parametrize(
    ("lines", "owner"),
    [
        ([("Ana", "I'll write to the supplier.")], "Ana"),
        ([("Ana", "Let me check that with the bank.")], "Ana"),
        ([("Ana", "Can you call the printer?"), ("Tom", "Sure, no problem.")], "Tom"),
        ([("Ana", "Can you call the printer?"), ("Tom", "No, sorry, I can't.")], None),
        ([("Ana", "Can you call the printer?"), ("Ana", "Or maybe not.")], None),
        ([("Ana", "Tom, could you call the printer?"), ("Tom", "Okay.")], "Tom"),
        ([("Ana", "Tom, could you call the printer?"), ("Tom", "I really can't, sorry.")], None),
        ([("Ana", "Tom will call the printer.")], "Tom"),
        ([("Ana", "The Industrial Designer will work on the case.")], "Industrial Designer"),
        ([("Ana", "We should call the printer.")], None),
        ([("Ana", "Somebody has to call the printer.")], None),
    ],
)
def test_the_owner_is_who_the_words_bind_and_nobody_else(lines: list[tuple[str, str]], owner: str | None) -> None:
    assert owner_of(units(*lines), 0, PEOPLE) == owner


def test_when_all_voices_have_one_label_a_request_makes_nobody_the_owner() -> None:
    lines = units(("Speaker 1", "Can you call the printer?"), ("Speaker 1", "Sure."))
    assert owner_of(lines, 0, ["Speaker 1"]) is None


def test_a_voice_without_a_label_owns_nothing() -> None:
    line = Unit("s", 0, None, "I'll write to the supplier.", 0.0, 4.0)
    assert owner_of([line], 0, PEOPLE) is None
