"""Defects that somebody might build into leases and fenced writing; the schedules must find every one of them.

Here: who holds a track, and who notices that it is free. Who may write: ``planted_writing``.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from contracts.bus import lease
from contracts.bus.buckets import Buckets
from contracts.bus.lease import Lease
from contracts.bus.translate import Entry, Missing, WrongRevision, guard
from contracts.errors import Fenced, Unavailable
from stream_workers import keeper, leases
from stream_workers.claims import Claims
from stream_workers.leases import TrackLeases
from tests.faults import planted_writing as writing

Plant = Callable[[pytest.MonkeyPatch], None]


# -- who holds the track


def a_lease_is_trusted_after_its_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lease, "_FRESH_SHARE", 1.3)


def a_claim_counts_from_its_answer(patch: pytest.MonkeyPatch) -> None:
    async def acquire(self: Any) -> bool:
        revision = await guard(self._take())
        if revision is None:
            return False
        self._revision, self._renewed_at = revision, self._clock()
        return True

    patch.setattr(Lease, "acquire", acquire)


def a_renewal_counts_from_its_answer(patch: pytest.MonkeyPatch) -> None:
    async def renew(self: Any) -> None:
        try:
            self._revision = await guard(self._update(), timeout_s=5.0)
        except (Missing, WrongRevision) as exc:
            raise Fenced("lost", source="bus") from exc
        self._renewed_at = self._clock()

    patch.setattr(Lease, "renew", renew)


def a_claim_ignores_the_holder(patch: pytest.MonkeyPatch) -> None:
    async def take_over(self: Any, bucket: Any) -> int:
        entry = await bucket.get(self.key)
        revision: int = await bucket.update(self.key, self.owner.encode(), last=entry.revision)
        return revision

    patch.setattr(Lease, "_take_over", take_over)


def a_claim_ignores_who_was_faster(patch: pytest.MonkeyPatch) -> None:
    async def take_over(self: Any, bucket: Any) -> int | None:
        entry = await bucket.get(self.key)
        if entry.value and entry.value != self.owner.encode():
            return None
        revision: int = await bucket.put(self.key, self.owner.encode())
        return revision

    patch.setattr(Lease, "_take_over", take_over)


def a_renewal_takes_the_track_back(patch: pytest.MonkeyPatch) -> None:
    async def update(self: Any) -> int:
        revision: int = await (await self._bucket()).put(self.key, self.owner.encode())
        return revision

    patch.setattr(Lease, "_update", update)


def a_lost_answer_of_a_renewal_costs_the_track(patch: pytest.MonkeyPatch) -> None:
    async def update(self: Any) -> int:
        bucket = await self._bucket()
        revision: int = await bucket.update(self.key, self.owner.encode(), last=self._revision)
        return revision

    patch.setattr(Lease, "_update", update)


def a_release_frees_the_lease_of_another(patch: pytest.MonkeyPatch) -> None:
    async def delete(self: Any) -> None:
        await (await self._bucket()).delete(self.key)

    patch.setattr(Lease, "_delete", delete)


def a_released_lease_is_still_trusted(patch: pytest.MonkeyPatch) -> None:
    async def release(self: Any) -> None:
        with contextlib.suppress(Missing, WrongRevision, Unavailable):
            await guard(self._delete())

    patch.setattr(Lease, "release", release)


def a_stopped_owner_keeps_its_lease(patch: pytest.MonkeyPatch) -> None:
    async def released(_: Lease) -> None:
        return None

    patch.setattr(leases, "_released", released)


def a_lapsed_lease_counts_as_held(patch: pytest.MonkeyPatch) -> None:
    hold = keeper._hold

    async def trusting(lease: Any, clock: Callable[[], float]) -> None:
        if lease.fresh(clock()):
            await hold(lease, clock)
        else:
            lease._renewed_at = clock()

    patch.setattr(keeper, "_hold", trusting)


# -- who notices that a track is free


def a_freed_track_is_not_noticed(patch: pytest.MonkeyPatch) -> None:
    held = Claims.held

    def deaf(self: Claims, key: str, owner: str | None, now: float) -> None:
        if owner is not None:
            held(self, key, owner, now)

    patch.setattr(Claims, "held", deaf)


def nobody_looks_at_the_whole(patch: pytest.MonkeyPatch) -> None:
    async def reconcile(self: Any) -> None:
        return None

    patch.setattr(TrackLeases, "_reconcile", reconcile)


def a_watcher_that_ended_is_not_made_again(patch: pytest.MonkeyPatch) -> None:
    entries = Buckets.entries

    async def once(self: Any, bucket: str, pattern: str) -> AsyncGenerator[Entry, None]:
        watch, calls = self._watch, iter((False,))

        async def only_once(*args: str) -> Any:
            if next(calls, True):
                await asyncio.Event().wait()
            return await watch(*args)

        mute = Buckets(self._js, self._clock)
        mute._watch = only_once  # type: ignore[method-assign,assignment]
        async for entry in entries(mute, bucket, pattern):
            yield entry

    patch.setattr(Buckets, "entries", once)


def a_refused_claim_is_never_tried_again(patch: pytest.MonkeyPatch) -> None:
    def refused(self: Claims, key: str, now: float) -> None:
        return None

    patch.setattr(Claims, "refused", refused)


PLANTED: tuple[Plant, ...] = (
    a_lease_is_trusted_after_its_end,
    a_claim_counts_from_its_answer,
    a_renewal_counts_from_its_answer,
    a_claim_ignores_the_holder,
    a_claim_ignores_who_was_faster,
    a_renewal_takes_the_track_back,
    a_lost_answer_of_a_renewal_costs_the_track,
    a_release_frees_the_lease_of_another,
    a_released_lease_is_still_trusted,
    a_stopped_owner_keeps_its_lease,
    a_lapsed_lease_counts_as_held,
    writing.writing_is_not_fenced,
    writing.an_owner_begins_without_a_fence,
    writing.an_owner_that_was_overtaken_begins_where_it_first_looked,
    writing.whatever_was_written_last_counts_as_own,
    writing.own_writing_counts_as_that_of_another,
    writing.ids_of_records_are_the_same_for_all_owners,
    writing.the_id_of_an_epoch_is_the_same_each_time,
    writing.each_try_has_an_id_of_its_own,
    writing.a_stale_owner_goes_on_writing,
    writing.starts_without_progress_are_not_counted,
    writing.a_finished_track_is_begun_again,
    a_freed_track_is_not_noticed,
    nobody_looks_at_the_whole,
    a_watcher_that_ended_is_not_made_again,
    a_refused_claim_is_never_tried_again,
)

LATE: tuple[Plant, ...] = (
    a_claim_counts_from_its_answer,
    a_renewal_takes_the_track_back,
    writing.starts_without_progress_are_not_counted,
    writing.a_finished_track_is_begun_again,
)
"""Those that only late scenes find: with ``FAULTS_FULL=1``, not in every run of the tests."""
