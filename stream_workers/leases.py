"""Takes open tracks, runs an owner for each, and hands them over when the worker stops."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from contracts import log, subjects
from contracts.bus import Bus, Lease
from contracts.errors import Fenced, Unavailable
from contracts.live import TrackWork
from stream_workers.claims import Claims
from stream_workers.health import report_waiting, work_of

RECONCILE_S = 5.0
PATIENCE_S = 3.0
_RELEASE_S = 0.5

RunTrack = Callable[[TrackWork, Lease], Awaitable[None]]


class TrackLeases:
    """Runs ``run_track`` for every track that this worker holds.

    One track's failure is logged, waits a while and leaves the others alone. When ``serve`` is cancelled every
    lease is given up at once.
    """

    def __init__(
        self,
        bus: Bus,
        owner: str,
        claims: Claims,
        run_track: RunTrack,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._owner = owner
        self._claims = claims
        self._run_track = run_track
        self._changed = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._log = log.get(owner=owner)

    async def serve(self) -> None:
        """Claim and run tracks until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_work(), name="watch:work")
            tasks.create_task(self._watch_leases(), name="watch:leases")
            tasks.create_task(self._reconcile(), name="reconcile")
            while True:
                now = self._clock()
                for key, work in self._claims.due(now):
                    self._running[key] = tasks.create_task(self._own(key, work), name=key)
                await self._until(self._claims.next_due() - now)

    async def _until(self, delay_s: float) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(max(0.0, min(delay_s, RECONCILE_S))):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _watch_work(self) -> None:
        async for entry in self._bus.entries(subjects.WORK_BUCKET, subjects.TRACK_WORK_ALL):
            work = work_of(entry)
            if work is not None:
                self._claims.opened(entry.key, work, self._clock())
            else:
                self._close(entry.key)
            self._changed.set()

    def _close(self, key: str) -> None:
        self._claims.closed(key)
        task = self._running.get(key)
        if task is not None:
            task.cancel()

    async def _watch_leases(self) -> None:
        async for entry in self._bus.entries(subjects.LEASE_BUCKET, subjects.TRACK_WORK_ALL):
            holder = entry.value.decode() if entry.value else None
            self._claims.held(entry.key, holder, self._clock())
            self._changed.set()

    async def _reconcile(self) -> None:
        """Look at the whole from time to time: a watcher may have missed a change during an outage."""
        while True:
            await asyncio.sleep(RECONCILE_S)
            try:
                work = await self._bus.snapshot(subjects.WORK_BUCKET, subjects.TRACK_WORK_ALL)
                leases = await self._bus.snapshot(subjects.LEASE_BUCKET, subjects.TRACK_WORK_ALL)
            except Unavailable:
                continue
            known = {key: value for key, entry in work.items() if (value := work_of(entry)) is not None}
            holders = {key: entry.value.decode() for key, entry in leases.items() if entry.value}
            for key in self._running.keys() - known.keys():
                self._close(key)
            self._claims.reconcile(known, holders, self._clock())
            await self._report_waiting()
            self._changed.set()

    async def _report_waiting(self) -> None:
        """Say of tracks that nobody takes that they wait."""
        for work in self._claims.waiting(self._clock(), PATIENCE_S):
            await report_waiting(self._bus, work, "waiting for a free worker")

    async def _own(self, key: str, work: TrackWork) -> None:
        lease = self._bus.lease(key, self._owner)
        if not await _acquired(lease):
            self._running.pop(key, None)
            self._claims.refused(key, self._clock())
            self._changed.set()
            return
        failed = False
        try:
            await self._run_track(work, lease)
        except* Fenced:
            self._log.info("track.lost", key=key)
        except* Exception:  # noqa: BLE001
            # The boundary of a track: whatever is wrong with it must not reach the others.
            failed = True
            self._log.exception("track.failed", key=key)
        finally:
            try:
                await _released(lease)
            finally:  # also when the track is told to end just now: its room must be free again
                self._running.pop(key, None)
                self._claims.ended(key, self._clock(), failed=failed)
                self._changed.set()


async def _acquired(lease: Lease) -> bool:
    try:
        return await lease.acquire()
    except Unavailable:
        return False


async def _released(lease: Lease) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_RELEASE_S):
            await lease.release()
