"""One thing said in two breaths is one place; introductions and jests are none."""

import pytest

from analyzer.spots import places, vetoed
from analyzer.units import Unit


def units(*lines: tuple[str, str]) -> list[Unit]:
    return [Unit(f"s{n}", 0, who, text, 5.0 * n, 5.0 * n + 4) for n, (who, text) in enumerate(lines)]


def test_a_short_yes_supports_the_request_before_it_and_is_no_item_of_its_own() -> None:
    talk = units(("Ana", "Can you call the printer tomorrow?"), ("Tom", "Sure, will do."), ("Ana", "Thank you."))
    assert places("action", talk, [1.0, 2.0, -3.0], 0.0) == [(0, (1,))]


def test_a_short_yes_alone_is_nothing() -> None:
    assert places("action", units(("Tom", "Sure, will do.")), [2.0], 0.0) == []


def test_two_tasks_told_one_after_the_other_stay_two() -> None:
    talk = units(("Ana", "Nils gets the three quotes."), ("Ana", "Oona writes to the council."))
    assert places("action", talk, [1.0, 1.0], 0.0) == [(0, ()), (1, ())]


def test_a_line_that_only_leads_up_to_a_task_supports_it() -> None:
    talk = units(("Ana", "The supplier is waiting for our price list."), ("Tom", "I will send it to him on Friday."))
    assert places("action", talk, [1.0, 4.0], 0.0) == [(1, (0,))]


def test_a_decision_said_in_two_breaths_is_one_with_both_as_evidence() -> None:
    talk = units(("Ana", "So we take the blue one."), ("Ana", "The blue one it is."))
    assert places("decision", talk, [1.0, 2.0], 0.0) == [(1, (0,))]


@pytest.mark.parametrize(
    "text",
    [
        "I'm Craig and I'm User Interface.",
        "I'm the project manager.",
        "Let me show you the first slide.",
        "I'll go first.",
        "Talk to you on Friday then.",
        "Next year on the moon, Greg.",
        "Who's for the letter?",
        "I answered them all by Sunday evening.",
        "I can't, I've got forty reports to write.",
    ],
)
def test_what_is_plainly_no_task_is_ruled_out_by_its_form(text: str) -> None:
    assert vetoed("action", text)


def test_a_promise_is_not_ruled_out() -> None:
    assert not vetoed("action", "I'm going to send the list, I'll see to it that it goes out today.")
