"""Voices that are remembered across meetings: only when a person says so, theirs alone, and forgotten at a word."""

from typing import Any

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from contracts.errors import BadInput, Conflict, NotFound
from gateway.api.meetings import writer
from gateway.api.schemas import Id, Name, checked
from gateway.auth.guard import acting
from gateway.services import Injected
from gateway.store.models import Voice as Row
from gateway.voices.matching import TO_REMEMBER_S, suggested
from gateway.voices.recogniser import ask_for_voices
from gateway.voices.store import voice_of

Req = Request[Any, Any, Any]
NOTICE = "2026-11"
"""Names the text that people confirm (``web/js/lib/consent.js``); a new text gets a new name."""


class NewVoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The named speaker ``speaker`` (a label) of a meeting agreed to being recognised by their voice."""

    meeting: Id
    speaker: Name
    notice: Name
    consent: bool = False


class RememberedVoice(msgspec.Struct, frozen=True):
    """Without the voiceprint, which is never given out. ``seconds`` of speech are behind it."""

    voice: str
    name: str
    seconds: float
    at: float


class VoiceOffer(msgspec.Struct, frozen=True):
    """``name`` None: nobody whom you have remembered."""

    name: str | None = None


class Voices(Controller):
    """``/v1/voices``."""

    path = "/v1/voices"
    tags = ("voices",)

    @get("/", summary="The voices that you have remembered")
    async def mine(self, request: Req, services: Injected) -> tuple[RememberedVoice, ...]:
        """By name."""
        return tuple(map(_shown, await services.voices.of(acting(request).id)))

    @get("/like", summary="Whose remembered voice a speaker of a meeting may have")
    async def like(
        self, request: Req, services: Injected, meeting: FromQuery[str], speaker: FromQuery[str]
    ) -> VoiceOffer:
        """For somebody who is about to name the speaker: not certain. Only your own voices are compared."""
        user = acting(request)
        view = await services.outline(user, meeting)
        rows = await services.voices.of(user.id)
        if not rows:
            return VoiceOffer()
        model, heard = await ask_for_voices(services.bus, view)
        voice = next((v for v in heard if v.key == speaker), None)
        known = {row.id: row for row in rows if row.model == model}
        who = suggested(voice, [voice_of(row) for row in known.values()]) if voice and known else None
        return VoiceOffer(known[who].name if who else None)

    @post("/", summary="Remember a voice across meetings")
    async def remember(self, request: Req, services: Injected, data: JSONBody[NewVoice]) -> RememberedVoice:
        """The speaker must have a name and must have spoken for ten seconds. 409 otherwise."""
        user = writer(request)
        if not data.consent:
            raise BadInput("who is to be recognised must agree to it", source="client")
        if data.notice != NOTICE:
            raise BadInput("the text has changed: load the page again", source="client")
        view = await services.view(user, data.meeting, write=True)
        label = checked(data.speaker)
        name = view.speakers.get(label, label)
        if name == label:
            raise Conflict("give this speaker a name first", source="client")
        model, heard = await ask_for_voices(services.bus, view)
        voice = next((v for v in heard if v.key == label), None)
        if voice is None:
            raise NotFound("there is no voiceprint of this speaker", source="client")
        if voice.seconds < TO_REMEMBER_S:
            raise Conflict("too little was heard of this voice yet", source="client")
        return _shown(await services.voices.keep(user.id, name, model, voice, data.notice))

    @delete("/{voice:str}", status_code=204, summary="Forget a voice")
    async def forget(self, request: Req, services: Injected, voice: FromPath[str]) -> None:
        """The voiceprint is erased at once. Names that it gave stay in their meetings, as names that people give do."""
        await services.voices.forget(acting(request).id, voice)


def _shown(row: Row) -> RememberedVoice:
    return RememberedVoice(row.id, row.name, round(row.seconds, 1), row.at)
