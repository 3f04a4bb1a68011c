"""Schedules that are written down: every scene, and what a lapsed lease means when nobody or somebody has taken it."""

from collections.abc import Iterator

import pytest

from contracts.records import decode
from contracts.transcript import TrackEpoch
from tests.faults import planted_writing
from tests.faults.scenes import PARTS, WHOLE, Scene, play, scene_name, scenes_of
from tests.faults.test_schedules import Schedules


@pytest.fixture
def schedules() -> Iterator[Schedules]:
    """A track that is being written."""
    made = Schedules()
    made.a_track_is_there(10_000)
    made.all_is_well(rounds=10, step_s=0.1)
    yield made
    for worker in made.workers:
        worker.close()


def _owners(schedules: Schedules) -> list[str]:
    """Who began, in order."""
    return [w.author for w in schedules.server.log if isinstance(decode(w.data), TrackEpoch)]


@pytest.mark.parametrize("scene", WHOLE, ids=scene_name)
def test_faults_of_everything_leave_a_whole_log_and_somebody_goes_on(scene: Scene) -> None:
    play(scene)


@pytest.mark.parametrize("part", PARTS, ids=scene_name)
def test_one_fault_at_one_request_leaves_a_whole_log_and_somebody_goes_on(part: Scene) -> None:
    for scene in scenes_of(part):
        play(scene)


@pytest.mark.parametrize("asleep_s", [2.6, 3.5, 20.0])
def test_an_owner_that_slept_goes_on_when_nobody_took_its_track(schedules: Schedules, asleep_s: float) -> None:
    owner = schedules._owner()
    assert owner is not None
    for other in schedules.workers:
        if other is not owner:
            other.close()
    schedules.workers = [owner]
    before = len(schedules.server.log)
    owner.frozen = True
    schedules.time_passes(asleep_s)
    owner.frozen = False
    schedules.all_is_well(rounds=20, step_s=0.1)
    schedules.the_log_is_whole()
    assert _owners(schedules) == [owner.owner]
    assert len(schedules.server.log) > before + 3
    assert schedules.world.complaints == []


@pytest.mark.parametrize("asleep_s", [3.1, 6.0])
def test_an_owner_that_slept_stops_when_another_has_its_track(schedules: Schedules, asleep_s: float) -> None:
    slept = schedules._owner()
    assert slept is not None
    schedules.the_owner_freezes_and_the_others_go_on(asleep_s + 1.0)
    schedules.the_log_is_whole()
    assert len(_owners(schedules)) == 2
    assert _owners(schedules)[0] == slept.owner
    assert not slept.trusts_its_lease
    schedules.teardown()


def test_the_next_owner_begins_behind_the_last_words_of_a_dead_one(schedules: Schedules) -> None:
    schedules.the_last_words_of_a_dead_owner_come_while_the_next_one_begins()
    schedules.the_log_is_whole()
    assert len(_owners(schedules)) == 2
    schedules.teardown()


def test_that_schedule_finds_an_owner_that_begins_where_it_first_looked(
    schedules: Schedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted_writing.an_owner_that_was_overtaken_begins_where_it_first_looked(monkeypatch)
    with pytest.raises(AssertionError, match="began elsewhere than where the log ends"):
        test_the_next_owner_begins_behind_the_last_words_of_a_dead_one(schedules)
