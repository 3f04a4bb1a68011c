"""Tasks in the words that were said, brought into form; and which of them are worth a language model's time."""

import pytest

from analyzer.phrase import phrase
from analyzer.signs import lift
from contracts.notes import Kind
from tests.unit.analyzer.meetings import Said


@pytest.mark.parametrize(
    ("lines", "text", "rough"),
    [
        ([("Tom", "Okay, so I'll send you the list by Friday, okay?"), ("Ana", "Great.")], "Send Ana the list", False),
        ([("Ana", "Tom, could you please clear the shelves?")], "Clear the shelves", False),
        ([("Ana", "Can you send me the price list for ten seats?")], "Send Ana the price list for ten seats", False),
        ([("Ana", "Could you call the agency, Omar?")], "Call the agency", False),
        ([("Ana", "Could you call the agency Omar?"), ("Omar", "Sure.")], "Call the agency", False),
        ([("Ana", "Could you give the keys to Omar?"), ("Omar", "Sure.")], "Give the keys to Omar", False),
        ([("Ana", "Could you ask Omar?"), ("Omar", "Sure.")], "Ask Omar", True),
        ([("Ana", "Could you ring my friend Omar?"), ("Tom", "Sure.")], "Ring Ana's friend Omar", False),
        ([("Ana", "Of course, I'll ring the doctor at ten.")], "Ring the doctor at ten", False),
        ([("Ana", "Somebody has to write to the parents of year seven.")], "Write to the parents of year seven", False),
        ([("Ana", "No, I'll bring it up with them myself tomorrow morning.")], "Bring it up with them", True),
        ([("Ana", "I'll prepare the papers, I only need the number from you.")], "Prepare the papers", False),
        ([("Ana", "I'll apply for the grant."), ("Tom", "Fine.")], "Apply for the grant", False),
        ([("Ana", "I'll send you all the plan."), ("Tom", "Fine."), ("Eve", "Good.")], "Send the plan", False),
        ([("Ana", "Ravi, will you have a look at the split?")], "Have a look at the split", False),
        ([("Ana", "Can you invite Jonah to?")], "Invite Jonah", True),
        ([("Ana", "I still have to order the second server.")], "Order the second server", False),
        ([("Ana", "The cables are in.")], "The cables are in.", True),
        ([("Ana", "I'll do it.")], "I'll do it.", True),
        ([("Ana", "Joana, yes, I'll ask her about the missing strings.")], "Ask her about the missing strings", True),
    ],
)  # fmt: skip
def test_a_task_starts_with_its_verb_and_says_whether_it_is_clear(
    lines: list[tuple[str, str]], text: str, rough: bool
) -> None:
    found = phrase("action", Said(*lines).units(), 0)
    assert (found.text, found.rough) == (text, rough)


@pytest.mark.parametrize(
    ("before", "promise", "text"),
    [
        (
            ("Tom", "I still have to order the second server."),
            "I'm going to do it tomorrow.",
            "Order the second server",
        ),
        (("Ana", "Could you call the printer for me?"), "Sure, I'll do that on Friday.", "Call the printer for Ana"),
        (("Ana", "The sun is out."), "I'll do it tomorrow.", "I'll do it tomorrow."),
    ],
)
def test_doing_it_is_told_by_what_was_said_before(before: tuple[str, str], promise: str, text: str) -> None:
    found = phrase("action", Said(before, ("Tom", promise)).units(), 1)
    assert (found.text, found.says) == (text, None if text == promise else 0)


def test_a_name_of_somebody_who_is_there_but_has_no_label_yet_is_not_part_of_the_task() -> None:
    units = Said(("Speaker 1", "Could you call the agency Omar?"), ("Speaker 2", "Sure.")).units()
    assert phrase("action", units, 0, ["Omar Haddad", "Ana"]).text == "Call the agency"
    assert phrase("action", units, 0, ["Ana"]).text == "Call the agency Omar"


@pytest.mark.parametrize("kind", ["action", "decision", "question", "risk"])
def test_no_words_are_added_but_names_of_the_speakers(kind: Kind) -> None:
    units = Said(
        ("Tom", "So we've decided that I'll post you the 3 keys, please, by Monday."), ("Ana", "Good.")
    ).units()
    said = set(units[0].text.lower().replace(",", "").replace(".", "").split())
    assert set(phrase(kind, units, 0).text.lower().replace(",", "").replace(".", "").split()) <= said | {"ana"}


def test_an_answer_that_nobody_knows_is_an_open_question_and_more_so_after_it_was_asked() -> None:
    units = Said(("Ana", "When does the disk fill up?"), ("Tom", "I don't know."), ("Tom", "It is blue.")).units()
    assert lift("question", units, 1) > lift("question", units[1:], 0) > lift("question", units, 2) == 0.0


def test_words_of_harm_are_a_sign_of_a_risk() -> None:
    units = Said(("Ana", "If it breaks we lose a week."), ("Tom", "The sun was out.")).units()
    assert lift("risk", units, 0) > 0.0 == lift("risk", units, 1)
