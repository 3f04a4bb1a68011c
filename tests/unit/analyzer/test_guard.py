"""Calls to the model end: three tries, a deadline, a breaker. Time is virtual."""

import asyncio

import pytest

from analyzer.guard import LONGEST_OPEN_S, OPEN_S, TRIES, TRIP_AFTER, Breaker, Guard
from contracts.errors import Misconfigured, TooLarge, Unavailable


class Calls:
    """Fails as often as told, then answers."""

    def __init__(self, failures: int, fault: type[Exception] = Unavailable) -> None:
        self.failures, self.fault, self.count = failures, fault, 0

    async def __call__(self) -> str:
        self.count += 1
        if self.count <= self.failures:
            raise self.fault("no", source="llm")
        return "yes"


async def no_sleep(_: float) -> None:
    return


def guard(now: float = 0.0) -> Guard:
    return Guard(5.0, clock=lambda: now, sleep=no_sleep)


async def test_a_failing_call_is_tried_three_times_at_most() -> None:
    calls = Calls(2)
    assert await guard().call(calls) == "yes"
    never = Calls(99)
    with pytest.raises(Unavailable):
        await guard().call(never)
    assert never.count == TRIES


async def test_what_a_person_must_mend_is_not_tried_again() -> None:
    calls = Calls(1, Misconfigured)
    with pytest.raises(Misconfigured):
        await guard().call(calls)
    assert calls.count == 1


async def test_an_answer_that_does_not_come_ends_at_the_deadline() -> None:
    patient = Guard(0.01)
    with pytest.raises(Unavailable):
        await patient.call(asyncio.Event().wait)


def test_the_breaker_opens_after_failures_and_waits_longer_each_time() -> None:
    breaker = Breaker()
    for _ in range(TRIP_AFTER):
        assert breaker.allows(0.0)
        breaker.failed(0.0)
    assert breaker.tripped
    assert not breaker.allows(OPEN_S - 1)
    assert breaker.allows(OPEN_S)
    breaker.failed(OPEN_S)
    assert not breaker.allows(OPEN_S + 2 * OPEN_S - 1)
    for n in range(20):
        breaker.failed(100.0 * n)
    assert breaker.allows(1900.0 + LONGEST_OPEN_S)
    breaker.succeeded()
    assert breaker.allows(0.0)
    assert not breaker.tripped


async def test_an_open_breaker_asks_nobody() -> None:
    closed = guard()
    for _ in range(TRIP_AFTER):
        with pytest.raises(Unavailable):
            await closed.call(Calls(99))
    calls = Calls(0)
    with pytest.raises(Unavailable):
        await closed.call(calls)
    assert calls.count == 0


async def test_a_prompt_that_is_too_long_does_not_count_against_the_model() -> None:
    closed = guard()
    for _ in range(2 * TRIP_AFTER):
        with pytest.raises(TooLarge):
            await closed.call(Calls(99, TooLarge))
    assert await closed.call(Calls(0)) == "yes"
