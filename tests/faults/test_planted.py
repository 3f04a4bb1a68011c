"""Scenes and schedules would find the defects that they are there to find: each one is planted, and must be found.

That they find nothing without one is ``test_directed`` and ``test_schedules``.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.planted import LATE, PLANTED, Plant
from tests.faults.scenes import play, scenes
from tests.faults.test_schedules import FULL, Schedules

CHOSEN = [plant for plant in PLANTED if FULL or plant not in LATE]
ENOUGH = int(os.environ.get("FAULTS_SCHEDULES", "400"))


def run_schedules() -> None:
    """Runs the schedules, always the same ones, until one fails."""
    run_state_machine_as_test(
        Schedules,
        settings=settings(
            max_examples=ENOUGH,
            stateful_step_count=60,
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def look() -> None:
    """Plays the scenes and then the schedules, until one fails."""
    for scene in scenes():
        play(scene)
    run_schedules()


@pytest.mark.parametrize("plant", CHOSEN, ids=lambda plant: plant.__name__)
def test_a_planted_defect_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError) as found:
        look()
    print(f"{plant.__name__}: {found.value}".splitlines()[0])
