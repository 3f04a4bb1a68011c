"""What a reader of the feed sees: final text in time order, and the open words after it. No I/O."""

import msgspec

from contracts.transcript import Segment
from deploy.client import FeedMessage


class TranscriptView:
    """Folds feed messages. A segment is replaced by a higher revision of itself, and never lost."""

    def __init__(self) -> None:
        self._finals: dict[str, Segment] = {}
        self._open: dict[str, Segment] = {}

    def apply(self, message: FeedMessage) -> Segment | None:
        """Take a message in; returns the segment that became final or changed with it, if any."""
        if message.type == "snapshot":
            for segment in message.segments:
                self._put(segment)
            return None
        if message.type == "interim":
            self._put_open(str(message.track), message.segment)
            return None
        if message.type == "segment.updated" and message.segment is not None:
            return self._put(message.segment)
        return None

    def _put(self, segment: Segment) -> Segment | None:
        known = self._finals.get(segment.id)
        if known is not None and known.rev >= segment.rev:
            return None
        self._finals[segment.id] = segment
        pending = self._open.get(segment.track)
        if pending is not None:
            rest = tuple(w for w in pending.words if w.s >= segment.end - 0.05)
            text = " ".join(w.w for w in rest)
            self._put_open(segment.track, msgspec.structs.replace(pending, words=rest, text=text) if rest else None)
        return segment

    def _put_open(self, track: str, segment: Segment | None) -> None:
        if segment is None:
            self._open.pop(track, None)
        else:
            self._open[track] = segment

    @property
    def segments(self) -> list[Segment]:
        """The final segments in time order."""
        return sorted(self._finals.values(), key=lambda s: (s.start, s.id))

    @property
    def final_text(self) -> str:
        """All final text in time order."""
        return " ".join(s.text for s in self.segments if s.text)

    @property
    def interim_text(self) -> str:
        """The open words after it."""
        return " ".join(s.text for s in sorted(self._open.values(), key=lambda s: s.start) if s.text)
