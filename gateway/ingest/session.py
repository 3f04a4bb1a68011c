"""One track's stream of frames: what to store, what to ask for again, what to give up. No I/O; time is an argument.

Frames leave here in order and once. A hole is asked for once (Nack); what does not come within ``gap_wait_s``
becomes an explicit gap frame, never silence that nobody sees.
"""

import msgspec

from contracts.audio import MAX_PTS_SAMPLES, SAMPLE_RATE_HZ, Frame, Gap, gap_frame
from contracts.errors import BadInput, Conflict, Fenced
from gateway.ingest.protocol import WINDOW_FRAMES, Ack, Nack

MAX_TRACK_SAMPLES = 24 * 3600 * SAMPLE_RATE_HZ
ACK_EVERY = 8


class HighWater(msgspec.Struct, frozen=True):
    """What is stored of a track: the newest session, its next frame, the end of the media, and its place."""

    session: int = 0
    next_seq: int = 0
    pts_samples: int = 0
    stream_seq: int = 0
    closed: bool = False
    stored_at: float = 0.0

    @classmethod
    def of(cls, frame: Frame, stream_seq: int, stored_at: float = 0.0) -> "HighWater":
        """The high-water mark after ``frame``, the newest of its track, stored at that wall clock."""
        return cls(frame.session, frame.seq + 1, frame.end_samples, stream_seq, frame.is_last, stored_at)

    def ago(self, at: float) -> int:
        """Samples that have gone by since the end of this mark, at wall clock ``at``; 0 when nothing was stored yet."""
        return max(0, round((at - self.stored_at) * SAMPLE_RATE_HZ)) if self.stream_seq else 0


class AudioSession:
    """Decides about one connection of one client. Store what it returns in order, then call ``stored``."""

    def __init__(self, mark: HighWater, session: int, *, gap_wait_s: float) -> None:
        """Raises Conflict for an ended track, Fenced for a session older than one that was seen."""
        if mark.closed:
            raise Conflict("the track has ended", source="client")
        if session < mark.session:
            raise Fenced("a newer recording of this track has begun", source="client")
        self.session = session
        self._expected = mark.next_seq if session == mark.session else 0
        self._pts = mark.pts_samples
        self._covered = mark.pts_samples if session == mark.session else 0
        self._gap_wait_s = gap_wait_s
        self._held: dict[int, Frame] = {}
        self._hole_since: float | None = None
        self._nacked = (-1, -1)
        self._ask_again = False
        self._stored_upto = self._expected - 1
        self._acked_upto = self._expected - 1
        self._stored_pts = mark.pts_samples
        self._ended = False

    @property
    def resume_from(self) -> int:
        """The next frame that is wanted."""
        return self._expected

    @property
    def pts_samples(self) -> int:
        """Media end of everything accepted so far."""
        return self._pts

    @property
    def ended(self) -> bool:
        """Whether the last frame was accepted."""
        return self._ended

    @property
    def finished(self) -> bool:
        """Whether the last frame is stored."""
        return self._ended and self._stored_upto == self._expected - 1

    def receive(self, frame: Frame, now: float) -> tuple[list[Frame], Nack | None]:
        """Frames to store now, in order, and what to ask for. Raises BadInput for what no client of ours sends."""
        if frame.session != self.session:
            raise BadInput("the frame belongs to another session; say hello again", source="client")
        if frame.end_samples > min(MAX_TRACK_SAMPLES, MAX_PTS_SAMPLES):
            raise BadInput("a track may last 24 hours", source="client")
        if frame.seq < self._expected or self._ended:
            self._ask_again = True
            return [], None
        self._held.setdefault(frame.seq, frame)
        ready = self._drain()
        while len(self._held) >= WINDOW_FRAMES:
            ready += self._give_up()
        return ready, self._note_hole(now)

    def tick(self, now: float) -> list[Frame]:
        """Frames to store because a hole was waited for long enough."""
        if self._hole_since is None or now - self._hole_since < self._gap_wait_s:
            return []
        ready = self._give_up()
        self._note_hole(now)
        return ready

    def stored(self, frame: Frame) -> None:
        """``frame`` is on disk."""
        self._stored_upto = frame.seq
        self._stored_pts = frame.end_samples

    def ack(self, *, flush: bool) -> Ack | None:
        """The acknowledgement that is due: every ACK_EVERY frames, or for any progress when ``flush``.

        A client that sends again what is stored has missed an acknowledgement; it is told again.
        """
        progress = self._stored_upto - self._acked_upto
        if self._stored_upto < 0 or not (progress or self._ask_again):
            return None
        if progress < ACK_EVERY and not flush and not self.finished:
            return None
        self._acked_upto, self._ask_again = self._stored_upto, False
        return Ack(self._stored_upto, round(self._stored_pts / SAMPLE_RATE_HZ, 3))

    def _drain(self) -> list[Frame]:
        ready = []
        while self._expected in self._held:
            frame = self._held.pop(self._expected)
            if frame.end_samples <= self._covered and not frame.is_last:
                # A gap that was stored already stands for it; after the gap it would shift everything.
                self._expected = frame.seq + 1
                self._stored_upto, self._ask_again = frame.seq, True
            else:
                ready.append(self._accept(frame))
        return ready

    def _accept(self, frame: Frame) -> Frame:
        if frame.pts_samples < self._pts:
            # Media time only moves forward; the sound itself is worth more than its stamp.
            frame = msgspec.structs.replace(frame, pts_samples=self._pts)
        self._expected, self._pts = frame.seq + 1, frame.end_samples
        if frame.is_last:
            self._ended = True
            self._held.clear()
        return frame

    def _note_hole(self, now: float) -> Nack | None:
        if not self._held:
            self._hole_since = None
            return None
        first = min(self._held)
        if self._hole_since is not None and self._nacked == (self._expected, first - 1):
            return None
        asked_before = self._hole_since is not None and self._nacked[0] == self._expected
        self._hole_since = self._hole_since if asked_before else now
        self._nacked = (self._expected, first - 1)
        return None if asked_before else Nack(self._expected, first - 1)

    def _give_up(self) -> list[Frame]:
        """Skip the hole before the first held frame; a gap frame stands for its sound."""
        first = self._held[min(self._held)]
        ready = []
        missing = first.pts_samples - self._pts
        if missing > 0:
            ready.append(gap_frame(self.session, self._expected, self._pts, Gap(missing, "network")))
            self._pts = first.pts_samples
        self._expected = first.seq
        self._hole_since = None
        return ready + self._drain()
