"""Ordered reading of a stream."""

import asyncio
import contextlib

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js.errors import NotFoundError, ServiceUnavailableError

from contracts.bus.translate import (
    NATS_ERRORS,
    REQUEST_TIMEOUT_S,
    Stored,
    still_wanted,
    stored_from_message,
    translated,
)

_CONSUMER_IDLE_S = 30.0
_FORGET_S = 1.0


class Reader:
    """Delivers each message of one subject filter once, in stream order, through an ephemeral pull consumer.

    The server counts a message as delivered when it has sent it, so a connection that breaks loses what was on
    its way. The consumer's own sequence shows that: at a jump the rest is thrown away and a new consumer starts
    at ``next_seq``.
    """

    def __init__(self, js: JetStreamContext, stream: str, subject: str, start_seq: int) -> None:
        self._js = js
        self._stream = stream
        self._subject = subject
        self.next_seq = max(1, start_seq)
        """Stream sequence from which the next message may come."""
        self.pending = 0
        """Messages that waited in the stream behind the newest delivered one, when it was sent."""
        self._subscription: JetStreamContext.PullSubscription | None = None
        self._delivered = 0

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
        subscription = self._subscription or await self._subscribe()
        try:
            messages = await subscription.fetch(batch, timeout=timeout_s)
        except TimeoutError:  # nats-py's own is one, and now and then it raises a plain one
            await self._check(subscription)
            return []
        except ServiceUnavailableError:  # nobody answers for the consumer: it idled too long, or the server restarted
            await self._forget()
            return []
        whole = self._without_loss(messages)
        stored = [s for s in map(stored_from_message, whole) if s.seq >= self.next_seq]
        if stored:
            self.next_seq = stored[-1].seq + 1
            self.pending = whole[-1].metadata.num_pending or 0
        if len(whole) < len(messages):
            await self._forget()
        return stored

    def _without_loss(self, messages: list[Msg]) -> list[Msg]:
        """The messages before the first that the consumer's count shows to be missing."""
        for n, message in enumerate(messages):
            if message.metadata.sequence.consumer != self._delivered + 1:
                return messages[:n]
            self._delivered += 1
        return messages

    async def _check(self, subscription: JetStreamContext.PullSubscription) -> None:
        """After an empty wait: a consumer that is gone, or that sent what never arrived, is made again."""
        try:
            info = await subscription.consumer_info()
        except (NotFoundError, nats.errors.Error):
            await self._forget()
            return
        if info.delivered is None or info.delivered.consumer_seq > self._delivered:
            await self._forget()

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        self._delivered = 0
        self._subscription = await self._js.pull_subscribe(
            self._subject,
            stream=self._stream,
            config=api.ConsumerConfig(
                deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.next_seq,
                ack_policy=api.AckPolicy.NONE,
                mem_storage=True,
                num_replicas=1,
                inactive_threshold=_CONSUMER_IDLE_S,
            ),
        )
        return self._subscription

    async def _forget(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is None:
            return
        with contextlib.suppress(nats.errors.Error, ValueError, TimeoutError):
            async with asyncio.timeout(_FORGET_S):
                # The connection lets go of its inbox, and of what waits in it, before it tells the server.
                await subscription.unsubscribe()

    async def close(self) -> None:
        """Stop reading."""
        await self._forget()
