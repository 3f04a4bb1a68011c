"""Brings meetings to their end: drains tracks whose client is gone, completes, ends the forgotten ones, repairs.

What is due is decided by ``due`` without I/O; every action may be repeated or done by two gateways at once.
"""

import asyncio
import time

import msgspec
from sqlalchemy import select

from contracts import log, records, subjects
from contracts.audio import Flag, Frame, decode_frame, encode_frame
from contracts.bus import Bus, Stored
from contracts.errors import BadInput, Fault, Fenced
from contracts.transcript import TrackFinished
from gateway.lifecycle import TRANSCRIPT, Lifecycle
from gateway.settings import GatewaySettings
from gateway.store import models
from gateway.store.database import Database
from gateway.store.views import load_outline, load_segments, load_view
from gateway.view import Facts, MeetingView, Track

_TICK_S = 1.0
_REPAIR_S = 30.0


class Sound(msgspec.Struct, frozen=True):
    """The newest frame of a track as stored: where it lies, when it came, and whether it was the last."""

    seq: int = 0
    at: float = 0.0
    frame: Frame | None = None

    @property
    def closed(self) -> bool:
        """Whether the track's last frame is there."""
        return self.frame is not None and self.frame.is_last


class Open(msgspec.Struct, frozen=True):
    """A meeting that is not complete. ``active_at``: wall clock of its last record."""

    facts: Facts
    tracks: tuple[Track, ...]
    sounds: dict[str, Sound]
    active_at: float


class End(msgspec.Struct, frozen=True):
    """End a forgotten meeting."""

    reason: str


class CloseTrack(msgspec.Struct, frozen=True):
    """Put the last frame on a track whose client is gone."""

    track: str


class FinishTrack(msgspec.Struct, frozen=True):
    """Finish a track of words without sound."""

    track: str


class Complete(msgspec.Struct, frozen=True):
    """Everything is in the log."""


Action = End | CloseTrack | FinishTrack | Complete


def due(meeting: Open, now: float, *, idle_s: float, grace_s: float) -> list[Action]:
    """What is to be done about a meeting at wall clock ``now``."""
    facts = meeting.facts
    if facts.ending_at is None:
        heard = [sound.at for sound in meeting.sounds.values()]
        quiet_since = max([facts.started_at, meeting.active_at, *heard])
        return [End("idle")] if now - quiet_since > idle_s else []
    unfinished = [track for track in meeting.tracks if not track.finished]
    if not unfinished:
        return [Complete()] if facts.recap_seq > facts.ending_seq else []
    actions: list[Action] = []
    for track in unfinished:
        sound = meeting.sounds.get(track.track, Sound())
        quiet_s = now - max(facts.ending_at, sound.at)
        if track.source == TRANSCRIPT:
            actions.append(FinishTrack(track.track))
        elif not sound.closed and quiet_s > grace_s:
            actions.append(CloseTrack(track.track))
    return actions


class Closer:
    """Looks at the open meetings every second and whenever something changed."""

    def __init__(self, bus: Bus, database: Database, lifecycle: Lifecycle, settings: GatewaySettings) -> None:
        self._bus = bus
        self._database = database
        self._lifecycle = lifecycle
        self._settings = settings
        self._changed = asyncio.Event()
        self._repaired_at = float("-inf")
        self._log = log.get(part="closer")

    def wake(self) -> None:
        """Look now."""
        self._changed.set()

    async def run(self) -> None:
        """Work for ever; a fault delays one round."""
        while True:
            try:
                await self.tick(time.time())
            except Fault as fault:
                self._log.warning("closing.delayed", error=type(fault).__name__, detail=fault.detail)
            self._changed.clear()
            try:
                async with asyncio.timeout(_TICK_S):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def tick(self, now: float) -> None:
        """Do what is due at wall clock ``now``."""
        repairs = time.monotonic() - self._repaired_at > _REPAIR_S
        views = await self._open_views(now, everything=repairs)
        if repairs:
            await self._repair([view for view, _ in views])
            self._repaired_at = time.monotonic()
        for view, active_at in views:
            if view.facts is not None:
                await self._close(view, view.facts, active_at, now)

    async def _close(self, view: MeetingView, facts: Facts, active_at: float, now: float) -> None:
        meeting = Open(facts, tuple(view.tracks.values()), await self._sounds(view), active_at)
        limits = {"idle_s": self._settings.idle_end_s, "grace_s": self._settings.drain_grace_s}
        for action in due(meeting, now, **limits):
            self._log.info("meeting.closing", meeting=view.meeting, action=type(action).__name__)
            try:
                await self._do(view, facts, meeting, action)
            except Fenced:
                continue  # another gateway, or the client itself, was faster

    async def _open_views(self, now: float, *, everything: bool) -> list[tuple[MeetingView, float]]:
        """Meetings that are not complete; those in which something was just written have nothing due."""
        found = []
        row = models.Meeting
        query = select(row.id, row.state, row.active_at).where(row.state != "completed")
        async with self._database.reading() as session:
            for meeting, state, active_at in (await session.execute(query)).all():
                if state == "live" and now - active_at <= self._settings.idle_end_s and not everything:
                    continue
                view = await load_outline(session, meeting)
                if view is not None:
                    found.append((view, active_at))
        return found

    async def _sounds(self, view: MeetingView) -> dict[str, Sound]:
        sounds = {}
        for track in view.tracks.values():
            if track.source != TRANSCRIPT and not track.finished:
                last = await self._bus.last(subjects.AUDIO_STREAM, subjects.audio(view.meeting, track.track))
                sounds[track.track] = sound_of(last)
        return sounds

    async def _do(self, view: MeetingView, facts: Facts, meeting: Open, action: Action) -> None:
        match action:
            case End():
                await self._lifecycle.end(view.meeting, action.reason)
            case CloseTrack():
                await self._put_last_frame(view.meeting, action.track, meeting.sounds[action.track])
            case FinishTrack():
                await self._finish(view.meeting, action.track)
            case Complete():
                await self._complete(view.meeting, facts.recap_seq)

    async def _put_last_frame(self, meeting: str, track: str, sound: Sound) -> None:
        last = sound.frame
        frame = (
            Frame(last.session, last.seq + 1, last.end_samples, flags=Flag.LAST)
            if last
            else Frame(0, 0, 0, flags=Flag.LAST)
        )
        msg_id = f"{track}:{frame.session}:{frame.seq}"
        subject = subjects.audio(meeting, track)
        await self._bus.append(subject, encode_frame(frame), msg_id=msg_id, expect_last=sound.seq)

    async def _finish(self, meeting: str, track: str) -> None:
        async with self._database.reading() as session:
            segments = await load_segments(session, meeting)
        end = max((s.base.end for s in segments if s.base.track == track), default=0.0)
        record = TrackFinished(meeting, track, end)
        await self._bus.append(subjects.transcript(meeting, track), records.encode(record), msg_id=f"{track}:finished")

    async def _complete(self, meeting: str, last_seq: int) -> None:
        async with self._database.reading() as session:
            view = await load_view(session, meeting)
        if view is not None:
            await self._lifecycle.complete(meeting, last_seq, round(view.end_s(), 3))

    async def _repair(self, views: list[MeetingView]) -> None:
        """Offer again the work whose key was lost between two steps of a gateway that died."""
        offered = await self._bus.snapshot(subjects.WORK_BUCKET)
        for view in views:
            facts = view.facts
            recap_made = facts is not None and facts.ending_seq and facts.recap_seq > facts.ending_seq
            if subjects.meeting_work(view.meeting) not in offered and not recap_made:
                await self._lifecycle.offer_meeting(view.meeting)
            for track in view.tracks.values():
                wanted = track.source != TRANSCRIPT and not track.finished
                if wanted and subjects.track_work(view.meeting, track.track) not in offered:
                    await self._lifecycle.offer_track(view, track.track)


def sound_of(stored: Stored | None) -> Sound:
    """What the newest stored message of an audio subject says."""
    if stored is None:
        return Sound()
    try:
        return Sound(stored.seq, stored.at, decode_frame(stored.data))
    except BadInput:
        return Sound(stored.seq, stored.at)
