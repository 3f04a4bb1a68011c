"""Coming in by a link, and everything about the people of a meeting."""

import time
from typing import Any

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from contracts.errors import BadInput, NotAllowed
from gateway.api.schemas import (
    Accepted,
    ChangedState,
    InviteCode,
    InviteLink,
    InviteShown,
    JoinedMeeting,
    JoinRequest,
    MeetingAtDoor,
    NewInvite,
    NewParticipant,
    clean_line,
)
from gateway.api.sign_in import session_cookie
from gateway.auth.guard import acting, address
from gateway.auth.identity import User
from gateway.joining import NOTICE
from gateway.people import Participant
from gateway.services import Injected

Req = Request[Any, Any, Any]
NO_CONSENT = "who takes part must agree to being transcribed"


class Door(Controller):
    """``/v1/join``: what a link opens. The code is in the body, so that no log and no referrer has it."""

    path = "/v1/join"
    tags = ("people",)

    @post("/look", opt={"access": "public"}, status_code=200, summary="What a link leads to")
    async def look(self, request: Req, services: Injected, data: JSONBody[InviteCode]) -> MeetingAtDoor:
        """Title, who is there, and which notice has to be agreed to."""
        services.join_rate.take(address(request), time.monotonic())
        view, invite = await services.joining.look(data.code)
        here = tuple(p.name for p in view.facts.people if p.left_at is None) if view.facts else ()
        facts = view.facts
        return MeetingAtDoor(
            view.meeting,
            facts.title if facts else "",
            facts.started_at if facts else 0.0,
            here,
            NOTICE,
            invite.expires_at,
        )

    @post("/", opt={"access": "public"}, summary="Join by a link")
    async def join(self, request: Req, services: Injected, data: JSONBody[JoinRequest]) -> Response[JoinedMeeting]:
        """Guests get a session that ends with the link's time; it is good for this meeting only."""
        services.join_rate.take(address(request), time.monotonic())
        agreed(consent=data.consent, notice=data.notice)
        user = request.user if isinstance(request.user, User) else None
        joined = await services.joining.join_by_link(data.code, user, clean_line(data.name))
        await services.projector.wait_for(joined.seq)
        cookies = []
        if joined.secret is not None:
            cookies = [session_cookie(services, joined.secret, max(1, int(joined.until - time.time())))]
        body = JoinedMeeting(joined.meeting, joined.participant, joined.name)
        return Response(body, status_code=201, cookies=cookies)


class People(Controller):
    """``/v1/meetings/{meeting}``: links and participants."""

    path = "/v1/meetings/{meeting:str}"
    tags = ("people",)

    @post("/invites", summary="A link that lets guests in")
    async def invite(
        self, request: Req, services: Injected, meeting: FromPath[str], data: JSONBody[NewInvite]
    ) -> InviteLink:
        """Shown once: only a hash of it is kept."""
        user = acting(request)
        await services.access.meeting(user, meeting, write=True)
        made, code = await services.joining.invite(meeting, user, data.ttl_s)
        return InviteLink(made.invite, f"{services.settings.url}/join.html#{code}", code, made.expires_at)

    @get("/invites", summary="The links that work")
    async def invites(self, request: Req, services: Injected, meeting: FromPath[str]) -> tuple[InviteShown, ...]:
        """Without their secrets."""
        await services.access.meeting(acting(request), meeting, write=True)
        found = await services.joining.invites(meeting)
        return tuple(InviteShown(i.invite, i.by, i.made_at, i.expires_at) for i in found)

    @delete("/invites/{invite:str}", status_code=204, summary="Stop a link")
    async def stop(self, request: Req, services: Injected, meeting: FromPath[str], invite: FromPath[str]) -> None:
        """Who came by it stays."""
        user = acting(request)
        await services.access.meeting(user, meeting, write=True)
        await services.joining.stop(meeting, invite, user)

    @get("/participants", summary="Who takes part, and since when they have agreed")
    async def participants(self, request: Req, services: Injected, meeting: FromPath[str]) -> tuple[Participant, ...]:
        """Also those who left."""
        view = await services.outline(acting(request), meeting)
        return view.facts.people if view.facts else ()

    @post("/participants", summary="Take part yourself")
    async def join(
        self, request: Req, services: Injected, meeting: FromPath[str], data: JSONBody[NewParticipant]
    ) -> JoinedMeeting:
        """For somebody who is signed in."""
        user = acting(request)
        await services.access.meeting(user, meeting, write=True)
        agreed(consent=data.consent, notice=data.notice)
        joined = await services.joining.join(meeting, user, clean_line(data.name))
        await services.projector.wait_for(joined.seq)
        return JoinedMeeting(joined.meeting, joined.participant, joined.name)

    @patch("/participants/{participant:str}", opt={"access": "guest"}, status_code=202, summary="Pause, come back")
    async def change(
        self,
        request: Req,
        services: Injected,
        meeting: FromPath[str],
        participant: FromPath[str],
        data: JSONBody[ChangedState],
    ) -> Accepted:
        """Also: off the record. Everybody sees it, nobody can do it for ``me``, and nothing is stored from here on."""
        user = acting(request)
        await services.access.sender(user, meeting)
        if participant not in ("me", user.id):
            raise NotAllowed("everybody speaks for themselves", source="client")
        seq = await services.joining.change(meeting, user.id, data.state)
        services.quiet.learn(meeting, user.id, data.state, seq)
        return Accepted(seq)

    @delete("/participants/{participant:str}", opt={"access": "guest"}, status_code=204, summary="Leave, or remove")
    async def leave(self, request: Req, services: Injected, meeting: FromPath[str], participant: FromPath[str]) -> None:
        """``me`` leaves. Somebody else is removed, which only those may do who may change the meeting."""
        user = acting(request)
        if participant in ("me", user.id):
            await services.access.sender(user, meeting)
            await services.joining.left(meeting, user.id, "left")
            return
        await services.access.meeting(user, meeting, write=True)
        await services.projector.wait_for(await services.joining.remove(meeting, participant, user))


def agreed(*, consent: bool, notice: str) -> None:
    """Raises BadInput unless they agreed to the notice as it is now."""
    if not consent:
        raise BadInput(NO_CONSENT, source="client")
    if notice != NOTICE:
        raise BadInput("the notice has changed: load the page again", source="client")
