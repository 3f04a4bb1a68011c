"""Defects that somebody might build into fenced writing (see ``planted``)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contracts.bus import stream_of
from contracts.bus.connection import Bus
from contracts.bus.translate import Stored, guard
from contracts.errors import Fenced, StorageFull, Unavailable
from contracts.transcript import TrackEpoch
from stream_workers.journal import Journal, Opened

_opened = Journal._state
_append = Journal._append


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
