"""One connection to the NATS server."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Self

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js.errors import APIError, NotFoundError

from contracts import log, subjects
from contracts.bus.buckets import Buckets
from contracts.bus.lease import Lease
from contracts.bus.reader import Reader
from contracts.bus.translate import (
    NATS_ERRORS,
    REQUEST_TIMEOUT_S,
    SOURCE,
    WRONG_LAST_SEQUENCE,
    Entry,
    Missing,
    Stored,
    guard,
    stored_from_raw,
    stream_of,
    translated,
)
from contracts.errors import Fenced, Unavailable
from contracts.settings import BusSettings

_FLUSH_S = 1.0


class Bus:
    """One connection. Reconnects for ever; every call has a timeout and raises only Faults.

    ``clock`` is what leases count with: seconds of a clock that never jumps.
    """

    def __init__(self, client: Client, settings: BusSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._settings = settings
        self._js: JetStreamContext = client.jetstream(timeout=REQUEST_TIMEOUT_S, publish_async_max_pending=256)
        self._buckets = Buckets(self._js, clock)

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
            raise Unavailable("the message bus does not answer", source=SOURCE) from exc
        return cls(client, settings)

    async def close(self) -> None:
        """Flush and disconnect; safe to call twice."""
        if self._client.is_connected:
            with contextlib.suppress(nats.errors.Error, TimeoutError):
                async with asyncio.timeout(_FLUSH_S):
                    # Not drain: it waits for a pull subscription's queue, which nobody empties any more.
                    await self._client.flush()
        if not self._client.is_closed:
            await self._client.close()

    @property
    def connected(self) -> bool:
        """Whether the server answers right now, as far as the client knows."""
        return self._client.is_connected

    @property
    def inboxes(self) -> int:
        """Subscriptions that are open on this connection: one for its answers, one for each reader and watcher."""
        return len(self._client._subs)

    # -- set-up ---------------------------------------------------------------------------------

    async def set_up(self) -> None:
        """Make or update the streams and buckets of ``contracts.subjects``; idempotent."""
        await guard(self._put_stream(subjects.AUDIO_STREAM, [subjects.AUDIO_ALL], self._settings.audio_max_bytes))
        await guard(self._put_stream(subjects.MEETING_STREAM, [subjects.MEETING_ALL], self._settings.meeting_max_bytes))
        await guard(self._put_bucket(subjects.LEASE_BUCKET, ttl_s=subjects.LEASE_TTL_S))
        await guard(self._put_bucket(subjects.WORK_BUCKET, ttl_s=None))

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
        # Looked for first: adding a stream that is there counts its budget twice, and may so be refused.
        try:
            there = (await self._js.stream_info(name)).config
        except NotFoundError:
            await self._js.add_stream(config)
            return
        if (there.max_bytes, there.num_replicas, there.subjects) != (max_bytes, config.num_replicas, filters):
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
            if exc.err_code in WRONG_LAST_SEQUENCE:
                return await self._own_or_fenced(subject, msg_id)
            raise translated(exc) from exc
        except NATS_ERRORS as exc:
            raise translated(exc) from exc

    async def _own_or_fenced(self, subject: str, msg_id: str) -> int:
        last = await self.last(stream_of(subject), subject)
        if last is not None and last.msg_id == msg_id:
            return last.seq
        raise Fenced("another owner has written to the subject", source=SOURCE)

    async def last(self, stream: str, subject: str) -> Stored | None:
        """The newest message of ``subject`` (a literal subject), or None."""
        try:
            raw = await guard(self._js.get_last_msg(stream, subject, direct=True))
        except Missing:
            return None
        return stored_from_raw(raw)

    async def holds(self, stream: str, subject: str) -> bool:
        """Whether there is any message of ``subject``, which may have wildcards."""
        return await self._last_matching(stream, subject) > 0

    async def get(self, stream: str, seq: int) -> Stored | None:
        """The message with that stream sequence, or None when it is gone."""
        try:
            return stored_from_raw(await guard(self._js.get_msg(stream, seq, direct=True)))
        except Missing:
            return None

    async def last_seq(self, stream: str) -> int:
        """The stream's newest sequence."""
        info = await guard(self._js.stream_info(stream))
        return info.state.last_seq

    async def counts(self, stream: str, subject: str) -> dict[str, int]:
        """How many messages there are of each subject that matches ``subject``."""
        info = await guard(self._js.stream_info(stream, subjects_filter=subject))
        return info.state.subjects or {}

    async def used_bytes(self, stream: str) -> tuple[int, int]:
        """Bytes stored in the stream and its budget."""
        info = await guard(self._js.stream_info(stream))
        return info.state.bytes, info.config.max_bytes or 0

    def reader(self, stream: str, subject: str, start_seq: int = 1) -> Reader:
        """A reader of ``subject`` (one filter) from stream sequence ``start_seq`` on."""
        return Reader(self._client, self._js, stream, subject, start_seq)

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
            raw = await guard(self._js.get_last_msg(stream, subject))
        except Missing:
            return 0
        return raw.seq or 0

    async def purge(self, stream: str, subject: str, *, up_to_seq: int | None = None) -> None:
        """Remove messages of ``subject``: all, or those with a sequence ≤ ``up_to_seq``."""
        keep_from = None if up_to_seq is None else up_to_seq + 1
        await guard(self._js.purge_stream(stream, subject=subject, seq=keep_from))

    async def erase(self, stream: str, seq: int) -> None:
        """Remove one message and overwrite its bytes."""
        with contextlib.suppress(Missing):
            await guard(self._js.delete_msg(stream, seq))

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

        await guard(self._client.subscribe(subject, cb=deliver, pending_msgs_limit=4096))

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        """The reply of whoever serves ``subject``. Raises Unavailable when nobody does, or not in time."""
        reply = await guard(self._client.request(subject, data, timeout=timeout_s), timeout_s + _FLUSH_S)
        return bytes(reply.data)

    async def serve(self, subject: str, queue: str, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        """Reply to requests, one after the other, shared with the others of ``queue``, until the connection closes."""

        async def reply(message: Msg) -> None:
            await self.publish_live(message.reply, await answer(message.data))

        await guard(self._client.subscribe(subject, queue=queue, cb=reply, pending_msgs_limit=16))

    # -- buckets ----------------------------------------------------------------------------------

    async def put(self, bucket: str, key: str, value: bytes) -> int:
        """Set a key whatever was there; returns the revision."""
        return await self._buckets.put(bucket, key, value)

    async def delete(self, bucket: str, key: str) -> None:
        """Remove a key; nothing happens when it is not there."""
        await self._buckets.delete(bucket, key)

    def entries(self, bucket: str, pattern: str = ">") -> AsyncGenerator[Entry, None]:
        """What is in the bucket now, then every change, for ever. Restarts itself after an outage.

        An entry may be seen twice; a deletion during an outage is seen by its absence in ``snapshot``.
        """
        return self._buckets.entries(bucket, pattern)

    async def snapshot(self, bucket: str, pattern: str = ">") -> dict[str, Entry]:
        """The live keys of the bucket right now."""
        return await self._buckets.snapshot(bucket, pattern)

    def lease(self, key: str, owner: str) -> Lease:
        """The lease ``key`` as ``owner`` would hold it."""
        return self._buckets.lease(key, owner)
