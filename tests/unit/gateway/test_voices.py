"""Remembered voices: a label is named only when that is certain, and never over what a person said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contracts.int8 import to_int8, unit
from contracts.lifecycle import MeetingStarted
from contracts.notes import SpeakerRenamed
from gateway.store.models import Voice as Row
from gateway.view import MeetingView
from gateway.voices.matching import (
    LEAST_S,
    MARGIN,
    OTHER,
    SURE,
    Voice,
    disproved,
    joined,
    likeness,
    recognised,
    suggested,
)
from gateway.voices.recogniser import renamings

SIZE = 192
RNG = np.random.default_rng(5)
ANA, TOM = (unit(RNG.normal(size=SIZE).astype(np.float32)) for _ in range(2))


def voice(key: str, vector: NDArray[np.float32], seconds: float = 20.0) -> Voice:
    return Voice(key, to_int8(vector), seconds)


def like(vector: NDArray[np.float32], alike: float, seed: int = 0) -> NDArray[np.float32]:
    """A direction whose cosine with ``vector`` is ``alike``."""
    other = np.random.default_rng(seed).normal(size=SIZE).astype(np.float32)
    other = unit(other - (other @ vector) * vector)
    found: NDArray[np.float32] = alike * vector + np.sqrt(1 - alike**2) * other
    return found


def test_a_voice_is_named_when_it_is_near_and_nobody_else_is() -> None:
    remembered = [voice("ana", ANA), voice("tom", TOM)]
    assert recognised([voice("Speaker 1", like(ANA, SURE + 0.05)), voice("Speaker 2", like(TOM, 0.9))], remembered) == {
        "Speaker 1": "ana",
        "Speaker 2": "tom",
    }
    assert recognised([voice("Speaker 1", like(ANA, SURE - 0.03))], remembered) == {}
    assert recognised([], remembered) == recognised([voice("Speaker 1", ANA)], []) == {}


def test_too_little_speech_gets_no_name() -> None:
    assert recognised([voice("Speaker 1", ANA, LEAST_S - 0.1)], [voice("ana", ANA)]) == {}


def test_two_people_of_one_voice_are_left_unnamed() -> None:
    twin = like(ANA, 1 - MARGIN / 2)
    assert recognised([voice("Speaker 1", ANA)], [voice("ana", ANA), voice("twin", twin)]) == {}
    assert recognised([voice("Speaker 1", ANA), voice("Speaker 2", twin)], [voice("ana", ANA)]) == {}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0.0, 1.0), st.floats(0, 60)), max_size=6),
    st.lists(st.tuples(st.integers(0, 3), st.floats(0.3, 1.0)), max_size=4),
)
def test_whatever_is_heard_a_name_is_near_clear_and_given_once(
    heard_as: list[tuple[int, float, float]], remembered_as: list[tuple[int, float]]
) -> None:
    people = [unit(np.random.default_rng(n).normal(size=SIZE).astype(np.float32)) for n in range(4)]
    heard = [voice(f"L{n}", like(people[who], alike, n), s) for n, (who, alike, s) in enumerate(heard_as)]
    remembered = [voice(f"V{n}", like(people[who], alike, 50 + n)) for n, (who, alike) in enumerate(remembered_as)]
    names, alike = recognised(heard, remembered), likeness(heard, remembered)
    assert len(set(names.values())) == len(names)
    for label, person in names.items():
        row, column = int(label[1:]), int(person[1:])
        assert heard[row].seconds >= LEAST_S
        assert alike[row, column] >= SURE
        rest = np.append(np.delete(alike[row], column), np.delete(alike[:, column], row))
        assert (rest <= alike[row, column] - MARGIN + 1e-6).all()


def test_a_voice_that_may_be_somebodys_is_offered() -> None:
    remembered = [voice("ana", ANA), voice("tom", TOM)]
    assert suggested(voice("S1", like(ANA, OTHER + 0.05)), remembered) == "ana"
    assert suggested(voice("S1", like(ANA, OTHER - 0.05)), remembered) is None
    assert suggested(voice("S1", ANA, LEAST_S - 0.1), remembered) is None
    assert suggested(voice("S1", ANA), [*remembered, voice("twin", like(ANA, 0.97))]) is None
    assert suggested(voice("S1", ANA), []) is None


def test_a_name_that_more_speech_disproves_is_taken_back() -> None:
    remembered = [voice("ana", ANA)]
    heard = [voice("S1", like(ANA, OTHER - 0.05)), voice("S2", like(ANA, OTHER + 0.05))]
    assert disproved(heard, remembered, {"S1": "ana", "S2": "ana", "S3": "ana", "S4": "gone"}) == {"S1"}


def test_more_of_a_voice_is_joined_and_another_voice_is_not() -> None:
    both = joined(voice("ana", ANA, 10.0), voice("x", like(ANA, 0.9), 30.0))
    assert both is not None
    assert (both.key, both.seconds) == ("ana", 40.0)
    assert float(both.vector @ ANA) > 0.9
    assert joined(voice("ana", ANA), voice("x", TOM)) is None
    assert joined(voice("nobody", np.zeros(SIZE, np.float32)), voice("x", TOM)) is None


def view(*renamed: tuple[str, str, str]) -> MeetingView:
    made = MeetingView("m")
    made.apply(1, MeetingStarted("m", "t", "o", 0.0))
    for seq, (label, name, by) in enumerate(renamed, 2):
        made.apply(seq, SpeakerRenamed("m", label, name, "u", 0.0, by))
    return made


def row(key: str, name: str, vector: NDArray[np.float32]) -> Row:
    return Row(id=key, user="o", name=name, model="x", mean=to_int8(vector), seconds=20.0, notice="n", at=0.0)


@pytest.mark.parametrize(
    ("said", "alike", "expected"),
    [
        ((), 0.9, [("S1", "Ana")]),
        ((("S1", "Ana", "v"),), 0.9, []),  # is known already
        ((("S1", "Bob", ""),), 0.9, []),  # a person said otherwise
        ((("S1", "S1", ""),), 0.9, []),  # a person took a name back
        ((("S1", "Ana", "v"),), 0.3, [("S1", "S1")]),
        ((("S1", "Ana", "v"), ("S1", "S1", "v")), 0.9, [("S1", "Ana")]),  # we took it back, and know more now
        ((("S1", "Ana", "v"), ("S1", "Ana", "")), 0.3, []),  # a person confirmed it
    ],
)
def test_a_voice_never_overrides_a_person(
    said: tuple[tuple[str, str, str], ...], alike: float, expected: list[tuple[str, str]]
) -> None:
    made = renamings(view(*said), [voice("S1", like(ANA, alike))], [row("v", "Ana", ANA)], 7.0)
    assert [(r.speaker, r.name) for r in made] == expected
    assert all((r.voice, r.user) == ("v", "") for r in made)
