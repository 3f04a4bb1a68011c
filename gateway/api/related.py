"""Live memory: what earlier meetings have to do with the notes of this one."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import FromPath, QueryParameter

from gateway.auth.guard import acting
from gateway.index.port import Scope
from gateway.index.related import Related
from gateway.services import Injected

MAX_ITEMS = 40


class RelatedPage(msgspec.Struct, frozen=True):
    """Notes of this meeting that have to do with earlier ones; those without links are left out."""

    items: tuple[Related, ...]


@get(
    "/v1/meetings/{meeting:str}/related", tags=["notes"], summary="Earlier decisions and open actions on the same thing"
)
async def related(
    request: Request[Any, Any, Any],
    services: Injected,
    meeting: FromPath[str],
    item: Annotated[list[str] | None, QueryParameter(max_items=MAX_ITEMS, description="only for these notes")] = None,
) -> RelatedPage:
    """For the newest action items and decisions, or those named. Only meetings that you may see are looked at.

    Ask again when the feed brings a new note. 503 while the index or the model is not there.
    """
    user = acting(request)
    view = await services.view(user, meeting)
    visible = await services.access.visible_ids(user)
    shown = [i for i in view.notes.shown() if not item or i.id in item]
    scope = Scope(
        visible=None if visible is None else frozenset(visible),
        before=view.facts.started_at if view.facts else None,
    )
    return RelatedPage(tuple(await services.memory.relater.related(shown[-MAX_ITEMS:], scope)))
