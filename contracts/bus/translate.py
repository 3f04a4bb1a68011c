"""Between nats-py and us: our message structs, and its errors as Faults."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import msgspec
import nats.errors
from nats.aio.msg import Msg
from nats.js import api
from nats.js.errors import (
    APIError,
    BucketNotFoundError,
    KeyDeletedError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NotFoundError,
)

from contracts import subjects
from contracts.errors import Misconfigured, StorageFull, Unavailable

R = TypeVar("R")
REQUEST_TIMEOUT_S = 5.0
SOURCE = "bus"
WRONG_LAST_SEQUENCE = (10071, 10164)
NATS_ERRORS = (nats.errors.Error, TimeoutError, OSError)
_STORE_FULL = (10047, 10077, 10023, 10122)


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


class Missing(Unavailable):
    """The message, key or stream is not there; never leaves this package."""


class WrongRevision(Unavailable):
    """The key has another revision; never leaves this package."""


def stream_of(subject: str) -> str:
    """The stream that stores ``subject``."""
    return subjects.AUDIO_STREAM if subject.startswith("audio.") else subjects.MEETING_STREAM


def translated(exc: Exception) -> Unavailable | StorageFull | Misconfigured:
    """The Fault that ``exc`` means."""
    if isinstance(exc, KeyWrongLastSequenceError):
        return WrongRevision("the key has another revision", source=SOURCE)
    if isinstance(exc, BucketNotFoundError):
        return Unavailable("the message bus is not set up", source=SOURCE)
    if isinstance(exc, NotFoundError | KeyNotFoundError | KeyDeletedError):
        return Missing("not there", source=SOURCE)
    if isinstance(exc, APIError) and exc.err_code in _STORE_FULL:
        return StorageFull("the storage budget is used up", source=SOURCE)
    if isinstance(exc, nats.errors.AuthorizationError):
        return Misconfigured("the message bus refuses the credentials", source=SOURCE)
    return Unavailable(f"the message bus does not answer ({type(exc).__name__})", source=SOURCE)


async def guard(call: Awaitable[R], timeout_s: float = REQUEST_TIMEOUT_S) -> R:
    """The result of ``call`` within ``timeout_s``; raises only Faults."""
    try:
        async with asyncio.timeout(timeout_s):
            result = await call
    except NATS_ERRORS as exc:
        raise translated(exc) from exc
    still_wanted()
    return result


def still_wanted() -> None:
    """Raises CancelledError when the task was cancelled and nobody noticed.

    Before Python 3.12 ``asyncio.wait_for``, which nats-py waits with, swallows a cancellation that comes together
    with the answer.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def stored_from_raw(raw: api.RawStreamMsg) -> Stored:
    """What a direct get answered."""
    headers = raw.headers or {}
    at = raw.time.timestamp() if raw.time else 0.0
    return Stored(raw.seq or 0, raw.subject or "", raw.data or b"", headers.get("Nats-Msg-Id", ""), at)


def stored_from_message(message: Msg) -> Stored:
    """What a consumer delivered."""
    meta = message.metadata
    msg_id = (message.headers or {}).get("Nats-Msg-Id", "")
    return Stored(meta.sequence.stream, message.subject, message.data, msg_id, meta.timestamp.timestamp())
