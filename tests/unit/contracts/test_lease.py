"""A lease that is taken back meets late renewals of its own owner, and claims of others."""

from types import SimpleNamespace
from typing import Any

import pytest
from nats.js.errors import KeyWrongLastSequenceError

from contracts.bus.lease import Lease


class Key:
    """One key of a bucket; after each look at it ``news`` is stored by whoever."""

    def __init__(self, value: bytes | None, *news: bytes) -> None:
        self.value, self.revision, self._news = value, 1, list(news)

    async def create(self, key: str, value: bytes) -> int:
        raise KeyWrongLastSequenceError

    async def get(self, key: str) -> Any:
        seen = SimpleNamespace(value=self.value, revision=self.revision)
        if self._news:
            self.value, self.revision = self._news.pop(0), self.revision + 1
        return seen

    async def update(self, key: str, value: bytes, last: int) -> int:
        if last != self.revision:
            raise KeyWrongLastSequenceError
        self.value, self.revision = value, self.revision + 1
        return self.revision


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        (Key(b"me"), True),
        (Key(None), True),
        (Key(b"me", b"me"), True),
        (Key(None, b"me"), True),
        (Key(None, b"other"), False),
        (Key(b"me", b"me", b"other"), False),
        (Key(b"other"), False),
    ],
)
async def test_a_lease_is_taken_back_unless_another_has_it(key: Key, taken: bool) -> None:
    async def bucket() -> Any:
        return key

    lease = Lease(bucket, "k", "me", lambda: 0.0)
    assert await lease.acquire() is taken
    assert lease.fresh(0.1) is taken
    assert key.value == (b"me" if taken else b"other")
