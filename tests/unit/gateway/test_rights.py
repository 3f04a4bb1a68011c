"""The right to read along: one look for all readers of a meeting, and nobody reads on without it."""

import asyncio

import pytest

from contracts.errors import NotFound
from gateway.auth.access import Readership
from gateway.auth.identity import User
from gateway.feed.rights import RECHECK_S, Rights

OWNER = User("owner", "Olga", "owner")
MEMBERS = [User(f"u{n}", f"User {n}", "member") for n in range(100)]
GUEST = User("g", "Gast", "guest")


class Table:
    """Who may read, and how often that was asked."""

    def __init__(self) -> None:
        self.state: str | None = "live"
        self.roles = {user.id: "member" for user in MEMBERS} | {GUEST.id: "guest"}
        self.looks = 0

    async def readers(self, meeting: str) -> Readership:
        self.looks += 1
        found = Readership(self.state, dict(self.roles))
        await asyncio.sleep(0)
        return found


async def _refused(rights: Rights, user: User, now_s: float) -> bool:
    try:
        await rights.check(user, "m", now_s)
    except NotFound:
        return True
    return False


async def test_all_readers_together_cost_one_look_in_a_while() -> None:
    table = Table()
    rights = Rights(table.readers)
    for now_s in (0.0, 1.0, 0.99 * RECHECK_S):
        await asyncio.gather(*(rights.check(user, "m", now_s) for user in [OWNER, GUEST, *MEMBERS]))
    assert table.looks == 1
    await asyncio.gather(*(rights.check(user, "m", RECHECK_S) for user in MEMBERS))
    assert table.looks == 2


async def test_a_right_that_was_taken_away_ends_within_the_while_and_for_that_user_only() -> None:
    table = Table()
    rights = Rights(table.readers)
    await rights.check(MEMBERS[0], "m", 0.0)
    del table.roles[MEMBERS[0].id]
    assert await _refused(rights, MEMBERS[0], RECHECK_S)
    assert not await _refused(rights, MEMBERS[1], RECHECK_S)


async def test_who_was_let_in_after_the_last_look_is_not_refused_by_it() -> None:
    table = Table()
    rights = Rights(table.readers)
    await rights.check(MEMBERS[0], "m", 0.0)
    late = User("late", "Lara", "member")
    assert await _refused(rights, late, 0.1)
    table.roles[late.id] = "member"
    assert not await _refused(rights, late, 0.2)


@pytest.mark.parametrize(
    ("state", "guest_refused", "owner_refused"),
    [("live", False, False), ("ending", False, False), ("completed", True, False), (None, True, True)],
)
async def test_guests_read_until_the_meeting_is_over_and_nobody_reads_one_that_is_gone(
    state: str | None, guest_refused: bool, owner_refused: bool
) -> None:
    table = Table()
    table.state = state
    rights = Rights(table.readers)
    assert await _refused(rights, GUEST, 0.0) == guest_refused
    assert await _refused(rights, OWNER, 0.0) == owner_refused


async def test_meetings_that_nobody_reads_are_forgotten() -> None:
    table = Table()
    rights = Rights(table.readers)
    for n in range(50):
        await rights.check(OWNER, f"m{n}", n * RECHECK_S)
    assert (len(rights._known), len(rights._locks)) == (1, 1)
