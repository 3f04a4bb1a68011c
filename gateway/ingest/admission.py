"""Asks the gateway whether a caller may send sound to a meeting, and gets the track for it."""

import httpx
import msgspec

from contracts.errors import Conflict, Fault, NotAllowed, NotFound, NotSignedIn, StorageFull, TooMany, Unavailable
from contracts.subjects import check_id

_TIMEOUT_S = 10.0
_FAULTS: dict[int, type[Fault]] = {
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    429: TooMany,
    507: StorageFull,
}


class AddedTrack(msgspec.Struct, frozen=True):
    """The gateway's answer: the track."""

    track: str


class Admission:
    """The gateway's API as a WHIP client's bearer sees it."""

    def __init__(self, gateway_url: str) -> None:
        self._client = httpx.AsyncClient(base_url=gateway_url, timeout=_TIMEOUT_S)

    async def add_track(self, meeting: str, bearer: str, speaker: str | None, label: str) -> str:
        """A new track of ``meeting`` for the holder of ``bearer``. Raises the fault that the gateway answered."""
        body = {"source": "whip", "speaker": speaker, "label": label}
        return await self._ask(f"/v1/meetings/{check_id(meeting)}/tracks", bearer, body)

    async def open_track(self, meeting: str, ticket: str, track: str) -> str:
        """``track``, which the holder of ``ticket`` (used up by this) may send. Raises the gateway's fault."""
        return await self._ask(f"/v1/meetings/{check_id(meeting)}/tracks/{check_id(track)}/sender", ticket, {})

    async def _ask(self, path: str, bearer: str, body: dict[str, str | None]) -> str:
        try:
            answer = await self._client.post(path, json=body, headers={"authorization": f"Bearer {bearer}"})
        except httpx.HTTPError as exc:
            raise Unavailable("the gateway does not answer", source="gateway") from exc
        if answer.status_code != httpx.codes.CREATED:
            fault = _FAULTS.get(answer.status_code, Unavailable)
            raise fault("the gateway does not admit this track", source="gateway")
        try:
            return check_id(msgspec.json.decode(answer.content, type=AddedTrack).track)
        except msgspec.DecodeError as exc:
            raise Unavailable("the gateway gave an answer that is none", source="gateway") from exc

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
