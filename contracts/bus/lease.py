"""Who owns what: a key with a time to live."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from nats.js.errors import APIError, KeyDeletedError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from contracts import subjects
from contracts.bus.translate import SOURCE, WRONG_LAST_SEQUENCE, Missing, WrongRevision, guard
from contracts.errors import Fenced, Unavailable

_FRESH_SHARE = 0.8
_TRIES = 3


class Lease:
    """Liveness of one owner. Safety comes from fenced appends, not from here.

    The key expires LEASE_TTL_S after the last renewal; ``fresh`` turns False at 80 % of that by the local
    monotonic clock, so an owner stops before another can start. ``owner`` must be unique per process: a key
    with that value is ours even when the answer that said so was lost.
    """

    def __init__(
        self,
        bucket: Callable[[], Awaitable[KeyValue]],
        key: str,
        owner: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bucket = bucket
        self._clock = clock
        self.key = key
        self.owner = owner
        self._revision = 0
        self._renewed_at = float("-inf")
        self._renewed = asyncio.Event()

    def fresh(self, now: float) -> bool:
        """Whether the lease is surely still ours at monotonic time ``now``."""
        return self.fresh_for_s(now) > 0

    def fresh_for_s(self, now: float) -> float:
        """Seconds after ``now`` for which the lease is surely still ours; not above 0 when it is stale."""
        return self._renewed_at + _FRESH_SHARE * subjects.LEASE_TTL_S - now

    async def renewal(self) -> None:
        """Return when it is taken or renewed the next time."""
        self._renewed.clear()
        await self._renewed.wait()

    async def acquire(self) -> bool:
        """Take the lease if nobody holds it. Raises Unavailable."""
        asked_at = self._clock()
        revision = await guard(self._take())
        if revision is None:
            return False
        self._revision, self._renewed_at = revision, asked_at
        self._renewed.set()
        return True

    async def _take(self) -> int | None:
        bucket = await self._bucket()
        for _ in range(_TRIES):
            try:
                return await bucket.create(self.key, self.owner.encode())
            except KeyWrongLastSequenceError:
                pass
            # Somebody else's claim moves the key on, but so does a late renewal of our own: only a look can tell.
            with contextlib.suppress(KeyWrongLastSequenceError, KeyDeletedError, KeyNotFoundError):
                return await self._take_over(bucket)
        return None

    async def _take_over(self, bucket: KeyValue) -> int | None:
        """Take a key that expired, or that is ours; None when another has it. Safe against others by the revision."""
        # After an expiry with limit_marker_ttl nats-py sees an entry without a value, not a deletion.
        entry = await bucket.get(self.key)
        if entry.value and entry.value != self.owner.encode():
            return None
        return await bucket.update(self.key, self.owner.encode(), last=entry.revision)

    async def renew(self) -> None:
        """Hold it for another LEASE_TTL_S. Raises Fenced when it is lost, Unavailable when nobody answers."""
        asked_at = self._clock()
        try:
            self._revision = await guard(self._update(), timeout_s=subjects.LEASE_TTL_S / 3)
        except (Missing, WrongRevision) as exc:
            raise Fenced("the lease is held by another owner", source=SOURCE) from exc
        self._renewed_at = asked_at
        self._renewed.set()

    async def _update(self) -> int:
        bucket = await self._bucket()
        value = self.owner.encode()
        try:
            return await bucket.update(self.key, value, last=self._revision)
        except KeyWrongLastSequenceError:
            # An earlier renewal may have been stored although its answer was lost.
            entry = await bucket.get(self.key)
            if entry.value != value:
                raise
            return await bucket.update(self.key, value, last=entry.revision)

    async def release(self) -> None:
        """Give it up at once, if it is still ours."""
        self._renewed_at = float("-inf")
        if self._revision == 0:
            return
        with contextlib.suppress(Missing, WrongRevision, Unavailable):
            await guard(self._delete())

    async def _delete(self) -> None:
        revision, self._revision = self._revision, 0
        bucket = await self._bucket()
        try:
            await bucket.delete(self.key, last=revision)
        except APIError as exc:
            if exc.err_code not in WRONG_LAST_SEQUENCE:
                raise
            # A renewal was under way when its owner was told to stop: it counts, and is given up as well.
            entry = await bucket.get(self.key)
            if entry.value == self.owner.encode():
                await bucket.delete(self.key, last=entry.revision)
