"""Meetings: list, start, rename, end, delete, tracks."""

import time
import zoneinfo
from typing import Annotated, Any

from litestar import Controller, Request, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy import select

from contracts import subjects
from contracts.errors import BadInput, NotAllowed
from contracts.lifecycle import MeetingStarted, TrackAdded
from gateway.api.schemas import (
    Accepted,
    AddedTrack,
    MeetingPage,
    NewMeeting,
    NewTrack,
    RenamedMeeting,
    checked,
    clean_line,
)
from gateway.auth.guard import acting
from gateway.auth.identity import User
from gateway.services import Injected, Services
from gateway.store import models
from gateway.store.views import decode
from gateway.summary import MeetingSummary, summary_of
from gateway.view import Facts, MeetingView

Req = Request[Any, Any, Any]


class Meetings(Controller):
    """``/v1/meetings``."""

    path = "/v1/meetings"
    tags = ("meetings",)

    @get("/", summary="Meetings that you may see, newest first")
    async def list_meetings(
        self,
        request: Req,
        services: Injected,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
        before: FromQuery[float | None] = None,
    ) -> MeetingPage:
        """``before``: only those that started before this wall clock."""
        visible = await services.access.visible_ids(acting(request))
        query = select(models.Meeting).order_by(models.Meeting.started_at.desc()).limit(limit + 1)
        if visible is not None:
            query = query.where(models.Meeting.id.in_(visible))
        if before is not None:
            query = query.where(models.Meeting.started_at < before)
        async with services.database.reading() as session:
            rows = list((await session.scalars(query)).all())
        items = tuple(summary_of(decode(r.facts, type=Facts), r.open_actions) for r in rows[:limit])
        return MeetingPage(items, items[-1].started_at if len(rows) > limit else None)

    @post("/", summary="Start a meeting")
    async def start(self, request: Req, services: Injected, data: JSONBody[NewMeeting]) -> MeetingSummary:
        """The meeting is live at once; add tracks to it."""
        user = writer(request)
        services.disk.check()
        started = MeetingStarted(
            subjects.new_id(),
            clean_line(data.title),
            user.id,
            time.time(),
            known_zone(data.timezone),
            data.language,
            data.languages,
            tuple(map(clean_line, data.participants)),
            tuple(map(clean_line, data.vocabulary)),
            data.sample,
        )
        await services.projector.wait_for(await services.lifecycle.start(started))
        view = await services.lifecycle.load(started.meeting)
        return summary_of(view.facts, 0)  # type: ignore[arg-type]  # load has seen the facts

    @get("/{meeting:str}", summary="One meeting")
    async def show(self, request: Req, services: Injected, meeting: FromPath[str]) -> MeetingSummary:
        """Its summary."""
        await services.access.meeting(acting(request), meeting)
        return await summary(services, meeting)

    @patch("/{meeting:str}", summary="Rename a meeting")
    async def rename(
        self, request: Req, services: Injected, meeting: FromPath[str], data: JSONBody[RenamedMeeting]
    ) -> MeetingSummary:
        """Everyone sees the new title."""
        user = acting(request)
        await services.access.meeting(user, meeting, write=True)
        seq = await services.lifecycle.rename(meeting, clean_line(data.title), user.id)
        await services.projector.wait_for(seq)
        return await summary(services, meeting)

    @delete("/{meeting:str}", summary="Delete a meeting everywhere", status_code=204)
    async def remove(self, request: Req, services: Injected, meeting: FromPath[str]) -> None:
        """Words, notes, recording and traces are erased; a line without content remains in the audit."""
        user = acting(request)
        view = await services.outline(user, meeting, write=True)
        if not user.sees_all and view.facts is not None and view.facts.owner != user.id:
            raise NotAllowed("only the owner of a meeting may delete it", source="client")
        await services.projector.wait_for(await services.lifecycle.delete(meeting, user.id))
        services.eraser.wake()

    @post("/{meeting:str}/end", summary="End a meeting", status_code=202)
    async def end(self, request: Req, services: Injected, meeting: FromPath[str]) -> Accepted:
        """Sound on its way is still taken; the last words, notes and the recap follow on the feed."""
        await services.access.meeting(acting(request), meeting, write=True)
        seq = await services.lifecycle.end(meeting)
        await services.projector.wait_for(seq)
        return Accepted(seq)

    @post("/{meeting:str}/tracks", opt={"access": "guest"}, summary="Add a track")
    async def add_track(
        self, request: Req, services: Injected, meeting: FromPath[str], data: JSONBody[NewTrack]
    ) -> AddedTrack:
        """Its media time starts now, except for uploads and transcripts, which start with the meeting."""
        user = acting(request)
        own_only = await services.access.sender(user, meeting)
        services.disk.check()
        view = await services.lifecycle.load(meeting)
        live = data.source in ("mic", "tab", "whip") and view.facts is not None
        offset_s = max(0.0, round(time.time() - view.facts.started_at, 3)) if live and view.facts else 0.0
        speaker = guest_speaker(view, user, data) if own_only else clean_line(data.speaker) if data.speaker else None
        track = TrackAdded(
            meeting, subjects.new_id(), data.source, offset_s, speaker, checked(data.label), user.id, data.people
        )
        await services.projector.wait_for(await services.lifecycle.add_track(meeting, track, own_only=own_only))
        return AddedTrack(track.track, offset_s)


def writer(request: Req) -> User:
    """The caller, who may change things. Raises NotAllowed."""
    user = acting(request)
    if not user.may_write:
        raise NotAllowed("you may read, not change", source="client")
    return user


def guest_speaker(view: MeetingView, user: User, data: NewTrack) -> str:
    """A guest's own name, and their microphone: nothing else is theirs to send. Raises NotAllowed."""
    person = view.person(user.id)
    if person is None or data.source not in ("mic", "whip"):
        raise NotAllowed("a guest may send their microphone", source="client")
    return person.name


def known_zone(name: str) -> str:
    """``name`` when it is a time zone. Raises BadInput."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise BadInput("unknown time zone", source="client") from exc
    return name


async def summary(services: Services, meeting: str) -> MeetingSummary:
    """The summary of a meeting that the caller may see."""
    async with services.database.reading() as session:
        row = await session.get(models.Meeting, meeting)
    if row is None:
        view = await services.lifecycle.load(meeting)
        return summary_of(view.facts, 0)  # type: ignore[arg-type]  # load has seen the facts
    return summary_of(decode(row.facts, type=Facts), row.open_actions)
