"""All feeds of a gateway process: one reader of the MEETING stream, one live subscription, however many browsers."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from contracts import log, records, subjects
from contracts.bus import Bus, Stored
from contracts.errors import BadInput, Fault, NotFound, Unavailable
from contracts.live import decode_live
from contracts.records import Record
from gateway.feed.messages import encode, update
from gateway.feed.room import Room
from gateway.feed.subscriber import Subscriber
from gateway.metrics import FeedMetrics
from gateway.store.database import Database
from gateway.store.views import load_view
from gateway.view import MeetingView

_RETRY_S = 0.5
IDLE_ROOMS = 16
QUIET_S = 7.5
"""A reader hears something at least in twice this time."""
MAX_REPLAY = 2000
"""More missed messages than this are cheaper as a snapshot."""


class Hub:
    """Hands out subscribers whose messages have no hole: what they start with, then everything after it."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        metrics: FeedMetrics,
        backlog: int,
        heard: Callable[[str, int, Record], None] = lambda *_: None,
    ) -> None:
        """``heard`` is told every record of a lifecycle: meeting, sequence, record."""
        self._heard = heard
        self._bus = bus
        self._database = database
        metrics.subscribers.set_function(self.count)
        self._backlog = backlog
        self._rooms: OrderedDict[str, Room] = OrderedDict()
        self._loading: dict[str, list[Stored]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._position = 0
        self._reminded_at = 0.0
        self._started = asyncio.Event()
        self.closed = False
        """Whether the gateway is going down."""
        self._log = log.get(part="feed")

    async def run(self) -> None:
        """Read for ever. An outage of the bus delays the feeds and loses nothing."""
        while not self._started.is_set():
            try:
                self._position = await self._bus.last_seq(subjects.MEETING_STREAM)
                await self._bus.subscribe_live(subjects.LIVE_ALL, self._on_live)
                self._started.set()
            except Fault:
                await asyncio.sleep(_RETRY_S)
        reader = self._bus.reader(subjects.MEETING_STREAM, subjects.MEETING_ALL, self._position + 1)
        try:
            while True:
                try:
                    for stored in await reader.fetch(timeout_s=1.0, batch=256):
                        self._on_record(stored)
                except Fault:
                    await asyncio.sleep(_RETRY_S)
                self._remind(asyncio.get_running_loop().time())
        finally:
            await reader.close()

    def _remind(self, now_s: float) -> None:
        if now_s - self._reminded_at >= QUIET_S:
            self._reminded_at = now_s
            for room in self._rooms.values():
                room.remind()

    def _on_record(self, stored: Stored) -> None:
        self._position = stored.seq
        meeting = subjects.meeting_of(stored.subject)
        if stored.subject == subjects.lifecycle(meeting):
            with contextlib.suppress(BadInput):
                self._heard(meeting, stored.seq, records.decode(stored.data))
        if meeting in self._loading:
            self._loading[meeting].append(stored)
        elif meeting in self._rooms:
            self._apply(self._rooms[meeting], stored)

    def _apply(self, room: Room, stored: Stored) -> None:
        try:
            room.apply(stored.seq, records.decode(stored.data))
        except BadInput:
            self._log.error("record.unreadable", seq=stored.seq)

    async def _on_live(self, subject: str, data: bytes) -> None:
        room = self._rooms.get(subjects.meeting_of(subject))
        if room is not None:
            try:
                room.live(decode_live(data))
            except msgspec.DecodeError:
                self._log.error("live.unreadable")

    async def subscribe(self, meeting: str, since: int | None) -> tuple[Subscriber, list[str]]:
        """A subscriber and what to send first. Raises NotFound or Unavailable."""
        if self.closed:
            raise Unavailable("the server is restarting", source="feed")
        room, replayed, upto = await self._prepare(meeting, since)
        # From here on without awaiting: what is sent first and what follows meet exactly.
        if since is None:
            first = room.opening()
        elif replayed is None or upto is None or not room.covers(upto) or since > max(self._position, room.view.seq):
            first = room.opening(resync=True)
        else:
            first = replayed + room.after(upto)
        if not first and room.view.facts is None:
            raise NotFound("no such meeting", source="client")
        subscriber = Subscriber(self._backlog)
        room.subscribers.add(subscriber)
        return subscriber, first

    async def _prepare(self, meeting: str, since: int | None) -> tuple[Room, list[str] | None, int | None]:
        """The room, and the messages between ``since`` and what its ring holds."""
        while True:
            room = await self._room(meeting)
            if since is None or room.covers(since):
                return room, [], since
            upto = room.view.seq
            replayed = await self._replay(meeting, since, upto)
            if self._rooms.get(meeting) is room:  # nobody dropped it meanwhile
                return room, replayed, upto

    def count(self) -> int:
        """How many feeds are open."""
        return sum(len(room.subscribers) for room in self._rooms.values())

    def leave(self, meeting: str, subscriber: Subscriber) -> None:
        """The subscriber is gone."""
        room = self._rooms.get(meeting)
        if room is not None:
            room.subscribers.discard(subscriber)

    def close(self) -> None:
        """End all feeds; the clients come back to another process."""
        self.closed = True
        for room in self._rooms.values():
            for subscriber in room.subscribers:
                subscriber.end()

    def forget(self, meeting: str) -> None:
        """Drop the cached state of a meeting that nobody reads."""
        room = self._rooms.get(meeting)
        if room is not None and not room.subscribers:
            del self._rooms[meeting]

    def drop(self, meeting: str) -> None:
        """Drop the cached state of a meeting; who reads it comes back and gets it anew."""
        room = self._rooms.pop(meeting, None)
        for subscriber in room.subscribers if room else ():
            subscriber.end()

    def remembers(self, meeting: str) -> bool:
        """Whether the state of a meeting is cached."""
        return meeting in self._rooms

    async def _room(self, meeting: str) -> Room:
        async with asyncio.timeout(10.0):
            await self._started.wait()
        async with self._locks.setdefault(meeting, asyncio.Lock()):
            room = self._rooms.get(meeting) or await self._load(meeting)
            self._rooms[meeting] = room
            self._rooms.move_to_end(meeting)
        self._evict(meeting)
        return room

    async def _load(self, meeting: str) -> Room:
        """The room as SQL has it, plus what the projector has not done yet, plus what comes meanwhile."""
        self._loading[meeting] = []
        try:
            async with self._database.reading() as session:
                view = await load_view(session, meeting) or MeetingView(meeting)
            subject = subjects.everything(meeting)
            missing = await self._bus.read_until(
                subjects.MEETING_STREAM, subject, view.seq + 1, max(self._position, view.seq)
            )
            room = Room(view)
            for stored in [*missing, *self._loading[meeting]]:
                self._apply(room, stored)
            return room
        finally:
            del self._loading[meeting]

    async def _replay(self, meeting: str, since: int, upto: int) -> list[str] | None:
        """The messages after ``since`` up to ``upto``, folded anew from the stream; None when that can not be done."""
        found: list[str] = []
        view = MeetingView(meeting)
        for stored in await self._bus.read_until(subjects.MEETING_STREAM, subjects.everything(meeting), 1, upto):
            try:
                change = view.apply(stored.seq, records.decode(stored.data))
            except BadInput:
                continue
            if view.facts is None:
                return None
            message = update(view, change) if stored.seq > since else None
            if message is not None:
                found.append(encode(message))
        return found if view.facts is not None and len(found) <= MAX_REPLAY else None

    def _evict(self, keep: str) -> None:
        idle = [m for m, room in self._rooms.items() if not room.subscribers and m != keep]
        for meeting in idle[: max(0, len(idle) - IDLE_ROOMS)]:
            del self._rooms[meeting]
            self._locks.pop(meeting, None)
