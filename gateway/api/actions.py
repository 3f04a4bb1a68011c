"""The board: action items of every meeting that the caller may see."""

import datetime as dt
import time
from collections.abc import Collection
from typing import Annotated, Any

from litestar import Request, get
from litestar.params import FromQuery, QueryParameter
from sqlalchemy import select

from contracts.notes import NoteItem, Status
from gateway.auth.guard import acting
from gateway.board import Board, BoardItem, Wanted, board, board_item
from gateway.services import Injected
from gateway.store import models
from gateway.store.database import Database
from gateway.store.views import decode
from gateway.view import Facts

MAX_ACTIONS = 20_000
"""Items looked at, those of the newest meetings first."""
MAX_OFFSET = MAX_ACTIONS
Owners = Annotated[
    list[str] | None,
    QueryParameter(max_items=50, description="names, by any case; an empty one means items that nobody has"),
]


@get("/v1/actions", tags=["notes"], summary="Action items of all meetings, by due day")
async def actions(  # noqa: PLR0913  # every argument is a query parameter
    request: Request[Any, Any, Any],
    services: Injected,
    owner: Owners = None,
    status: FromQuery[list[Status] | None] = None,
    meeting: Annotated[list[str] | None, QueryParameter(max_items=50)] = None,
    due_from: FromQuery[dt.date | None] = None,
    due_to: FromQuery[dt.date | None] = None,
    overdue: FromQuery[bool | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_OFFSET)] = 0,
) -> Board:
    """With what people edited; deleted, merged and withdrawn items are left out.

    Repeat a filter to allow several values. Items are changed by ``PATCH /v1/meetings/{meeting}/notes/{item}``.
    """
    visible = await services.access.visible_ids(acting(request))
    wanted = Wanted(
        frozenset(owner or ()), frozenset(status or ()), frozenset(meeting or ()), due_from, due_to, overdue
    )
    return board(await _seen(services.database, visible, time.time()), wanted, limit, offset)


async def _seen(database: Database, visible: Collection[str] | None, now: float) -> list[BoardItem]:
    query = (
        select(models.Meeting.facts, models.Item.data)
        .join(models.Meeting, models.Meeting.id == models.Item.meeting)
        .where(models.Item.kind == "action", models.Item.status != "withdrawn")
        .order_by(models.Meeting.started_at.desc(), models.Item.position)
        .limit(MAX_ACTIONS)
    )
    if visible is not None:
        query = query.where(models.Item.meeting.in_(visible))
    async with database.reading() as session:
        rows = (await session.execute(query)).all()
    facts: dict[bytes, Facts] = {data: decode(data, type=Facts) for data in {row[0] for row in rows}}
    return [board_item(facts[row[0]], decode(row[1], type=NoteItem), now) for row in rows]
