"""Keeps a lease alive."""

import asyncio
import time
from collections.abc import Callable
from typing import NoReturn

from contracts import subjects
from contracts.bus import Lease
from contracts.errors import Fenced, Unavailable

RENEW_S = subjects.LEASE_TTL_S / 3
_RETRY_S = 0.25


async def keep(lease: Lease, clock: Callable[[], float] = time.monotonic) -> NoReturn:
    """Renew ``lease`` until it is lost; raises Fenced before another owner can get it."""
    pause_s = RENEW_S
    while (left_s := lease.fresh_for_s(clock())) > 0:
        await asyncio.sleep(min(pause_s, left_s))
        try:
            async with asyncio.timeout(max(0.0, lease.fresh_for_s(clock()))):
                await lease.renew()
            pause_s = RENEW_S
        except (Unavailable, TimeoutError):
            pause_s = _RETRY_S
    raise Fenced("the lease could not be renewed in time", source="worker")
