"""Calls to the language model that end: deadline, few tries with jitter, a breaker. The deciding part is pure."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from contracts.errors import Fault, Unavailable

R = TypeVar("R")
TRIES = 3
FIRST_WAIT_S = 0.5
TRIP_AFTER = 3
OPEN_S = 15.0
LONGEST_OPEN_S = 240.0


class Breaker:
    """Stops calls after TRIP_AFTER failures in a row, for OPEN_S and twice as long after each failed trial."""

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = float("-inf")
        self._pause_s = OPEN_S

    @property
    def tripped(self) -> bool:
        """Whether the last calls failed so often that the model counts as down."""
        return self._failures >= TRIP_AFTER

    def allows(self, now: float) -> bool:
        """Whether a call may be made at monotonic time ``now``."""
        return now >= self._open_until

    def succeeded(self) -> None:
        """A call was answered."""
        self._failures, self._open_until, self._pause_s = 0, float("-inf"), OPEN_S

    def failed(self, now: float) -> None:
        """A call failed."""
        self._failures += 1
        if self._failures >= TRIP_AFTER:
            self._open_until = now + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_OPEN_S)


class Guard:
    """Runs calls to the model under the deadline and the breaker. Raises only Faults."""

    def __init__(
        self,
        deadline_s: float = 30.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.breaker = Breaker()
        self._deadline_s = deadline_s
        self._clock = clock
        self._sleep = sleep

    async def call(self, ask: Callable[[], Awaitable[R]], within_s: float = math.inf) -> R:
        """The answer of ``ask``, tried at most TRIES times within the deadline; Unavailable when there is none.

        The deadline is ``within_s`` where that is earlier.
        """
        if not self.breaker.allows(self._clock()):
            raise Unavailable("the language model is left alone for a while after failures", source="llm")
        try:
            async with asyncio.timeout(min(within_s, self._deadline_s)):
                answer = await self._tries(ask)
        except TimeoutError as exc:
            self.breaker.failed(self._clock())
            raise Unavailable("the language model did not answer in time", source="llm") from exc
        except Fault as fault:
            if fault.code != "too-large":
                self.breaker.failed(self._clock())
            raise
        self.breaker.succeeded()
        return answer

    async def _tries(self, ask: Callable[[], Awaitable[R]]) -> R:
        wait_s = FIRST_WAIT_S
        for attempt in range(1, TRIES + 1):
            try:
                return await ask()
            except Fault as fault:
                if not fault.retryable or attempt == TRIES:
                    raise
            await self._sleep(wait_s * random.uniform(0.5, 1.5))  # noqa: S311  # jitter, not a secret
            wait_s *= 2
        raise AssertionError("unreachable")
