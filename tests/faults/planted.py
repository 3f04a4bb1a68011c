"""Defects that somebody might build into leases and fenced writing; the schedules must find every one of them."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest

from contracts.bus import lease, stream_of
from contracts.bus.buckets import Buckets
from contracts.bus.connection import Bus
from contracts.bus.lease import Lease
from contracts.bus.translate import Entry, Missing, Stored, WrongRevision, guard
from contracts.errors import Fenced, StorageFull, Unavailable
from contracts.transcript import TrackEpoch
from stream_workers import keeper, leases
from stream_workers.claims import Claims
from stream_workers.journal import Journal, Opened
from stream_workers.leases import TrackLeases

Plant = Callable[[pytest.MonkeyPatch], None]
_opened = Journal._state
_append = Journal._append


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


# -- who may write


def writing_is_not_fenced(patch: pytest.MonkeyPatch) -> None:
    async def append(self: Any, subject: str, data: bytes, *, msg_id: str, expect_last: int | None = None) -> int:
        ack = await guard(self._js.publish(subject, data, timeout=5.0, headers={"Nats-Msg-Id": msg_id}))
        return int(ack.seq)

    patch.setattr(Bus, "append", append)


def an_owner_begins_without_a_fence(patch: pytest.MonkeyPatch) -> None:
    async def begin(self: Any, opened: Opened) -> None:
        self._epoch_seq = self._last_seq

    patch.setattr(Journal, "_begin", begin)


def an_owner_that_was_overtaken_begins_where_it_first_looked(patch: pytest.MonkeyPatch) -> None:
    async def state(self: Any, last: Stored | None) -> Opened:
        if not hasattr(self, "_first"):
            self._first = await _opened(self, last)
        opened: Opened = self._first
        return opened

    patch.setattr(Journal, "_state", state)


def whatever_was_written_last_counts_as_own(patch: pytest.MonkeyPatch) -> None:
    async def own(self: Any, subject: str, msg_id: str) -> int:
        last = await self.last(stream_of(subject), subject)
        return last.seq if last else 0

    patch.setattr(Bus, "_own_or_fenced", own)


def own_writing_counts_as_that_of_another(patch: pytest.MonkeyPatch) -> None:
    async def own(self: Any, subject: str, msg_id: str) -> int:
        raise Fenced("somebody has written", source="bus")

    patch.setattr(Bus, "_own_or_fenced", own)


def ids_of_records_are_the_same_for_all_owners(patch: pytest.MonkeyPatch) -> None:
    async def write(self: Any, record: Any) -> None:
        self._written += 1
        await _append(self, record, f"{self._work.track}.{self._written}")

    patch.setattr(Journal, "write", write)


def the_id_of_an_epoch_is_the_same_each_time(patch: pytest.MonkeyPatch) -> None:
    async def append(self: Any, record: Any, msg_id: str) -> None:
        same = f"epoch.{self._lease.owner}" if isinstance(record, TrackEpoch) else msg_id
        await _append(self, record, same)

    patch.setattr(Journal, "_append", append)


def each_try_has_an_id_of_its_own(patch: pytest.MonkeyPatch) -> None:
    tries = iter(range(10**9))
    append = Bus.append

    async def anew(self: Any, subject: str, data: bytes, *, msg_id: str, expect_last: int | None = None) -> int:
        return await append(self, subject, data, msg_id=f"{msg_id}.{next(tries)}", expect_last=expect_last)

    patch.setattr(Bus, "append", anew)


def a_stale_owner_goes_on_writing(patch: pytest.MonkeyPatch) -> None:
    async def persist(self: Any, call: Callable[[], Awaitable[Any]]) -> Any:
        while True:
            try:
                return await call()
            except (Unavailable, StorageFull):
                await asyncio.sleep(0.1)

    patch.setattr(Journal, "_persist", persist)


def starts_without_progress_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    async def state(self: Any, last: Stored | None) -> Opened:
        opened = await _opened(self, last)
        return Opened(opened.checkpoint, opened.finished, 1)

    patch.setattr(Journal, "_state", state)


def a_finished_track_is_begun_again(patch: pytest.MonkeyPatch) -> None:
    async def state(self: Any, last: Stored | None) -> Opened:
        opened = await _opened(self, last)
        return Opened(opened.checkpoint, finished=False, attempt=opened.attempt)

    patch.setattr(Journal, "_state", state)


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
    writing_is_not_fenced,
    an_owner_begins_without_a_fence,
    an_owner_that_was_overtaken_begins_where_it_first_looked,
    whatever_was_written_last_counts_as_own,
    own_writing_counts_as_that_of_another,
    ids_of_records_are_the_same_for_all_owners,
    the_id_of_an_epoch_is_the_same_each_time,
    each_try_has_an_id_of_its_own,
    a_stale_owner_goes_on_writing,
    starts_without_progress_are_not_counted,
    a_finished_track_is_begun_again,
    a_freed_track_is_not_noticed,
    nobody_looks_at_the_whole,
    a_watcher_that_ended_is_not_made_again,
    a_refused_claim_is_never_tried_again,
)

LATE: tuple[Plant, ...] = (
    a_claim_counts_from_its_answer,
    a_renewal_takes_the_track_back,
    starts_without_progress_are_not_counted,
    a_finished_track_is_begun_again,
)
"""Those that only late scenes find: with ``FAULTS_FULL=1``, not in every run of the tests."""
