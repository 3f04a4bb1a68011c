"""Notes and the recap: read, edit, write again."""

import time
from typing import Any

from litestar import Controller, Request, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from contracts import subjects
from contracts.errors import BadInput, Conflict, NotFound
from contracts.notes import FIELDS, Change, NoteCreated, NoteEdited, NoteItem, NotesMerged
from gateway.api.schemas import (
    Accepted,
    EditedNote,
    Merge,
    NewNote,
    NewRecap,
    NotesState,
    RecapPage,
    clean,
    clean_line,
)
from gateway.api.words import append_edit
from gateway.auth.guard import acting
from gateway.services import Injected
from gateway.summary import summary_of
from gateway.view import MeetingView

Req = Request[Any, Any, Any]


class Notes(Controller):
    """Everything about the notes of a meeting."""

    path = "/v1/meetings/{meeting:str}"
    tags = ("notes",)

    @get("/notes", summary="The notes as shown")
    async def notes(self, request: Req, services: Injected, meeting: FromPath[str]) -> NotesState:
        """With what people edited."""
        view = await services.view(acting(request), meeting)
        return NotesState(view.seq, _shown(view), view.notes.summary, view.notes.chapters)

    @get("/recap", summary="The recap")
    async def recap(self, request: Req, services: Injected, meeting: FromPath[str]) -> RecapPage:
        """``recap`` is None until it is written; the rest is what there is so far."""
        view = await services.view(acting(request), meeting)
        notes = view.notes
        return RecapPage(
            view.seq,
            summary_of(view.facts, view.open_actions()),  # type: ignore[arg-type]  # services.view has seen them
            notes.recap,
            tuple(notes.shown()),
            notes.recap.chapters if notes.recap and notes.recap.chapters else notes.chapters,
            tuple(view.gaps),
            view.speakers,
        )

    @post("/recap", summary="Write the recap again", status_code=202)
    async def rewrite(
        self, request: Req, services: Injected, meeting: FromPath[str], data: JSONBody[NewRecap]
    ) -> Accepted:
        """For a completed meeting; the new recap comes on the feed."""
        view = await services.outline(acting(request), meeting, write=True)
        if view.facts is None or view.facts.state != "completed":
            raise Conflict("the meeting is not complete yet", source="client")
        await services.lifecycle.offer_meeting(meeting, data.template)
        return Accepted(view.seq)

    @post("/notes", summary="Write an item by hand")
    async def create(
        self, request: Req, services: Injected, meeting: FromPath[str], data: JSONBody[NewNote]
    ) -> NoteItem:
        """All its fields are yours: the analyzer leaves them alone."""
        user = acting(request)
        await services.access.meeting(user, meeting, write=True)
        item = NoteItem(
            subjects.new_id(),
            data.kind,
            clean(data.text),
            owner=clean_line(data.owner) if data.owner else None,
            due=data.due,
            locked=FIELDS,
            history=(Change(time.time(), user.id, "added"),),
        )
        await append_edit(services, meeting, NoteCreated(meeting, item, user.id, time.time()))
        return item

    @patch("/notes/{item:str}", summary="Edit an item")
    async def edit(
        self, request: Req, services: Injected, meeting: FromPath[str], item: FromPath[str], data: JSONBody[EditedNote]
    ) -> NoteItem:
        """What you set stays as you set it, until you unlock it."""
        user = acting(request)
        view = await services.view(user, meeting, write=True)
        known(view, item)
        deleted = None if data.deleted is UNSET else data.deleted
        record = NoteEdited(meeting, item, user.id, time.time(), _fields(data), data.unlock, deleted)
        if not (record.fields or record.unlock or deleted is not None):
            raise BadInput("nothing to change", source="client")
        seq = await append_edit(services, meeting, record)
        view.apply(max(seq, view.seq + 1), record)
        return view.notes.items[item]

    @post("/notes/{item:str}/merge", summary="Say that two items are one", status_code=202)
    async def merge(
        self, request: Req, services: Injected, meeting: FromPath[str], item: FromPath[str], data: JSONBody[Merge]
    ) -> Accepted:
        """The evidence moves to the item that stays."""
        user = acting(request)
        view = await services.view(user, meeting, write=True)
        known(view, item)
        known(view, data.into)
        if item == data.into:
            raise BadInput("an item can not be merged into itself", source="client")
        record = NotesMerged(meeting, item, data.into, user.id, time.time())
        return Accepted(await append_edit(services, meeting, record))


def known(view: MeetingView, item: str) -> None:
    """Raises NotFound."""
    if item not in view.notes.items:
        raise NotFound("no such item", source="client")


def _shown(view: MeetingView) -> tuple[NoteItem, ...]:
    return tuple(i for i in view.notes.items.values() if not i.deleted and not i.merged_into)


def _fields(data: EditedNote) -> dict[str, str | None]:
    fields: dict[str, str | None] = {}
    if data.text is not UNSET:
        fields["text"] = clean(data.text)
    if data.owner is not UNSET:
        fields["owner"] = clean_line(data.owner) if data.owner else None
    if data.due is not UNSET:
        fields["due"] = data.due
    if data.status is not UNSET:
        fields["status"] = data.status
    return fields
