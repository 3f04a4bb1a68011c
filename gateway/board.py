"""The action items of all meetings on one board: which are asked for, in which order, and which are late. Pure."""

import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from contracts.notes import NoteItem, Status
from gateway.view import Facts

UNDATED = dt.date.max
MAX_OWNERS = 100


class BoardItem(msgspec.Struct, frozen=True):
    """An action item where it stands. ``overdue``: open, and its day has passed in the meeting's time zone."""

    meeting: str
    title: str
    started_at: float
    item: NoteItem
    overdue: bool


class OwnerCount(msgspec.Struct, frozen=True):
    """How many open items somebody has; ``owner`` None = nobody's."""

    owner: str | None
    open: int
    overdue: int


class Board(msgspec.Struct, frozen=True):
    """A page of the board.

    ``total``: all items that the filters allow; ``next``: value of ``offset`` for the following page, None on the last.
    ``counts`` (by status, and ``overdue``) and ``owners`` (most open items first) count every item that may be seen.
    """

    items: tuple[BoardItem, ...]
    total: int
    next: int | None
    counts: dict[str, int]
    owners: tuple[OwnerCount, ...]


class Wanted(msgspec.Struct, frozen=True):
    """What is asked for; empty fields do not restrict. An owner "" means nobody's items; owners by any case."""

    owners: frozenset[str] = frozenset()
    statuses: frozenset[Status] = frozenset()
    meetings: frozenset[str] = frozenset()
    due_from: dt.date | None = None
    due_to: dt.date | None = None
    overdue: bool | None = None


def board_item(facts: Facts, item: NoteItem, now: float) -> BoardItem:
    """The item on the board at wall clock ``now``."""
    due = day_of(item.due)
    late = item.status == "open" and due is not None and due < _today(facts.timezone, now)
    return BoardItem(facts.meeting, facts.title, facts.started_at, item, late)


def board(items: Iterable[BoardItem], wanted: Wanted, limit: int, offset: int) -> Board:
    """The page: by due day, undated ones last, those of newer meetings first among equals."""
    shown = [i for i in items if not i.item.deleted and not i.item.merged_into and i.item.status != "withdrawn"]
    found = sorted((i for i in shown if _asked(i, wanted)), key=_order)
    return Board(
        tuple(found[offset : offset + limit]),
        len(found),
        offset + limit if len(found) > offset + limit else None,
        {**Counter(i.item.status for i in shown), "overdue": sum(i.overdue for i in shown)},
        _owners(shown),
    )


def day_of(due: str | None) -> dt.date | None:
    """The day that an item is due, when it is one."""
    try:
        return dt.date.fromisoformat(due or "")
    except ValueError:
        return None


def _today(timezone: str, now: float) -> dt.date:
    try:
        zone: dt.tzinfo = zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zone = dt.UTC
    return dt.datetime.fromtimestamp(now, zone).date()


def _asked(entry: BoardItem, wanted: Wanted) -> bool:
    due = day_of(entry.item.due)
    return (
        (not wanted.owners or (entry.item.owner or "").casefold() in {o.casefold() for o in wanted.owners})
        and (not wanted.statuses or entry.item.status in wanted.statuses)
        and (not wanted.meetings or entry.meeting in wanted.meetings)
        and (wanted.due_from is None or (due is not None and due >= wanted.due_from))
        and (wanted.due_to is None or (due is not None and due <= wanted.due_to))
        and (wanted.overdue is None or entry.overdue == wanted.overdue)
    )


def _order(entry: BoardItem) -> tuple[dt.date, float, str]:
    return day_of(entry.item.due) or UNDATED, -entry.started_at, entry.item.id


def _owners(shown: Sequence[BoardItem]) -> tuple[OwnerCount, ...]:
    open_ = Counter(i.item.owner for i in shown if i.item.status == "open")
    late = Counter(i.item.owner for i in shown if i.overdue)
    return tuple(OwnerCount(owner, n, late[owner]) for owner, n in open_.most_common(MAX_OWNERS))
