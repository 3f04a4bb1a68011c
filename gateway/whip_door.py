"""The way from the gateway's own address to the WHIP process beside it: one port, one origin, one certificate."""

from collections.abc import Mapping

import httpx
import msgspec

from contracts.errors import Unavailable

TIMEOUT_S = 30.0
ASKED = ("authorization", "content-type", "if-match")
ANSWERED = (
    "content-type",
    "location",
    "etag",
    "link",
    "retry-after",
    "accept-post",
    "accept-patch",
    "www-authenticate",
)


class Passed(msgspec.Struct, frozen=True):
    """What the WHIP process answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class WhipDoor:
    """Hands requests on as they are; the WHIP process decides."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """``url``: of the WHIP process; empty = there is none."""
        self._client = (
            httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False, transport=transport) if url else None
        )

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes, caller: str) -> Passed:
        """The answer to a request that came from the address ``caller``. Raises Unavailable."""
        if self._client is None:
            raise Unavailable("this server takes no WebRTC sound", source="whip")
        kept = {name: headers[name] for name in ASKED if name in headers} | {"x-forwarded-for": caller}
        try:
            answer = await self._client.request(method, path, headers=kept, content=body)
        except httpx.HTTPError as exc:
            raise Unavailable("WebRTC sound is not taken right now", source="whip") from exc
        answered = {name: answer.headers[name] for name in ANSWERED if name in answer.headers}
        return Passed(answer.status_code, answered, answer.content)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
