"""One-use tickets that open sockets."""

import asyncio

import msgspec
from litestar.stores.base import Store

from contracts.errors import NotSignedIn
from gateway.auth.identity import Scope, Ticket, digest, new_secret


class Tickets:
    """A ticket is accepted once, within its time, for the meeting and scope that it was made for."""

    def __init__(self, store: Store, ttl_s: float) -> None:
        self._store = store
        self._redeeming = asyncio.Lock()
        self.ttl_s = ttl_s

    async def issue(self, ticket: Ticket) -> str:
        """The secret that stands for ``ticket``."""
        secret = new_secret()
        await self._store.set(digest(secret), msgspec.json.encode(ticket), expires_in=max(1, int(self.ttl_s)))
        return secret

    async def redeem(self, secret: str, meeting: str, scope: Scope) -> Ticket:
        """The ticket behind ``secret``, used up by this call. Raises NotSignedIn."""
        key = digest(secret)
        async with self._redeeming:
            data = await self._store.get(key)
            await self._store.delete(key)
        if data is None:
            raise NotSignedIn("the ticket is unknown, used or expired", source="client")
        ticket = msgspec.json.decode(data, type=Ticket)
        if ticket.meeting != meeting or ticket.scope != scope:
            raise NotSignedIn("the ticket is for something else", source="client")
        return ticket
