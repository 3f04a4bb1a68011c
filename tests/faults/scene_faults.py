"""What can happen to one request on its way: it or its answer is lost or late, or its asker dies, stops or sleeps."""

from collections.abc import Callable
from functools import partial

from tests.faults.simulated_worker import SimulatedWorker
from tests.faults.simulation import Call
from tests.faults.test_schedules import Schedules

ASIDE_S = 0.1
_SAME = {"update": ("update", "put")}
"""A renewal is an update; one that does not look at who holds the key would be a put."""


def well(s: Schedules, seconds: float) -> None:
    """All is well for a while, in small steps, and what must hold is looked at."""
    for _ in range(round(seconds / ASIDE_S)):
        s.all_is_well(rounds=1, step_s=ASIDE_S)
        s.the_log_is_whole()
        s.nobody_did_what_it_must_not()


def next_call(s: Schedules, kind: str) -> Call | None:
    """The next request of that kind that the server would not refuse, taken from the wire."""
    for _ in range(60):
        for call in [c for c in s.server.calls if c.kind in _SAME.get(kind, (kind,))]:
            s.server.calls.remove(call)
            return call
        well(s, ASIDE_S)
    return None


def asker_of(s: Schedules, call: Call) -> SimulatedWorker | None:
    return next((w for w in s.workers if w.owner == call.asker), None)


def answer_lost(s: Schedules, call: Call) -> None:
    call.reach()
    call.time_out()
    s._settle()


def request_lost(s: Schedules, call: Call) -> None:
    call.time_out()
    s._settle()


def request_late(s: Schedules, call: Call, late_s: float) -> None:
    call.time_out()
    well(s, late_s)
    call.deliver()
    s._settle()


def request_late_and_the_asker_sleeps(s: Schedules, call: Call, late_s: float) -> None:
    if (asker := asker_of(s, call)) is not None:
        asker.frozen = True
        well(s, late_s)
        call.deliver()
        asker.frozen = False
        s._settle()


def answer_late_and_the_asker_sleeps(s: Schedules, call: Call, late_s: float) -> None:
    call.reach()
    well(s, late_s)
    call.deliver()
    s._settle()
    if (asker := asker_of(s, call)) is not None:
        asker.frozen = True
        well(s, 3.2)
        asker.frozen = False


def asker_dies(s: Schedules, call: Call) -> None:
    """What it asked for is done, and nobody learns of it."""
    call.reach()
    if (asker := asker_of(s, call)) is not None:
        asker.kill()


def asker_dies_and_the_request_is_late(s: Schedules, call: Call, late_s: float) -> None:
    if (asker := asker_of(s, call)) is not None:
        asker.kill()
    well(s, late_s)
    call.deliver()
    s._settle()


def asker_stops(s: Schedules, call: Call) -> None:
    if (asker := asker_of(s, call)) is not None:
        asker.stop()
        s._settle()
    call.deliver()
    s._settle()


FAULTS: tuple[Callable[[Schedules, Call], None], ...] = (
    answer_lost,
    request_lost,
    asker_dies,
    asker_stops,
    partial(request_late, late_s=0.4),
    partial(request_late, late_s=3.6),
    partial(request_late_and_the_asker_sleeps, late_s=3.8),
    partial(answer_late_and_the_asker_sleeps, late_s=0.9),
    partial(answer_late_and_the_asker_sleeps, late_s=2.0),
    partial(asker_dies_and_the_request_is_late, late_s=3.6),
)
