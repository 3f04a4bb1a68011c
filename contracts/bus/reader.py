"""Ordered reading of a stream."""

import asyncio
import time

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError

from contracts import subjects
from contracts.bus.pull import Pull
from contracts.bus.translate import (
    NATS_ERRORS,
    REQUEST_TIMEOUT_S,
    Stored,
    still_wanted,
    stored_from_message,
    translated,
)

_CONSUMER_IDLE_S = 30.0
_CHECK_S = 1.0
"""While nothing comes, the consumer is looked at so often."""


class Reader:
    """Delivers each message of one subject filter once, in stream order, through an ephemeral pull consumer.

    The server counts a message as delivered when it has sent it, so a connection that breaks loses what was on
    its way. The consumer's own sequence shows that: at a jump the rest is thrown away and a new consumer starts
    at ``next_seq``.
    """

    def __init__(self, client: Client, js: JetStreamContext, stream: str, subject: str, start_seq: int) -> None:
        self._client = client
        self._js = js
        self._stream = stream
        self._subject = subject
        self.next_seq = max(1, start_seq)
        """Stream sequence from which the next message may come."""
        self.pending = 0
        """Messages that waited in the stream behind the newest delivered one, when it was sent."""
        self._pull: Pull | None = None
        self._delivered = 0
        self._seen_at = 0.0

    async def fetch(self, *, timeout_s: float = 1.0, batch: int = 64) -> list[Stored]:
        """The next messages, as soon as there is one; [] after ``timeout_s`` without any. Raises Unavailable."""
        try:
            async with asyncio.timeout(timeout_s + REQUEST_TIMEOUT_S):
                messages = await self._fetch(timeout_s, batch)
        except NATS_ERRORS as exc:
            await self._forget()
            raise translated(exc) from exc
        still_wanted()
        return messages

    async def _fetch(self, timeout_s: float, batch: int) -> list[Stored]:
        pull = self._pull or await self._subscribe()
        if not await pull.wait(timeout_s):
            await self._check(pull)
            return []
        messages = pull.take(batch)
        whole = self._without_loss(messages)
        stored = [s for s in map(stored_from_message, whole) if s.seq >= self.next_seq]
        if stored:
            self._seen_at = time.monotonic()
            self.next_seq = stored[-1].seq + 1
            self.pending = whole[-1].metadata.num_pending or 0
        if len(whole) < len(messages) or not messages:  # some were lost, or the consumer is gone
            await self._forget()
        return stored

    def _without_loss(self, messages: list[Msg]) -> list[Msg]:
        """The messages before the first that the consumer's count shows to be missing."""
        for n, message in enumerate(messages):
            if message.metadata.sequence.consumer != self._delivered + 1:
                return messages[:n]
            self._delivered += 1
        return messages

    async def _check(self, pull: Pull) -> None:
        """After an empty wait: a consumer that is gone, or that sent what never arrived, is made again."""
        if time.monotonic() - self._seen_at < _CHECK_S:
            return
        self._seen_at = time.monotonic()
        try:
            info = await self._js.consumer_info(self._stream, pull.consumer)
        except (NotFoundError, nats.errors.Error):
            await self._forget()
            return
        if info.delivered is None or info.delivered.consumer_seq > self._delivered + pull.waiting:
            await self._forget()
        elif not info.num_waiting:
            pull.ask_anew()

    async def _subscribe(self) -> Pull:
        self._delivered = 0
        name = subjects.new_id()
        await self._js.add_consumer(
            self._stream,
            api.ConsumerConfig(
                name=name,
                filter_subject=self._subject,
                deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.next_seq,
                ack_policy=api.AckPolicy.NONE,
                mem_storage=True,
                num_replicas=1,
                inactive_threshold=_CONSUMER_IDLE_S,
            ),
        )
        self._pull = Pull(self._client, self._stream, name)
        await self._pull.open()
        return self._pull

    async def _forget(self) -> None:
        pull, self._pull = self._pull, None
        if pull is not None:
            await pull.close()

    async def close(self) -> None:
        """Stop reading."""
        await self._forget()
