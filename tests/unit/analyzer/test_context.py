"""What surrounds a place counts, the rest of the meeting does not."""

from pathlib import Path

import pytest

from analyzer.context import AFTER_UNITS, NAMES, NOTHING, Context, features
from contracts.errors import Misconfigured
from tests.unit.analyzer.meetings import BARE, Said


def test_a_place_beside_strong_ones_is_likelier_than_one_alone() -> None:
    talk = Said(*[("Ana" if n % 2 else "Tom", f"You will look at part {n}.") for n in range(8)])
    units = talk.units()
    alone, beside = [-3.0] * 8, [-3.0, -3.0, 2.0, 2.5, -3.0, -3.0, -3.0, -3.0]
    alone[4] = beside[4] = -0.8
    context = Context.load()
    assert context.score(units, beside, 4, ()) > context.score(units, alone, 4, ())


def test_only_the_last_minute_and_a_few_rows_after_are_looked_at() -> None:
    units = Said(*[("Ana", f"We talk about part {n}.") for n in range(60)]).units()
    marks = [-2.0] * 60
    far = list(marks)
    far[0] = far[30 + AFTER_UNITS + 1] = 5.0
    assert features(units, far, 30, ()) == features(units, marks, 30, ())


def test_a_place_alone_has_nothing_around_it() -> None:
    units = Said(("Ana", "I will send it.")).units()
    found = dict(zip(NAMES, features(units, [1.5], 0, ()), strict=True))
    assert (found["mark"], found["nearest"], found["before2"], found["after1"]) == (1.5, NOTHING, NOTHING, NOTHING)
    assert BARE.score(units, [1.5], 0, ()) == 1.5


def test_damaged_weights_and_those_of_another_version_are_refused(tmp_path: Path) -> None:
    for body in ("{", '{"names": ["mark"], "mean": [], "scale": [], "weights": [], "bias": 0}'):
        (tmp_path / "w.json").write_text(body)
        with pytest.raises(Misconfigured):
            Context.load(tmp_path / "w.json")
