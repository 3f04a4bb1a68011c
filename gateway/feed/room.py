"""One meeting with readers: its state, its newest messages, its subscribers. No I/O."""

from collections import deque

from contracts.live import Live
from contracts.records import Record
from gateway.feed.messages import FeedMessage, MeetingDeleted, OpenWords, Resync, encode, from_live, snapshot, update
from gateway.feed.subscriber import Subscriber
from gateway.view import MeetingView

RING = 2048


class Room:
    """All subscribers of a meeting see the same messages in the same order."""

    def __init__(self, view: MeetingView) -> None:
        self.view = view
        self.subscribers: set[Subscriber] = set()
        self._ring: deque[tuple[int, str]] = deque(maxlen=RING)
        self._ring_after = view.seq
        """All messages with a higher seq are in the ring."""
        self._interims: dict[str, OpenWords] = {}
        self._snapshot: str | None = None

    def apply(self, seq: int, record: Record) -> None:
        """Take in a record and tell everyone."""
        message = update(self.view, self.view.apply(seq, record))
        if message is None:
            return
        self._snapshot = None
        text = encode(message)
        if len(self._ring) == RING:
            self._ring_after = self._ring[0][0]
        self._ring.append((seq, text))
        for subscriber in self.subscribers:
            subscriber.push_change(seq, text)
            if isinstance(message, MeetingDeleted):
                subscriber.end()
        self.subscribers -= {s for s in self.subscribers if s.overflowed}

    def live(self, message: Live) -> None:
        """Pass on open words and health."""
        out = from_live(message)
        if isinstance(out, OpenWords):
            self._interims[out.track] = out
            self._snapshot = None
        text, key = encode(out), (type(out).__name__, out.track)
        for subscriber in self.subscribers:
            subscriber.push_latest(key, text)

    def remind(self) -> None:
        """Let those who had nothing to send for a while say that they are still there."""
        for subscriber in self.subscribers:
            subscriber.remind()

    def covers(self, since: int) -> bool:
        """Whether everything after ``since`` is in the ring."""
        return since >= self._ring_after

    def after(self, since: int) -> list[str]:
        """The messages after ``since``; only when it is covered."""
        return [text for seq, text in self._ring if seq > since]

    def opening(self, *, resync: bool = False) -> list[str]:
        """What a new subscriber gets first; [] when the meeting is gone."""
        if self._snapshot is None:
            made = snapshot(self.view, tuple(w for w in self._interims.values() if w.segment))
            self._snapshot = encode(made) if made else ""
        first: list[FeedMessage] = [Resync()] if resync else []
        return [*map(encode, first), self._snapshot] if self._snapshot else []
