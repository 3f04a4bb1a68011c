"""Questions about one meeting or all: what answers them is quoted, with where it was said."""

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, post
from litestar.params import JSONBody
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Meta

from gateway.api.schemas import Id
from gateway.auth.guard import acting
from gateway.auth.identity import User
from gateway.index.answers import Sentence
from gateway.index.port import Scope
from gateway.index.searcher import MAX_QUESTION_CHARS
from gateway.services import Injected, Services


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``meetings`` empty = all that you may see. ``last_s``: only the last so many seconds of the one meeting."""

    question: Annotated[str, Meta(min_length=1, max_length=MAX_QUESTION_CHARS)]
    meetings: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()
    last_s: Annotated[float, Meta(gt=0, le=24 * 3600)] | None = None


class Done(msgspec.Struct, frozen=True):
    """The end of an answer; ``found`` False = nothing that was said answers it. ``how``: the words are quoted."""

    found: bool
    how: Literal["quoted"]
    took_ms: float


@post("/v1/ask", tags=["search"], summary="Ask about what was said", status_code=200)
async def ask(request: Request[Any, Any, Any], services: Injected, data: JSONBody[Question]) -> ServerSentEvent:
    """Events: ``sentence`` {text, citation{meeting, title, segment, start, end, speaker, kind}}*, then ``done``.

    Works while a meeting runs; what was said a few seconds ago may be missing.
    """
    user = acting(request)
    scope = await _scope(services, user, data)
    started = time.perf_counter()
    sentences = await services.memory.answerer.answer(data.question, scope)
    standing = [s for s in sentences if await _stands(services, user, s)]
    return ServerSentEvent(_events(standing, started))


async def _scope(services: Services, user: User, data: Question) -> Scope:
    visible = await services.access.visible_ids(user)
    since_s = None
    if data.last_s is not None and len(data.meetings) == 1:
        view = await services.view(user, data.meetings[0])
        since_s = max(0.0, view.end_s() - data.last_s)
    allowed = None if visible is None else frozenset(visible)
    return Scope(visible=allowed, meetings=frozenset(data.meetings), since_s=since_s)


async def _stands(services: Services, user: User, sentence: Sentence) -> bool:
    """Whether the cited segment is there now: it may have been struck since it was indexed."""
    view = await services.view(user, sentence.citation.meeting)
    segment = view.segments.get(sentence.citation.segment)
    return segment is not None and bool(segment.shown().text)


async def _events(sentences: list[Sentence], started: float) -> AsyncIterator[ServerSentEventMessage]:
    for sentence in sentences:
        yield ServerSentEventMessage(event="sentence", data=msgspec.json.encode(sentence).decode())
    took_ms = round((time.perf_counter() - started) * 1000, 1)
    done = Done(bool(sentences), "quoted", took_ms)
    yield ServerSentEventMessage(event="done", data=msgspec.json.encode(done).decode())
