"""From segments to what was said in one breath: live captions cut a sentence into several finals. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.transcript import Segment
from gateway.index.passages import LINE_WORDS
from gateway.index.port import Line

PAUSE_S = 1.5
"""A longer pause ends an utterance."""
ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")
_CLOSING = "\"'”’»)]"


@dataclass(slots=True)
class _Open:
    """An utterance whose sentence may go on."""

    parts: list[Segment]
    speaker: str | None
    words: int

    def takes(self, segment: Segment, speaker: str | None, words: int) -> bool:
        last = self.parts[-1]
        whole = last.text.rstrip().rstrip(_CLOSING).endswith(ENDS)
        near = segment.start - last.end <= PAUSE_S
        return not whole and near and speaker == self.speaker and self.words + words <= LINE_WORDS


def utterances(segments: Iterable[tuple[Segment, str | None]]) -> list[Line]:
    """Segments in order of their start, each with its speaker's name, as lines: those of one sentence together.

    A line has the id and the start of its first segment.
    """
    found: list[_Open] = []
    newest: dict[str, _Open] = {}
    for segment, speaker in segments:
        words = len(segment.text.split())
        before = newest.get(segment.track)
        if before and before.takes(segment, speaker, words):
            before.parts.append(segment)
            before.words += words
        else:
            newest[segment.track] = _Open([segment], speaker, words)
            found.append(newest[segment.track])
    return [_line(o) for o in found]


def _line(whole: _Open) -> Line:
    first, last = whole.parts[0], whole.parts[-1]
    return Line(first.id, first.start, last.end, " ".join(p.text.strip() for p in whole.parts), whole.speaker)
