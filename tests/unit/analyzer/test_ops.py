"""The last gate: no quote that is not in the words, no owner that nobody named, no text from elsewhere."""

import random

import msgspec
import pytest

from analyzer.ops import Draft, grounded, item_id, publishable, stands, tidy
from analyzer.units import split
from contracts.notes import Evidence
from tests.unit.analyzer.meetings import Said

TALK = Said(
    ("Ana", "The supplier waits for the list. I will send the price list by Friday."),
    ("Tom", "Great, thank you very much."),
)


def draft(**changes: object) -> Draft:
    unit = split(TALK.heard["t-0"].segment, "Ana")[1]
    whole = Draft("action", "send the price list", (unit,), owner="Ana", confidence=0.9)
    return msgspec.structs.replace(whole, **changes)


def test_an_item_rests_on_a_quote_that_stands_word_for_word_in_its_segment() -> None:
    item = publishable(draft(), TALK.heard, TALK.people(), 1.0)
    assert item is not None
    assert item.evidence[0].quote in TALK.heard["t-0"].segment.text
    assert (item.text, item.owner, item.history[0].what) == ("Send the price list", "Ana", "added")


def test_invented_quotes_are_never_published_in_2000_random_changes() -> None:
    rng = random.Random(4)
    letters = "abcdefghijklmnopqrstuvwxyz .,'"
    unit = draft().units[0]
    for _ in range(2000):
        quote = list(unit.text)
        for _ in range(rng.randrange(1, 4)):
            place = rng.randrange(len(quote))
            quote[place : place + rng.randrange(2)] = rng.choice(letters)
        forged = msgspec.structs.replace(unit, text="".join(quote), segment_id=rng.choice(["t-0", "t-1", "t-9"]))
        item = publishable(draft(units=(forged,)), TALK.heard, TALK.people(), 1.0)
        if item is not None:
            said = " ".join(TALK.heard[forged.segment_id].segment.text.split())
            assert " ".join(forged.text.split()) in said


@pytest.mark.parametrize("quote", ["", "   ", "I will send the price", "end the price list by Friday."])
def test_a_quote_needs_whole_words_and_some_words(quote: str) -> None:
    found = stands(Evidence("t-0", quote, 0.0, 1.0), TALK.heard)
    assert found == (quote == "I will send the price")


def test_an_owner_who_neither_speaks_nor_is_named_is_left_out() -> None:
    item = publishable(draft(owner="Elon"), TALK.heard, TALK.people(), 1.0)
    assert item is not None
    assert item.owner is None


def test_an_empty_text_or_an_unknown_segment_is_refused() -> None:
    unit = msgspec.structs.replace(draft().units[0], segment_id="t-77")
    assert publishable(draft(units=(unit,)), TALK.heard, TALK.people(), 1.0) is None
    assert publishable(draft(text="  "), TALK.heard, TALK.people(), 1.0) is None


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Send the price list to the supplier", True),
        ("Sending price lists by Friday", True),
        ("Book a flight to Lisbon", False),
        ("Pay 4000 for the price list", False),
        ("", False),
    ],
)
def test_a_text_must_rest_on_the_words_of_the_excerpt(text: str, fits: bool) -> None:
    assert grounded(text, "The supplier waits. I will send the price list by Friday.") is fits


def test_the_same_words_give_the_same_item_after_a_crash() -> None:
    unit = draft().units[0]
    assert item_id("action", unit) == item_id("action", unit)
    assert item_id("action", unit) != item_id("decision", unit)


def test_texts_are_one_line_and_bounded() -> None:
    assert tidy(' "send   it\nnow" ') == "Send it now"
    assert len(tidy("word " * 500)) <= 240
