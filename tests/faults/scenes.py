"""Schedules that are written down: one fault at one request, for every kind of request in every part of a track's life.

Hypothesis finds orders that nobody thought of; these are the ones that somebody did think of, each a fraction of a
second long and always the same. What can happen to one request: ``scene_faults``.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

from tests.faults.scene_faults import ASIDE_S, FAULTS, next_call, well
from tests.faults.simulation import Call, Update
from tests.faults.test_schedules import Schedules

Scene = Callable[[Schedules], None]
LONG, SHORT = 10_000, 4


# -- parts of a track's life


def starting(s: Schedules) -> None:
    s.a_track_is_there(LONG)


def running(s: Schedules) -> None:
    s.a_track_is_there(LONG)
    well(s, 1.0)


def ending(s: Schedules) -> None:
    s.a_track_is_there(SHORT)


def owner_stopped(s: Schedules) -> None:
    running(s)
    if (owner := s._owner()) is not None:
        owner.stop()
        s._settle()


def owner_dead(s: Schedules) -> None:
    running(s)
    if (owner := s._owner()) is not None:
        owner.kill()
        well(s, 2.5)


PARTS = (running, owner_dead, starting, ending, owner_stopped)
KINDS = ("append", "update", "create", "get", "last", "delete")


def _one_fault(s: Schedules, part: Scene, kind: str, fault: Callable[[Schedules, Call], None]) -> None:
    part(s)
    if (call := next_call(s, kind)) is not None:
        fault(s, call)
    well(s, 1.0)


# -- faults that are not about one request


def all_is_well_to_the_end(s: Schedules) -> None:
    ending(s)
    well(s, 3.0)


def owner_sleeps_and_another_comes(s: Schedules) -> None:
    running(s)
    s.the_owner_freezes_and_the_others_go_on(6.0)


def an_owner_comes_back(s: Schedules) -> None:
    """It slept, another came, and when all others sleep the first has it again, as the same process."""
    running(s)
    first = s._owner()
    s.the_owner_freezes_and_the_others_go_on(6.0)
    for other in s.workers:
        other.frozen = other is not first
    written = len(s.server.log)
    well(s, 6.0)
    assert len(s.server.log) > written + 3, "it has the track and gets nowhere"
    for other in s.workers:
        other.frozen = False
    well(s, 1.0)


def last_words_come_while_the_next_begins(s: Schedules) -> None:
    running(s)
    s.the_last_words_of_a_dead_owner_come_while_the_next_one_begins()


def owners_die_early(s: Schedules) -> None:
    running(s)
    s.owners_die_as_soon_as_they_have_begun(3)


def watchers_miss_that_the_owner_died(s: Schedules) -> None:
    running(s)
    if (owner := s._owner()) is not None:
        owner.kill()
    for _ in range(40):
        for update in [c for c in s.server.calls if isinstance(c, Update)]:
            s.server.calls.remove(update)
            update.time_out()
        well(s, ASIDE_S)


def server_restarts(s: Schedules) -> None:
    running(s)
    s.the_server_restarts()
    well(s, 2.0)
    if (owner := s._owner()) is not None:
        owner.kill()
    well(s, 4.0)


def server_restarts_while_nobody_owns(s: Schedules) -> None:
    owner_dead(s)
    s.the_server_restarts()
    well(s, 3.0)


def two_claim_at_once(s: Schedules) -> None:
    """Both have seen that the track is free before either has taken it."""
    owner_dead(s)
    for _ in range(40):
        asking = [c for c in s.server.calls if c.kind == "get" and not isinstance(c, Update)]
        if asking:
            break
        s.time_passes(0.05)
        for call in [c for c in s.server.calls if c.kind in ("create", "") or isinstance(c, Update)]:
            s.server.calls.remove(call)
            call.deliver()
            s._settle()
    s.time_passes(0.05)
    for _ in range(4):
        for call in s.world.take_all():
            call.reach()
            s.world.answers.append(call)
        s.world.answer_all()
        s._settle()
    well(s, 1.0)


def everything_is_slow(s: Schedules, step_s: float) -> None:
    starting(s)
    for _ in range(6):
        s.every_answer_is_slow(step_s)
        s.the_log_is_whole()
    s.the_owner_freezes_and_the_others_go_on(3.1)


def everything_stalls(s: Schedules, step_s: float) -> None:
    running(s)
    for _ in range(4):
        s.the_network_stalls(step_s)
        s.late_requests_arrive()
        s.the_log_is_whole()
    well(s, 2.0)


WHOLE: tuple[Scene, ...] = (
    all_is_well_to_the_end,
    owner_sleeps_and_another_comes,
    an_owner_comes_back,
    last_words_come_while_the_next_begins,
    owners_die_early,
    watchers_miss_that_the_owner_died,
    server_restarts,
    server_restarts_while_nobody_owns,
    two_claim_at_once,
    partial(everything_is_slow, step_s=0.7),
    partial(everything_is_slow, step_s=2.5),
    partial(everything_stalls, step_s=1.0),
    partial(everything_stalls, step_s=3.1),
)


def scenes() -> Iterator[Scene]:
    """All of them."""
    yield from WHOLE
    for part in PARTS:
        yield from scenes_of(part)


def scenes_of(part: Scene) -> Iterator[Scene]:
    """One fault at each kind of request in that part of a track's life."""
    for kind, fault in product(KINDS, FAULTS):
        yield partial(_one_fault, part=part, kind=kind, fault=fault)


def scene_name(scene: object) -> str:
    """What a person calls it."""
    if not isinstance(scene, partial):
        return str(getattr(scene, "__name__", scene))
    given = ", ".join(f"{name}={scene_name(value)}" for name, value in scene.keywords.items())
    return f"{scene_name(scene.func).strip('_')}({given})"


def play(scene: Scene) -> None:
    """One scene, and afterwards everything must be well again. Raises AssertionError."""
    s = Schedules()
    try:
        scene(s)
        s.the_log_is_whole()
        s.nobody_did_what_it_must_not()
    finally:
        s.teardown()
