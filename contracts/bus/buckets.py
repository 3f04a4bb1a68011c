"""Keys and values: what is there now, and every change."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

import nats.errors
from nats.js import JetStreamContext
from nats.js.kv import KeyValue

from contracts.bus.lease import Lease
from contracts.bus.translate import REQUEST_TIMEOUT_S, Entry, Missing, guard
from contracts.errors import Unavailable
from contracts.subjects import LEASE_BUCKET

_RETRY_S = 0.5


class Buckets:
    """The key-value half of the bus; raises only Faults."""

    def __init__(self, js: JetStreamContext, clock: Callable[[], float]) -> None:
        self._js = js
        self._clock = clock
        self._open: dict[str, KeyValue] = {}

    async def bucket(self, name: str) -> KeyValue:
        """The bucket by that name, looked up once."""
        if name not in self._open:
            self._open[name] = await self._js.key_value(name)
        return self._open[name]

    async def put(self, bucket: str, key: str, value: bytes) -> int:
        """Set a key whatever was there; returns the revision."""

        async def call() -> int:
            return await (await self.bucket(bucket)).put(key, value)

        return await guard(call())

    async def delete(self, bucket: str, key: str) -> None:
        """Remove a key; nothing happens when it is not there."""

        async def call() -> None:
            await (await self.bucket(bucket)).delete(key)

        with contextlib.suppress(Missing):
            await guard(call())

    async def entries(self, bucket: str, pattern: str) -> AsyncGenerator[Entry, None]:
        """What is in the bucket now, then every change, for ever. Restarts itself after an outage.

        An entry may be seen twice; a deletion during an outage is seen by its absence in ``snapshot``.
        """
        while True:
            try:
                watcher = await guard(self._watch(bucket, pattern))
                try:
                    async for update in watcher:
                        if update is not None:
                            deleted = update.operation in ("DEL", "PURGE") or not update.value
                            yield Entry(update.key, None if deleted else update.value, update.revision or 0)
                finally:
                    await _stopped(watcher)
            except (Unavailable, nats.errors.Error, TimeoutError):
                await asyncio.sleep(_RETRY_S)

    async def _watch(self, bucket: str, pattern: str) -> KeyValue.KeyWatcher:
        return await (await self.bucket(bucket)).watch(pattern)

    async def snapshot(self, bucket: str, pattern: str) -> dict[str, Entry]:
        """The live keys of the bucket right now."""
        return await guard(self._snapshot(bucket, pattern), timeout_s=2 * REQUEST_TIMEOUT_S)

    async def _snapshot(self, bucket: str, pattern: str) -> dict[str, Entry]:
        watcher = await self._watch(bucket, pattern)
        found: dict[str, Entry] = {}
        try:
            async for update in watcher:
                if update is None:
                    break
                if update.value and update.operation not in ("DEL", "PURGE"):
                    found[update.key] = Entry(update.key, update.value, update.revision or 0)
        finally:
            await _stopped(watcher)
        return found

    def lease(self, key: str, owner: str) -> Lease:
        """The lease ``key`` as ``owner`` would hold it."""
        return Lease(lambda: self.bucket(LEASE_BUCKET), key, owner, self._clock)


async def _stopped(watcher: KeyValue.KeyWatcher) -> None:
    with contextlib.suppress(nats.errors.Error, ValueError):
        await watcher.stop()  # type: ignore[no-untyped-call]
