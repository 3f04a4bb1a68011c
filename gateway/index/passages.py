"""From a transcript to passages: pure, and steady under change.

A passage owns a stretch of meeting time. Once the next passage has begun, its borders stay where they are: a late
or corrected segment changes only the passage it falls into, so only that one is embedded again.
"""

import bisect
import re
from collections.abc import Iterable, Sequence
from typing import Self

from gateway.index.port import MAX_PARTS, TRANSCRIPT, Line, Passage

PASSAGE_WORDS = 360
"""A passage is closed when it has this many words: about two and a half minutes of talk."""
PART_WORDS = 120
"""Each part of a passage has a vector of its own and about this many words: well within what the model reads."""
SHORT_PART_WORDS = 40
"""A last part that is shorter belongs to the one before it."""
_TALK_ID = re.compile(r".+-t(\d+)")
LINE_WORDS = 60
"""Longer utterances are split, so that a passage never grows far beyond its size."""


class Borders:
    """Where the passages of one meeting begin, in meeting milliseconds."""

    def __init__(self, starts_ms: Iterable[int] = ()) -> None:
        self._starts = sorted(starts_ms)

    @classmethod
    def from_ids(cls, ids: Iterable[str]) -> Self:
        """The borders that passages with these ids had; ids of notes and recaps are passed over."""
        return cls(int(found.group(1)) for id_ in ids if (found := _TALK_ID.fullmatch(id_)))

    def passages(self, meeting: str, lines: Sequence[Line]) -> list[Passage]:
        """The meeting's passages; ``lines`` in order of their start. Remembers borders of passages that are full."""
        groups = self._grouped(lines)
        return [
            Passage(
                id=f"{meeting}-t{start}",
                meeting=meeting,
                kind=TRANSCRIPT,
                start=group[0].start,
                end=max(line.end for line in group),
                lines=tuple(group),
                position=position,
            )
            for position, (start, group) in enumerate(groups)
        ]

    def _grouped(self, lines: Sequence[Line]) -> list[tuple[int, list[Line]]]:
        if lines and not self._starts:
            self._starts = [_ms(lines[0])]
        groups: dict[int, list[Line]] = {}
        words = 0
        for line in lines:
            start = self._owner(_ms(line))
            if start == self._starts[-1] and words >= PASSAGE_WORDS and _ms(line) > start:
                start, words = _ms(line), 0
                self._starts.append(start)
            words = words + len(line.text.split()) if start == self._starts[-1] else 0
            groups.setdefault(start, []).append(line)
        return sorted(groups.items())

    def _owner(self, at_ms: int) -> int:
        return self._starts[max(0, bisect.bisect_right(self._starts, at_ms) - 1)]


def _ms(line: Line) -> int:
    return int(line.start * 1000)


def split_line(line: Line) -> list[Line]:
    """The line, or its pieces of at most LINE_WORDS words with times in proportion."""
    words = line.text.split()
    if len(words) <= LINE_WORDS:
        return [line] if words else []
    pieces = []
    for first in range(0, len(words), LINE_WORDS):
        last = min(first + LINE_WORDS, len(words))
        span = (line.end - line.start) / len(words)
        text = " ".join(words[first:last])
        start, end = line.start + first * span, line.start + last * span
        pieces.append(Line(line.segment, round(start, 3), round(end, 3), text, line.speaker))
    return pieces


def parts(passage: Passage) -> list[str]:
    """The texts to embed, one per part, speakers named."""
    return [_spoken(lines) for lines in _split(passage)]


def part_lines(passage: Passage, part: int) -> tuple[Line, ...]:
    """The lines that the vector number ``part`` of the passage stands for."""
    split = _split(passage)
    return split[min(part, len(split) - 1)]


def _split(passage: Passage) -> list[tuple[Line, ...]]:
    """At most MAX_PARTS runs of lines; while a passage grows, those before the last stay as they are."""
    counts = [len(line.text.split()) for line in passage.lines]
    left, cuts, words = sum(counts), [0], 0
    for index, count in enumerate(counts):
        if words >= PART_WORDS and left >= SHORT_PART_WORDS and len(cuts) < MAX_PARTS:
            cuts.append(index)
            words = 0
        words, left = words + count, left - count
    return [passage.lines[a:b] for a, b in zip(cuts, [*cuts[1:], len(counts)], strict=True)]


def _spoken(lines: Sequence[Line]) -> str:
    return "\n".join(f"{line.speaker}: {line.text}" if line.speaker else line.text for line in lines)
