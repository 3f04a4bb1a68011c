"""The people of a meeting: what their records make of them, and who may come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Conflict, NotFound
from contracts.people import (
    InviteMade,
    InviteStopped,
    ParticipantChanged,
    ParticipantJoined,
    ParticipantLeft,
    PeopleRecord,
    Reason,
)
from gateway import people
from gateway.people import Invites, People

WHO = st.sampled_from(["a", "b", "c"])
AT = st.floats(0, 100)
RECORDS = st.one_of(
    st.builds(ParticipantJoined, st.just("m"), WHO, st.sampled_from(["Ana", "ana", "Tom"]), AT, st.just("n")),
    st.builds(ParticipantChanged, st.just("m"), WHO, st.sampled_from(["on", "paused", "off_record"]), AT),
    st.builds(ParticipantLeft, st.just("m"), WHO, AT, st.sampled_from(["left", "lost", "removed"])),
    st.builds(InviteMade, st.just("m"), WHO, WHO, st.just("o"), AT, AT),
    st.builds(InviteStopped, st.just("m"), WHO, st.just("o"), AT),
)


def folded(records: list[PeopleRecord]) -> tuple[People, Invites]:
    known: People = {}
    invites: Invites = {}
    for record in records:
        people.fold(known, invites, record)
    return known, invites


@given(st.lists(RECORDS, max_size=30))
def test_nobody_is_there_who_never_agreed_and_who_left_comes_back_only_by_agreeing(records: list[PeopleRecord]) -> None:
    known, _ = folded(records)
    joined = {r.participant for r in records if isinstance(r, ParticipantJoined)}
    assert set(known) == joined
    for participant, person in known.items():
        mine = [
            r
            for r in records
            if isinstance(r, ParticipantJoined | ParticipantChanged | ParticipantLeft) and r.participant == participant
        ]
        last_join = max(n for n, r in enumerate(mine) if isinstance(r, ParticipantJoined))
        ends = [r for r in mine[last_join + 1 :] if isinstance(r, ParticipantLeft) and r.reason != "lost"]
        if person.left_at is None:
            assert not ends or person.left == ""
        assert (person.left_at is None) == (person.left == "")


@pytest.mark.parametrize("reason", ["left", "removed"])
def test_who_was_lost_and_then_put_out_or_left_is_not_brought_back_by_a_connection(reason: Reason) -> None:
    known, _ = folded(
        [
            ParticipantJoined("m", "a", "Ana", 0.0, "n"),
            ParticipantLeft("m", "a", 5.0, "lost"),
            ParticipantLeft("m", "a", 9.0, reason),
            ParticipantLeft("m", "a", 10.0, "lost"),
            ParticipantChanged("m", "a", "on", 11.0),
        ]
    )
    assert (known["a"].left, known["a"].left_at) == (reason, 5.0)


def test_who_was_lost_is_back_with_their_connection() -> None:
    known, _ = folded(
        [
            ParticipantJoined("m", "a", "Ana", 0.0, "n"),
            ParticipantLeft("m", "a", 5.0, "lost"),
            ParticipantChanged("m", "a", "on", 6.0),
        ]
    )
    assert (known["a"].left, known["a"].left_at) == ("", None)


@given(st.lists(RECORDS, max_size=30))
def test_the_fold_says_what_it_changed(records: list[PeopleRecord]) -> None:
    known: People = {}
    invites: Invites = {}
    for record in records:
        before = dict(known)
        changed = people.fold(known, invites, record)
        differ = {p for p in known if before.get(p) != known[p]}
        assert differ <= {changed}


@given(st.lists(st.sampled_from(["Ana", "ANA", "Tom", "Tom (2)", "Ruth"]), min_size=1, max_size=12))
def test_no_two_people_have_one_name(wanted: list[str]) -> None:
    known: People = {}
    for n, name in enumerate(wanted):
        free = people.free_name(known, str(n), name)
        people.fold(known, {}, ParticipantJoined("m", str(n), free, 0.0, "n"))
    names = [p.name.casefold() for p in known.values()]
    assert len(set(names)) == len(names)


def test_who_comes_back_keeps_their_name() -> None:
    known, _ = folded([ParticipantJoined("m", "a", "Ana", 0.0, "n"), ParticipantLeft("m", "a", 1.0)])
    assert people.free_name(known, "a", "Ana") == "Ana"
    assert people.free_name(known, "b", "Ana") == "Ana (2)"


def test_a_link_works_until_its_time_or_until_it_is_stopped() -> None:
    made: list[PeopleRecord] = [InviteMade("m", "i", "hash", "o", 10.0, 20.0)]
    _, invites = folded(made)
    assert people.invite_for(invites, "hash", 19.0).invite == "i"
    for digest, now in (("other", 11.0), ("hash", 20.0)):
        with pytest.raises(NotFound):
            people.invite_for(invites, digest, now)
    _, stopped = folded([*made, InviteStopped("m", "i", "o", 12.0), *made])
    with pytest.raises(NotFound):
        people.invite_for(stopped, "hash", 13.0)


def test_a_full_meeting_lets_back_in_who_was_there() -> None:
    known: People = {}
    for n in range(people.MAX_PARTICIPANTS):
        people.fold(known, {}, ParticipantJoined("m", str(n), str(n), 0.0, "n"))
    people.check_room(known, "3")
    with pytest.raises(Conflict):
        people.check_room(known, "new")
