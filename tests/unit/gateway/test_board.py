"""The board shows what is asked for, late items as late, and counts everything that may be seen."""

import datetime as dt

from contracts.notes import NoteItem
from gateway.board import BoardItem, Wanted, board, board_item
from gateway.view import Facts

NOON = dt.datetime(2025, 3, 10, 12, tzinfo=dt.UTC).timestamp()
OLD, NEW = Facts("m1", "Old", "u", 100.0), Facts("m2", "New", "u", 200.0)


def item(name: str, **fields: object) -> NoteItem:
    return NoteItem(name, "action", name, **fields)  # type: ignore[arg-type]


def some() -> list[BoardItem]:
    notes = [
        (OLD, item("a", owner="Ann", due="2025-03-09")),
        (OLD, item("b", owner="ann", due="2025-03-10")),
        (NEW, item("c", owner="Bob")),
        (OLD, item("d")),
        (NEW, item("e", owner="Bob", due="2025-03-01", status="done")),
        (NEW, item("f", owner="Bob", due="next spring")),
        (NEW, item("x", deleted=True)),
        (NEW, item("y", merged_into="a")),
        (NEW, item("z", status="withdrawn")),
    ]
    return [board_item(facts, note, NOON) for facts, note in notes]


def names(wanted: Wanted, limit: int = 50, offset: int = 0) -> str:
    return "".join(i.item.id for i in board(some(), wanted, limit, offset).items)


def test_items_come_by_due_day_and_undated_ones_of_newer_meetings_before_older() -> None:
    assert names(Wanted()) == "eabcfd"


def test_every_filter_restricts_and_an_empty_owner_means_nobody() -> None:
    cases = {
        "ab": Wanted(owners=frozenset({"ANN"})),
        "d": Wanted(owners=frozenset({""})),
        "e": Wanted(statuses=frozenset({"done"})),
        "abd": Wanted(meetings=frozenset({"m1"})),
        "ea": Wanted(due_to=dt.date(2025, 3, 9)),
        "b": Wanted(due_from=dt.date(2025, 3, 10)),
        "a": Wanted(overdue=True),
        "ebcfd": Wanted(overdue=False),
    }
    for expected, wanted in cases.items():
        assert names(wanted) == expected, wanted


def test_a_day_is_over_when_it_is_over_where_the_meeting_was() -> None:
    due_today = item("t", due="2025-03-10")
    for zone, late in (
        ("Pacific/Kiritimati", True),
        ("UTC", False),
        ("America/Los_Angeles", False),
        ("no/where", False),
    ):
        assert board_item(Facts("m", "M", "u", 0.0, zone), due_today, NOON).overdue is late, zone


def test_pages_follow_each_other_and_counts_are_of_everything() -> None:
    first = board(some(), Wanted(owners=frozenset({"Bob"})), 2, 0)
    assert (first.total, first.next, first.counts) == (3, 2, {"open": 5, "done": 1, "overdue": 1})
    assert [(o.owner, o.open, o.overdue) for o in first.owners] == [
        ("Bob", 2, 0),
        ("Ann", 1, 1),
        ("ann", 1, 0),
        (None, 1, 0),
    ]
    assert names(Wanted(), 4) + names(Wanted(), 4, 4) == names(Wanted())
    assert board(some(), Wanted(), 4, 4).next is None
