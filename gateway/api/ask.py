"""Questions about one meeting or all: the answer is quoted, or written from quotes, with where it was said."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, post
from litestar.params import JSONBody
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Meta
from msgspec.structs import replace

from contracts import log, subjects
from contracts.asking import AskReply, AskRequest, WrittenSentence
from contracts.bus import Bus
from contracts.errors import Fault
from gateway.api.schemas import Id
from gateway.auth.guard import acting
from gateway.auth.identity import User
from gateway.index.answers import PER_PASSAGE, TO_WRITE_FROM, Sentence, answers, written
from gateway.index.meeting_passages import talk_of
from gateway.index.port import TRANSCRIPT, Scope
from gateway.index.searcher import MAX_QUESTION_CHARS
from gateway.services import Injected, Services

WRITE_TIMEOUT_S = 30.0
JUDGE_TIMEOUT_S = 12.0
"""So long somebody who wants quotes waits at most, and only where it is not sure that they answer."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``meetings`` empty = all that you may see. ``last_s``: only the last so many seconds of the one meeting.

    ``write``: the answer in a few sentences, which takes up to half a minute; the quotes come at once all the same.
    """

    question: Annotated[str, Meta(min_length=1, max_length=MAX_QUESTION_CHARS)]
    meetings: Annotated[tuple[Id, ...], Meta(max_length=50)] = ()
    last_s: Annotated[float, Meta(gt=0, le=24 * 3600)] | None = None
    write: bool = False


class Done(msgspec.Struct, frozen=True):
    """The end of an answer; ``found`` False = nothing that was said answers it. ``how`` its sentences came about."""

    found: bool
    how: Literal["quoted", "written"]
    took_ms: float


@post("/v1/ask", tags=["search"], summary="Ask about what was said", status_code=200)
async def ask(request: Request[Any, Any, Any], services: Injected, data: JSONBody[Question]) -> ServerSentEvent:
    """Events: ``sentence`` {text, citation{meeting, title, segment, start, end, speaker, kind}}*, then ``done``.

    With ``write`` the quotes come first, as ``quote`` events of the same form; then the ``sentence`` events of the
    written answer, or the quotes again when nobody writes in time or nothing written stands in what was said.
    Works while a meeting runs; what was said a few seconds ago may be missing.
    """
    user = acting(request)
    scope = await _scope(services, user, data)
    started = time.perf_counter()
    count = TO_WRITE_FROM if data.write else PER_PASSAGE
    found = await services.memory.answerer.found(data.question, scope, count)
    said = await _as_said(services, user, found.sentences)
    return ServerSentEvent(_events(services, data, said, found.doubtful, started))


async def _scope(services: Services, user: User, data: Question) -> Scope:
    visible = await services.access.visible_ids(user)
    since_s = None
    if data.last_s is not None and len(data.meetings) == 1:
        view = await services.view(user, data.meetings[0])
        since_s = max(0.0, view.end_s() - data.last_s)
    allowed = None if visible is None else frozenset(visible)
    return Scope(visible=allowed, meetings=frozenset(data.meetings), since_s=since_s)


async def _as_said(services: Services, user: User, sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences that still stand, in their words of now: they may have been corrected since they were indexed."""
    now: dict[str, dict[str, str]] = {}
    for id_ in {s.citation.meeting for s in sentences}:
        view = await services.view(user, id_)
        single = {s.id: s.text for s in view.shown_segments()}
        now[id_] = single | {line.segment: line.text for line in talk_of(view)}
    kept = ((s, now[s.citation.meeting].get(s.citation.segment)) for s in sentences)
    return [s if s.citation.kind != TRANSCRIPT or s.text in said else replace(s, text=said) for s, said in kept if said]


async def _events(
    services: Services, data: Question, said: list[Sentence], doubtful: Sequence[str], started: float
) -> AsyncIterator[ServerSentEventMessage]:
    answer: list[Sentence] = []
    for quote in said if data.write else ():
        yield _event("quote", quote)
    writer = BusWriter(services.bus, WRITE_TIMEOUT_S if data.write else JUDGE_TIMEOUT_S)
    if said and doubtful and not await answers(data.question, doubtful, writer):
        said = []
    if data.write and said:
        answer = await written(data.question, said, writer)
    for sentence in answer or said:
        yield _event("sentence", sentence)
    took_ms = round((time.perf_counter() - started) * 1000, 1)
    yield _event("done", Done(bool(said), "written" if answer else "quoted", took_ms))


def _event(name: str, body: Sentence | Done) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=name, data=msgspec.json.encode(body).decode())


class BusWriter:
    """Asks the analyzers, all in all for ``timeout_s``. Implements ``answers.Writer``."""

    def __init__(self, bus: Bus, timeout_s: float) -> None:
        self._bus = bus
        self._until = time.time() + timeout_s

    async def chance(self, question: str, excerpts: Sequence[str]) -> float | None:
        """As the port says."""
        return (await self._asked(AskRequest(question, tuple(excerpts), self._until, judge=True))).chance

    async def write(self, question: str, lines: Sequence[str]) -> tuple[WrittenSentence, ...]:
        """As the port says."""
        return (await self._asked(AskRequest(question, tuple(lines), self._until))).sentences

    async def _asked(self, request: AskRequest) -> AskReply:
        left_s = self._until - time.time()
        try:
            reply = await self._bus.request(subjects.ASK, msgspec.json.encode(request), max(0.1, left_s))
            return msgspec.json.decode(reply, type=AskReply)
        except (Fault, msgspec.DecodeError, UnicodeError) as exc:
            log.get().info("ask.not_written", error=type(exc).__name__)
            return AskReply()
