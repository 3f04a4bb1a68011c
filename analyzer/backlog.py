"""What the language model may still be asked about the items of a meeting, when nothing more urgent waits. Pure."""

from collections import deque

from analyzer.chain import Candidate
from analyzer.ops import item_id
from analyzer.phrase import phrase
from analyzer.transcript import Transcript
from contracts.notes import NoteItem

MOST = 24
"""Places that wait at most; beyond that the oldest keep the words they have."""


class Backlog:
    """Places that a judge or a writer would make better, in the order in which they were said."""

    def __init__(self) -> None:
        self._waiting: deque[Candidate] = deque(maxlen=MOST)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, candidate: Candidate) -> None:
        """Take ``candidate`` in if the model could do something for it."""
        if not candidate.sure or phrase(candidate.kind, list(candidate.units), candidate.row).rough:
            self._waiting.append(candidate)

    def take(self, transcript: Transcript) -> Candidate | None:
        """The next place that still stands as it was said, and whose text nobody has written by hand."""
        while self._waiting:
            candidate = self._waiting.popleft()
            if _wanted(candidate, transcript):
                return candidate
        return None


def _wanted(candidate: Candidate, transcript: Transcript) -> bool:
    unit = candidate.units[candidate.row]
    if not transcript.whole(unit):
        return False
    stored = transcript.notes.items.get(item_id(candidate.kind, unit))
    if stored is None:
        return not candidate.sure
    return candidate.sure and writable(stored)


def writable(item: NoteItem) -> bool:
    """Whether the text of ``item`` is the analyzer's to change."""
    gone = item.deleted or item.merged_into is not None or item.status == "withdrawn"
    return not gone and "text" not in item.locked
