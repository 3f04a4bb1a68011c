"""What an earlier note is to a new one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.notes import Evidence, NoteItem
from gateway.index.port import Candidate, Card, Line, Needle, Passage, Scope
from gateway.index.related import POOL, Relater, differ, likeness, relation


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("The release is on 12 May", "We release on 19 May", True),
        ("The release is on 12 May", "The release date stays 12 May", False),
        ("We use rechargeable batteries", "We don't use rechargeable batteries", True),
        ("We work with Alfa", "We work with Beta", True),
        ("The team meets on Monday", "The team meets on Thursday", True),
        ("The report is in English", "The report will be written in English", False),
    ],
)
def test_another_number_day_name_or_a_denial_makes_a_difference(old: str, new: str, differs: bool) -> None:
    assert differ(new, old) is differs
    assert differ(old, new) is differs


def test_only_notes_on_the_same_thing_are_linked_and_actions_are_open_since() -> None:
    assert relation("action", "Send the updated budget", "Send the budget", 0.9) is not None
    assert relation("action", "Send the updated budget", "Send the budget", 0.9)[0] == "open_since"  # type: ignore[index]
    assert relation("decision", "The price is 30 euros", "The price is 25 euros", 0.9)[0] == "differs"  # type: ignore[index]
    assert relation("decision", "Paint the fence", "The price is 25 euros", 0.1) is None


@given(st.text(max_size=80), st.text(max_size=80), st.floats(-1, 1))
@settings(deadline=None)
def test_likeness_is_a_share_whatever_is_said(new: str, old: str, cosine: float) -> None:
    assert 0 <= likeness(new, old, cosine) <= 1.0001


class _Index:
    """Answers with what it is given, and remembers what it was asked."""

    def __init__(self, *passages: Passage) -> None:
        self.passages, self.scopes = passages, list[Scope]()

    async def candidates(self, needle: Needle, scope: Scope, limit: int) -> list[Candidate]:
        assert limit == POOL
        self.scopes.append(scope)
        return [Candidate(p, Card("old", "Old meeting", 7.0), 1.0) for p in self.passages]


class _Embedder:
    async def embed(self, texts: list[str]) -> np.ndarray:
        return np.ones((len(texts), 4), np.float32) / 2


async def test_a_link_shows_both_quotes_and_looks_only_at_open_actions_of_the_scope() -> None:
    lines = (Line("s1", 5.0, 9.0, "Send the budget"), Line("s1", 5.0, 9.0, "I will send the budget"))
    index = _Index(Passage("old-n-i1", "old", "action", 5.0, 9.0, lines, owner="Ann", status="open", due="2025-01-02"))
    new = NoteItem("i9", "action", "Send the new budget", evidence=(Evidence("s7", "I send the new budget", 1.0, 2.0),))
    scope = Scope(frozenset({"old"}), before=50.0)
    (found,) = await Relater(index, _Embedder()).related([new, NoteItem("q", "question", "Why?")], scope)  # type: ignore[arg-type]
    (link,) = found.links
    assert (found.item, found.quote.text, found.quote.segment) == ("i9", "I send the new budget", "s7")
    assert (link.relation, link.item, link.title, link.owner, link.due) == (
        "open_since",
        "i1",
        "Old meeting",
        "Ann",
        "2025-01-02",
    )
    assert (link.quote.text, link.quote.segment, link.quote.start) == ("I will send the budget", "s1", 5.0)
    (asked,) = index.scopes
    assert (asked.visible, asked.before, asked.kinds, asked.statuses) == (
        frozenset({"old"}),
        50.0,
        frozenset({"action"}),
        frozenset({"open"}),
    )
