"""Sentences of final segments: what the detector scores, the model reads, and evidence quotes word for word.

A unit's text is an exact slice of its segment's text, so a quote made of it is always found there.
"""

import re
from itertools import pairwise

import msgspec

from contracts.transcript import Segment

_END = re.compile(r"(?<=[.?!…])[\"”’')]*\s+")
MAX_UNIT_WORDS = 60
"""A longer run of words without a full stop is cut at a comma or at this length."""


class Unit(msgspec.Struct, frozen=True):
    """One sentence of a segment. Times are meeting seconds."""

    segment_id: str
    index: int
    speaker: str | None
    text: str
    start: float
    end: float


def split(segment: Segment, speaker: str | None) -> list[Unit]:
    """The sentences of ``segment``, said by ``speaker``; no unit is empty."""
    units: list[Unit] = []
    for index, (first, last) in enumerate(_spans(segment.text)):
        text = segment.text[first:last]
        start, end = _times(segment, first, last)
        units.append(Unit(segment.id, index, speaker, text, start, end))
    return units


def _spans(text: str) -> list[tuple[int, int]]:
    cuts = [0, *(m.end() for m in _END.finditer(text)), len(text)]
    spans: list[tuple[int, int]] = []
    for first, last in pairwise(cuts):
        spans += _shortened(text, first, last)
    return spans


def _shortened(text: str, first: int, last: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    words = [(m.start() + first, m.end() + first) for m in re.finditer(r"\S+", text[first:last])]
    while len(words) > MAX_UNIT_WORDS:
        commas = [n for n in range(MAX_UNIT_WORDS // 3, MAX_UNIT_WORDS) if text[words[n][1] - 1] in ",;:"]
        cut = commas[-1] + 1 if commas else MAX_UNIT_WORDS
        found.append((words[0][0], words[cut - 1][1]))
        words = words[cut:]
    if words:
        found.append((words[0][0], words[-1][1]))
    return found


def _times(segment: Segment, first: int, last: int) -> tuple[float, float]:
    """Start and end of the words in ``text[first:last]``: from word times where they fit the text, else by share."""
    before, here = len(segment.text[:first].split()), len(segment.text[first:last].split())
    if segment.words and len(segment.words) == len(segment.text.split()):
        return segment.words[before].s, segment.words[before + here - 1].e
    length, total = segment.end - segment.start, max(1, len(segment.text))
    return (
        round(segment.start + length * first / total, 3),
        round(segment.start + length * last / total, 3),
    )
