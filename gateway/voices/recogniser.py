"""Names speaker labels by the voices that the owner of the meeting has remembered, while it runs and at its end.

A name is an edit like one that a person makes, and never touches a label that a person has named: it is appended only
if nobody has edited the meeting since it was looked at.
"""

import asyncio
import time

import msgspec
from sqlalchemy import or_, select

from contracts import log, records, subjects
from contracts.bus import Bus
from contracts.errors import Fault, Fenced
from contracts.notes import SpeakerRenamed
from contracts.voices import MixedTrack, VoicesReply, VoicesRequest
from gateway.lifecycle import TRANSCRIPT
from gateway.projector import Projector
from gateway.store.database import Database
from gateway.store.models import Meeting
from gateway.store.models import Voice as Row
from gateway.store.views import load_naming
from gateway.view import MeetingView
from gateway.voices.matching import Voice, disproved, recognised
from gateway.voices.store import voice_of

EVERY_S = 5.0
_TIMEOUT_S = 5.0
_LATELY_S = 600.0
"""A meeting that ended so short a time ago is looked at once more."""


def renamings(view: MeetingView, heard: list[Voice], rows: list[Row], at: float) -> list[SpeakerRenamed]:
    """What the remembered voices say about labels that no person has named. Pure."""
    remembered = [voice_of(row) for row in rows]
    names = {row.id: row.name for row in rows}
    given = {label: who for label, who in view.recognised.items() if view.by_voice(label)}
    certain = recognised(heard, remembered)
    found = {label: (names[who], who) for label, who in certain.items()}
    found |= {label: (label, given[label]) for label in disproved(heard, remembered, given) if label not in certain}
    return [
        SpeakerRenamed(view.meeting, label, name, "", at, who)
        for label, (name, who) in found.items()
        if (view.recognised.get(label) or label not in view.speakers) and view.speakers.get(label, label) != name
    ]


def mixed_tracks(view: MeetingView) -> tuple[MixedTrack, ...]:
    """The tracks that may hold several people, as ``lifecycle.track_work`` counts them."""
    tracks = [t.track for t in view.tracks.values() if t.speaker is None and t.source != TRANSCRIPT]
    return tuple(MixedTrack(track, before) for before, track in enumerate(tracks))


async def ask_for_voices(bus: Bus, view: MeetingView) -> tuple[str, list[Voice]]:
    """The model and the voices of the meeting's labels, from a worker. Raises Unavailable when none answers."""
    tracks = mixed_tracks(view)
    if not tracks:
        return "", []
    request = msgspec.json.encode(VoicesRequest(view.meeting, tracks))
    reply = msgspec.json.decode(await bus.request(subjects.VOICES, request, _TIMEOUT_S), type=VoicesReply)
    return reply.model, [Voice(v.label, v.mean, v.seconds) for v in reply.voices]


class Recogniser:
    """Looks at running meetings whose owner remembers voices; costs one query when nobody does."""

    def __init__(self, bus: Bus, database: Database, projector: Projector) -> None:
        self._bus = bus
        self._database = database
        self._projector = projector
        self._done: set[str] = set()
        """Meetings that were looked at after their end."""
        self._log = log.get(part="voices")

    async def run(self) -> None:
        """Look for ever; a fault delays one meeting."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.tick(time.time())
            except Fault as fault:
                self._log.info("voices.delayed", detail=fault.detail)

    async def tick(self, now: float) -> None:
        """One look at every meeting that is due at wall clock ``now``."""
        async with self._database.reading() as session:
            users = set((await session.scalars(select(Row.user).distinct())).all())
            if not users:
                return
            late = Meeting.active_at > now - _LATELY_S
            query = select(Meeting.id, Meeting.state).where(or_(Meeting.state != "completed", late))
            meetings = [(m, s) for m, s in (await session.execute(query)).all() if m not in self._done]
        for meeting, state in meetings:
            try:
                await self._look(meeting, users, now)
            except (Fault, msgspec.DecodeError) as exc:
                self._log.info("voices.delayed", meeting=meeting, error=type(exc).__name__)
                continue
            if state == "completed":
                self._done.add(meeting)

    async def _look(self, meeting: str, users: set[str], now: float) -> None:
        """Name what is certain in one meeting."""
        edits = await self._bus.last(subjects.MEETING_STREAM, subjects.edits(meeting))
        seq = edits.seq if edits else 0
        await self._projector.wait_for(seq)
        async with self._database.reading() as session:
            view = await load_naming(session, meeting)
            if view is None or view.facts is None or view.facts.owner not in users:
                return
            rows = list((await session.scalars(select(Row).where(Row.user == view.facts.owner))).all())
        model, heard = await ask_for_voices(self._bus, view)
        for record in renamings(view, heard, [row for row in rows if row.model == model], now):
            try:
                seq = await self._append(record, seq)
            except Fenced:
                return  # a person was faster; the next look knows what they said
            self._log.info("voice.recognised", meeting=meeting)

    async def _append(self, record: SpeakerRenamed, seq: int) -> int:
        data, subject = records.encode(record), subjects.edits(record.meeting)
        return await self._bus.append(subject, data, msg_id=subjects.new_id(), expect_last=seq)
