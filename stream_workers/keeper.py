"""Keeps a lease alive."""

import asyncio
import time
from collections.abc import Callable
from typing import NoReturn

from contracts import log, subjects
from contracts.bus import Lease
from contracts.errors import Fenced, Unavailable

RENEW_S = subjects.LEASE_TTL_S / 3
_RETRY_S = 0.25


async def keep(lease: Lease, clock: Callable[[], float] = time.monotonic) -> NoReturn:
    """Hold ``lease`` until another owner has it: then Fenced.

    A lease that lapses, because the machine was busy or the bus away, is taken back when the bus answers and nobody
    else has it. While it is stale its owner must not write. That nobody wrote meanwhile is for the fence to say.
    """
    logger = log.get(owner=lease.owner, key=lease.key)
    pause_s, held = RENEW_S, True
    while True:
        await asyncio.sleep(max(0.0, min(pause_s, lease.fresh_for_s(clock()))) if held else pause_s)
        if held and not lease.fresh(clock()):
            held = False
            logger.warning("lease.lapsed")
        try:
            await _hold(lease, clock)
            pause_s = RENEW_S
        except (Unavailable, TimeoutError):
            pause_s = _RETRY_S
        if not held and lease.fresh(clock()):
            held = True
            logger.info("lease.regained")


async def _hold(lease: Lease, clock: Callable[[], float]) -> None:
    if lease.fresh(clock()):
        try:
            async with asyncio.timeout(max(0.0, lease.fresh_for_s(clock()))):
                await lease.renew()
        except Fenced:
            if lease.fresh(clock()):
                raise
        else:
            return
    if not await lease.acquire():
        raise Fenced("the lease is held by another owner", source="worker")
