"""The bus: a thin layer over nats-py, and the only module that imports it.

What it guarantees: an ``append`` that returns is on disk (with ``sync_interval: always`` on the server);
a fenced append either is the next message of its subject or raises ``Fenced``; a ``Reader`` delivers each
message of one subject filter once, in stream order, across restarts of the server.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self, TypeVar

import msgspec
import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js.errors import (
    APIError,
    BucketNotFoundError,
    KeyDeletedError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NotFoundError,
)
from nats.js.kv import KeyValue

from contracts import log, subjects
from contracts.errors import Fenced, Misconfigured, StorageFull, Unavailable
from contracts.settings import BusSettings

R = TypeVar("R")
REQUEST_TIMEOUT_S = 5.0
_WRONG_LAST_SEQUENCE = (10071, 10164)
_STORE_FULL = (10047, 10077, 10023, 10122)
_SOURCE = "bus"


class Stored(msgspec.Struct, frozen=True):
    """A message of a stream: its stream sequence, subject, body and id (``Nats-Msg-Id``)."""

    seq: int
    subject: str
    data: bytes
    msg_id: str = ""
    at: float = 0.0
    """Server time of storing, seconds since the epoch."""


class Entry(msgspec.Struct, frozen=True):
    """A key of a bucket as a watcher sees it; ``value`` None = deleted or expired."""

    key: str
    value: bytes | None
    revision: int


class Bus:
    """One connection. Reconnects for ever; every call has a timeout and raises only Faults."""

    def __init__(self, client: Client, settings: BusSettings) -> None:
        self._client = client
        self._settings = settings
        self._js: JetStreamContext = client.jetstream(timeout=REQUEST_TIMEOUT_S, publish_async_max_pending=256)
        self._buckets: dict[str, KeyValue] = {}

    @classmethod
    async def connect(cls, settings: BusSettings, *, timeout_s: float = 10.0) -> Self:
        """Connect, waiting at most ``timeout_s``. Raises Unavailable."""
        logger = log.get(role=settings.name)

        async def on_error(error: Exception) -> None:
            logger.warning("bus.error", error=type(error).__name__, detail=str(error)[:200])

        client = Client()
        try:
            async with asyncio.timeout(timeout_s):
                await client.connect(
                    settings.url,
                    name=settings.name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,  # type: ignore[arg-type]  # passed to asyncio.sleep, which takes it
                    ping_interval=2,
                    max_outstanding_pings=2,
                    error_cb=on_error,
                    inbox_prefix=f"_INBOX.{settings.name}".encode(),
                )
        except (OSError, TimeoutError, nats.errors.Error) as exc:
            raise Unavailable("the message bus does not answer", source=_SOURCE) from exc
        return cls(client, settings)

    async def close(self) -> None:
        """Flush and disconnect; safe to call twice."""
        with contextlib.suppress(nats.errors.Error, TimeoutError):
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                await self._client.drain()
        if not self._client.is_closed:
            await self._client.close()

    @property
    def connected(self) -> bool:
        """Whether the server answers right now, as far as the client knows."""
        return self._client.is_connected

    # -- set-up ---------------------------------------------------------------------------------

    async def set_up(self) -> None:
        """Make or update the streams and buckets of ``contracts.subjects``; idempotent."""
        await self._guard(self._put_stream(subjects.AUDIO_STREAM, [subjects.AUDIO_ALL], self._settings.audio_max_bytes))
        await self._guard(
            self._put_stream(subjects.MEETING_STREAM, [subjects.MEETING_ALL], self._settings.meeting_max_bytes)
        )
        await self._guard(self._put_bucket(subjects.LEASE_BUCKET, ttl_s=subjects.LEASE_TTL_S))
        await self._guard(self._put_bucket(subjects.WORK_BUCKET, ttl_s=None))

    async def _put_stream(self, name: str, filters: list[str], max_bytes: int) -> None:
        config = api.StreamConfig(
            name=name,
            subjects=filters,
            storage=api.StorageType.FILE,
            retention=api.RetentionPolicy.LIMITS,
            discard=api.DiscardPolicy.NEW,
            max_bytes=max_bytes,
            max_msg_size=64 * 1024 if name == subjects.AUDIO_STREAM else 1024 * 1024,
            duplicate_window=120,
            allow_direct=True,
            num_replicas=self._settings.replicas,
        )
        try:
            await self._js.add_stream(config)
        except APIError as exc:
            if exc.err_code != 10058:  # the stream exists with other settings
                raise
            await self._js.update_stream(config)

    async def _put_bucket(self, name: str, ttl_s: float | None) -> None:
        config = api.KeyValueConfig(
            bucket=name,
            history=1,
            ttl=ttl_s,
            limit_marker_ttl=3600 if ttl_s else None,
            storage=api.StorageType.FILE,
            replicas=self._settings.replicas,
        )
        try:
            await self._js.create_key_value(config)
        except APIError as exc:
            if exc.err_code != 10058:
                raise
            await self._js.key_value(name)

    async def _bucket(self, name: str) -> KeyValue:
        if name not in self._buckets:
            self._buckets[name] = await self._js.key_value(name)
        return self._buckets[name]

    # -- streams --------------------------------------------------------------------------------

    async def append(self, subject: str, data: bytes, *, msg_id: str, expect_last: int | None = None) -> int:
        """Store ``data`` on ``subject``; returns its stream sequence when it is on disk.

        With ``expect_last`` (0 = nothing there yet) the append succeeds only when the last message of the
        subject has that sequence. A retry of one's own lost acknowledgement (same ``msg_id``) succeeds.
        Raises Fenced, StorageFull (nothing stored) or Unavailable (unknown: call again with the same id).
        """
        headers = {"Nats-Msg-Id": msg_id}
        if expect_last is not None:
            headers["Nats-Expected-Last-Subject-Sequence"] = str(expect_last)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                ack = await self._js.publish(subject, data, timeout=REQUEST_TIMEOUT_S, headers=headers)
            return ack.seq
        except APIError as exc:
            if exc.err_code in _WRONG_LAST_SEQUENCE:
                return await self._own_or_fenced(subject, msg_id)
            raise _translated(exc) from exc
        except (nats.errors.Error, TimeoutError, OSError) as exc:
            raise _translated(exc) from exc

    async def _own_or_fenced(self, subject: str, msg_id: str) -> int:
        last = await self.last(stream_of(subject), subject)
        if last is not None and last.msg_id == msg_id:
            return last.seq
        raise Fenced("another owner has written to the subject", source=_SOURCE)

    async def last(self, stream: str, subject: str) -> Stored | None:
        """The newest message of ``subject`` (a literal subject), or None."""
        try:
            raw = await self._guard(self._js.get_last_msg(stream, subject, direct=True))
        except _Missing:
            return None
        return _stored(raw)

    async def get(self, stream: str, seq: int) -> Stored | None:
        """The message with that stream sequence, or None when it is gone."""
        try:
            return _stored(await self._guard(self._js.get_msg(stream, seq, direct=True)))
        except _Missing:
            return None

    async def last_seq(self, stream: str) -> int:
        """The stream's newest sequence."""
        info = await self._guard(self._js.stream_info(stream))
        return info.state.last_seq

    async def used_bytes(self, stream: str) -> tuple[int, int]:
        """Bytes stored in the stream and its budget."""
        info = await self._guard(self._js.stream_info(stream))
        return info.state.bytes, info.config.max_bytes or 0

    def reader(self, stream: str, subject: str, start_seq: int = 1) -> "Reader":
        """A reader of ``subject`` (one filter) from stream sequence ``start_seq`` on."""
        return Reader(self._js, stream, subject, start_seq)

    async def read_until(self, stream: str, subject: str, start_seq: int, end_seq: int) -> list[Stored]:
        """All messages of ``subject`` with ``start_seq`` ≤ sequence ≤ ``end_seq``, in order."""
        found: list[Stored] = []
        last = await self._last_matching(stream, subject)
        if last < start_seq:
            return found
        reader = self.reader(stream, subject, start_seq)
        try:
            while True:
                for message in await reader.fetch(timeout_s=1.0, batch=500):
                    if message.seq > end_seq:
                        return found
                    found.append(message)
                if reader.next_seq > min(last, end_seq):
                    return found
        finally:
            await reader.close()

    async def _last_matching(self, stream: str, subject: str) -> int:
        try:
            raw = await self._guard(self._js.get_last_msg(stream, subject))
        except _Missing:
            return 0
        return raw.seq or 0

    async def purge(self, stream: str, subject: str, *, up_to_seq: int | None = None) -> None:
        """Remove messages of ``subject``: all, or those with a sequence ≤ ``up_to_seq``."""
        keep_from = None if up_to_seq is None else up_to_seq + 1
        await self._guard(self._js.purge_stream(stream, subject=subject, seq=keep_from))

    async def erase(self, stream: str, seq: int) -> None:
        """Remove one message and overwrite its bytes."""
        with contextlib.suppress(_Missing):
            await self._guard(self._js.delete_msg(stream, seq))

    # -- live, core NATS --------------------------------------------------------------------------

    async def publish_live(self, subject: str, data: bytes) -> None:
        """Send and forget: lost when the server is away."""
        with contextlib.suppress(nats.errors.Error, OSError):
            await self._client.publish(subject, data)

    async def subscribe_live(self, subject: str, handle: Callable[[str, bytes], Awaitable[None]]) -> None:
        """Call ``handle(subject, data)`` for each live message until the connection closes.

        A handler that is too slow loses messages.
        """

        async def deliver(message: Msg) -> None:
            await handle(message.subject, message.data)

        await self._guard(self._client.subscribe(subject, cb=deliver, pending_msgs_limit=4096))

    # -- buckets ----------------------------------------------------------------------------------

    async def put(self, bucket: str, key: str, value: bytes) -> int:
        """Set a key whatever was there; returns the revision."""
        return await self._guard(self._kv_put(bucket, key, value))

    async def _kv_put(self, bucket: str, key: str, value: bytes) -> int:
        return await (await self._bucket(bucket)).put(key, value)

    async def delete(self, bucket: str, key: str) -> None:
        """Remove a key; nothing happens when it is not there."""
        with contextlib.suppress(_Missing):
            await self._guard(self._kv_delete(bucket, key))

    async def _kv_delete(self, bucket: str, key: str) -> None:
        await (await self._bucket(bucket)).delete(key)

    async def entries(self, bucket: str, pattern: str = ">") -> AsyncIterator[Entry]:
        """What is in the bucket now, then every change, for ever. Restarts itself after an outage.

        An entry may be seen twice; a deletion during an outage is seen by its absence in ``snapshot``.
        """
        while True:
            try:
                watcher = await self._guard(self._kv_watch(bucket, pattern))
                async for update in watcher:
                    if update is not None:
                        deleted = update.operation in ("DEL", "PURGE") or not update.value
                        yield Entry(update.key, None if deleted else update.value, update.revision or 0)
            except (Unavailable, nats.errors.Error, TimeoutError):
                await asyncio.sleep(0.5)

    async def _kv_watch(self, bucket: str, pattern: str) -> KeyValue.KeyWatcher:
        return await (await self._bucket(bucket)).watch(pattern)

    async def snapshot(self, bucket: str, pattern: str = ">") -> dict[str, Entry]:
        """The live keys of the bucket right now."""
        return await self._guard(self._kv_snapshot(bucket, pattern), timeout_s=2 * REQUEST_TIMEOUT_S)

    async def _kv_snapshot(self, bucket: str, pattern: str) -> dict[str, Entry]:
        watcher = await (await self._bucket(bucket)).watch(pattern)
        found: dict[str, Entry] = {}
        try:
            async for update in watcher:
                if update is None:
                    break
                if update.value and update.operation not in ("DEL", "PURGE"):
                    found[update.key] = Entry(update.key, update.value, update.revision or 0)
        finally:
            await watcher.stop()  # type: ignore[no-untyped-call]
        return found

    def lease(self, key: str, owner: str) -> "Lease":
        """The lease ``key`` as ``owner`` would hold it."""
        return Lease(self, key, owner)

    async def _lease_bucket(self) -> KeyValue:
        return await self._bucket(subjects.LEASE_BUCKET)

    async def _guard(self, call: Awaitable[R], timeout_s: float = REQUEST_TIMEOUT_S) -> R:
        try:
            async with asyncio.timeout(timeout_s):
                return await call
        except (nats.errors.Error, TimeoutError, OSError) as exc:
            raise _translated(exc) from exc


class Lease:
    """Liveness of one owner. Safety comes from fenced appends, not from here.

    The key expires LEASE_TTL_S after the last renewal; ``fresh`` turns False at 80 % of that by the local
    monotonic clock, so an owner stops before another can start.
    """

    def __init__(self, bus: Bus, key: str, owner: str) -> None:
        self._bus = bus
        self.key = key
        self.owner = owner
        self._revision = 0
        self._renewed_at = float("-inf")

    def fresh(self, now: float) -> bool:
        """Whether the lease is surely still ours at monotonic time ``now``."""
        return now - self._renewed_at < 0.8 * subjects.LEASE_TTL_S

    async def acquire(self) -> bool:
        """Take the lease if nobody holds it. Raises Unavailable."""
        asked_at = time.monotonic()
        revision = await self._bus._guard(self._take())
        if revision is None:
            return False
        self._revision, self._renewed_at = revision, asked_at
        return True

    async def _take(self) -> int | None:
        bucket = await self._bus._lease_bucket()
        try:
            return await bucket.create(self.key, self.owner.encode())
        except KeyWrongLastSequenceError:
            return await self._take_expired(bucket)

    async def _take_expired(self, bucket: KeyValue) -> int | None:
        # After an expiry with limit_marker_ttl nats-py sees an entry without a value, not a deletion.
        try:
            entry = await bucket.get(self.key)
            if entry.value:
                return None
            return await bucket.update(self.key, self.owner.encode(), last=entry.revision)
        except (KeyWrongLastSequenceError, KeyDeletedError, KeyNotFoundError):
            return None

    async def renew(self) -> None:
        """Hold it for another LEASE_TTL_S. Raises Fenced when it is lost, Unavailable when nobody answers."""
        asked_at = time.monotonic()
        try:
            self._revision = await self._bus._guard(self._update(), timeout_s=subjects.LEASE_TTL_S / 3)
        except (_Missing, _WrongRevision) as exc:
            raise Fenced("the lease is held by another owner", source=_SOURCE) from exc
        self._renewed_at = asked_at

    async def _update(self) -> int:
        bucket = await self._bus._lease_bucket()
        return await bucket.update(self.key, self.owner.encode(), last=self._revision)

    async def release(self) -> None:
        """Give it up at once, if it is still ours."""
        self._renewed_at = float("-inf")
        with contextlib.suppress(_Missing, _WrongRevision, Unavailable):
            await self._bus._guard(self._delete())

    async def _delete(self) -> None:
        await (await self._bus._lease_bucket()).delete(self.key, last=self._revision)


class Reader:
    """Ordered reading of one subject filter through an ephemeral pull consumer."""

    def __init__(self, js: JetStreamContext, stream: str, subject: str, start_seq: int) -> None:
        self._js = js
        self._stream = stream
        self._subject = subject
        self.next_seq = max(1, start_seq)
        """Stream sequence from which the next message may come."""
        self._subscription: JetStreamContext.PullSubscription | None = None

    async def fetch(self, *, timeout_s: float = 1.0, batch: int = 64) -> list[Stored]:
        """The next messages, as soon as there is one; [] after ``timeout_s`` without any. Raises Unavailable."""
        try:
            async with asyncio.timeout(timeout_s + REQUEST_TIMEOUT_S):
                return await self._fetch(timeout_s, batch)
        except (nats.errors.Error, TimeoutError, OSError) as exc:
            self._subscription = None
            raise _translated(exc) from exc

    async def _fetch(self, timeout_s: float, batch: int) -> list[Stored]:
        subscription = self._subscription or await self._subscribe()
        try:
            messages = await subscription.fetch(batch, timeout=timeout_s)
        except nats.errors.TimeoutError:
            await self._check(subscription)
            return []
        stored = [_from_message(m) for m in messages]
        if stored and stored[0].seq < self.next_seq:
            stored = [s for s in stored if s.seq >= self.next_seq]
        if stored:
            self.next_seq = stored[-1].seq + 1
        return stored

    async def _check(self, subscription: JetStreamContext.PullSubscription) -> None:
        """After an empty wait: a consumer that the server has forgotten is made again at the next fetch."""
        try:
            await subscription.consumer_info()
        except (NotFoundError, nats.errors.Error):
            await self._forget()

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        self._subscription = await self._js.pull_subscribe(
            self._subject,
            stream=self._stream,
            config=api.ConsumerConfig(
                deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.next_seq,
                ack_policy=api.AckPolicy.NONE,
                mem_storage=True,
                num_replicas=1,
                inactive_threshold=30,
            ),
        )
        return self._subscription

    async def _forget(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(nats.errors.Error, ValueError):
                await subscription.unsubscribe()

    async def close(self) -> None:
        """Stop reading."""
        await self._forget()


class _Missing(Unavailable):
    """The message, key or stream is not there; never leaves this module."""


class _WrongRevision(Unavailable):
    """The key has another revision; never leaves this module."""


def stream_of(subject: str) -> str:
    """The stream that stores ``subject``."""
    return subjects.AUDIO_STREAM if subject.startswith("audio.") else subjects.MEETING_STREAM


def _translated(exc: Exception) -> Unavailable | StorageFull | Misconfigured:
    if isinstance(exc, KeyWrongLastSequenceError):
        return _WrongRevision("the key has another revision", source=_SOURCE)
    if isinstance(exc, BucketNotFoundError):
        return Unavailable("the message bus is not set up", source=_SOURCE)
    if isinstance(exc, NotFoundError | KeyNotFoundError | KeyDeletedError):
        return _Missing("not there", source=_SOURCE)
    if isinstance(exc, APIError) and exc.err_code in _STORE_FULL:
        return StorageFull("the storage budget is used up", source=_SOURCE)
    if isinstance(exc, nats.errors.AuthorizationError):
        return Misconfigured("the message bus refuses the credentials", source=_SOURCE)
    return Unavailable(f"the message bus does not answer ({type(exc).__name__})", source=_SOURCE)


def _stored(raw: api.RawStreamMsg) -> Stored:
    headers = raw.headers or {}
    at = raw.time.timestamp() if raw.time else 0.0
    return Stored(raw.seq or 0, raw.subject or "", raw.data or b"", headers.get("Nats-Msg-Id", ""), at)


def _from_message(message: Msg) -> Stored:
    meta = message.metadata
    msg_id = (message.headers or {}).get("Nats-Msg-Id", "")
    return Stored(meta.sequence.stream, message.subject, message.data, msg_id, meta.timestamp.timestamp())
