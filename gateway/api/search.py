"""Search over all meetings that the caller may see."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import FromQuery, QueryParameter

from gateway.auth.guard import acting
from gateway.index.port import Scope
from gateway.index.searcher import MAX_LIMIT, MAX_OFFSET, MAX_QUESTION_CHARS, SearchPage
from gateway.services import Injected

Values = Annotated[list[str] | None, QueryParameter(max_items=50)]


@get("/v1/search", tags=["search"], summary="Search transcripts, notes and recaps of all meetings")
async def search(  # noqa: PLR0913  # every argument is a query parameter
    request: Request[Any, Any, Any],
    services: Injected,
    q: Annotated[str, QueryParameter(max_length=MAX_QUESTION_CHARS, description="words or a question")],
    meeting: Values = None,
    kind: Values = None,
    speaker: Values = None,
    participant: Values = None,
    owner: Values = None,
    status: Values = None,
    after: FromQuery[float | None] = None,
    before: FromQuery[float | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = 10,
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
) -> SearchPage:
    """``mode`` in the answer says what really served it. Repeat a filter to allow several values.

    ``after`` and ``before`` are seconds since the epoch of the meeting's start; ``snippet.at`` is the meeting second
    to play from.
    """
    visible = await services.access.visible_ids(acting(request))
    scope = Scope(
        visible=None if visible is None else frozenset(visible),
        meetings=frozenset(meeting or ()),
        kinds=frozenset(kind or ()),
        speakers=frozenset(speaker or ()),
        participants=frozenset(participant or ()),
        owners=frozenset(owner or ()),
        statuses=frozenset(status or ()),
        after=after,
        before=before,
    )
    return await services.memory.searcher.search(q, scope, limit=limit, offset=offset)
