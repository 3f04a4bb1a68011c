"""What one consumer delivers, asked for in large portions so that a message costs no question of its own."""

import asyncio
import contextlib
import json
from collections import deque

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from contracts import subjects

_PORTION = 256
_EXPIRES_S = 20.0
"""An open question ends by then, and is asked again."""
_CLOSE_S = 1.0
_OVER = ("404", "408")
"""Statuses that end a question and nothing else: no messages, expired."""


class Pull:
    """Messages that have arrived and were not taken yet; at most a portion of them.

    ``gone``: the consumer is not there any more.
    """

    def __init__(self, client: Client, stream: str, consumer: str) -> None:
        self._client = client
        self._next = subjects.next_messages(stream, consumer)
        self._inbox = client.new_inbox()
        self._arrived: deque[Msg] = deque()
        self._changed = asyncio.Event()
        self._asked = 0
        self._subscription: Subscription | None = None
        self.consumer = consumer
        self.gone = False

    @property
    def waiting(self) -> int:
        """How many messages there are to take."""
        return len(self._arrived)

    async def open(self) -> None:
        """Begin to listen."""
        self._subscription = await self._client.subscribe(
            self._inbox, cb=self._deliver, pending_msgs_limit=0, pending_bytes_limit=0
        )

    async def _deliver(self, message: Msg) -> None:
        status = None if message.reply else (message.headers or {}).get("Status")
        if status is None:
            self._asked -= 1
            self._arrived.append(message)
        elif status in _OVER:
            self._asked = 0
        else:
            self.gone = True
        self._changed.set()

    def ask_anew(self) -> None:
        """The open question is known to be lost."""
        self._asked = 0

    async def wait(self, timeout_s: float) -> bool:
        """Whether there is something to take, or the consumer is gone, before ``timeout_s`` is over."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._arrived and not self.gone:
                    await self._ask()
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return bool(self._arrived)
        return True

    async def _ask(self) -> None:
        if self._asked > 0:
            return
        self._asked = _PORTION
        question = {"batch": _PORTION, "expires": int(_EXPIRES_S * 1e9)}
        await self._client.publish(self._next, json.dumps(question).encode(), reply=self._inbox)

    def take(self, most: int) -> list[Msg]:
        """The oldest messages."""
        return [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]

    async def close(self) -> None:
        """Listen no more."""
        if self._subscription is None:
            return
        with contextlib.suppress(nats.errors.Error, ValueError, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                # The connection lets go of its inbox, and of what waits in it, before it tells the server.
                await self._subscription.unsubscribe()
