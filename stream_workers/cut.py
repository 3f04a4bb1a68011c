"""Cuts a segment where the speaker changes. Pure."""

from collections.abc import Callable
from itertools import groupby

import msgspec

from contracts.audio import SAMPLE_RATE_HZ
from contracts.transcript import Segment, Word, segment_id

LabelOf = Callable[[float, float], str | None]
SHORT_S = 0.4
"""A run of words shorter than this between two runs of one speaker belongs to that speaker."""


def cut(segment: Segment, label_of: LabelOf) -> list[Segment]:
    """The runs of ``segment`` by speaker, at least one. The first keeps the id; times are media seconds."""
    if not segment.words:
        return [msgspec.structs.replace(segment, speaker=label_of(segment.start, segment.end))]
    labels = _smooth(segment.words, [label_of(w.s, w.e) for w in segment.words])
    counts = [(label, len(list(run))) for label, run in groupby(labels)]
    if len(counts) == 1:
        return [msgspec.structs.replace(segment, speaker=counts[0][0])]
    parts: list[Segment] = []
    first, rest = 0, segment.text
    for label, count in counts:
        words = segment.words[first : first + count]
        following = segment.words[first + count : first + count + 1]
        text, rest = _text(words, following, rest)
        parts.append(_part(segment, words, text, label, is_first=first == 0))
        first += count
    return parts


def _part(segment: Segment, words: tuple[Word, ...], text: str, label: str | None, *, is_first: bool) -> Segment:
    return msgspec.structs.replace(
        segment,
        id=segment.id if is_first else segment_id(segment.track, round(words[0].s * SAMPLE_RATE_HZ)),
        start=segment.start if is_first else words[0].s,
        end=words[-1].e,
        words=words,
        text=text,
        speaker=label,
    )


def _text(words: tuple[Word, ...], following: tuple[Word, ...], text: str) -> tuple[str, str]:
    """How ``words`` are written at the head of ``text``, and the text after them."""
    at = 0
    for word in words:
        found = text.find(word.w, at)
        if found < 0:
            return " ".join(w.w for w in words), text
        at = found + len(word.w)
    if not following:
        return text.strip(), ""
    end = text.find(following[0].w, at)
    end = at if end < 0 else end
    return text[:end].strip(), text[end:]


def _smooth(words: tuple[Word, ...], labels: list[str | None]) -> list[str | None]:
    """Unknown words follow their neighbours; a blip between two runs of one speaker is that speaker."""
    known = _filled(_filled(labels)[::-1])[::-1]
    runs = [(label, list(run)) for label, run in groupby(range(len(known)), key=lambda i: known[i])]
    for (before, _), (_, inside), (after, _) in zip(runs, runs[1:], runs[2:], strict=False):
        if before == after and words[inside[-1]].e - words[inside[0]].s < SHORT_S:
            for index in inside:
                known[index] = before
    return known


def _filled(labels: list[str | None]) -> list[str | None]:
    """Each unknown replaced by the known one before it."""
    filled: list[str | None] = []
    for label in labels:
        filled.append(label if label is not None or not filled else filled[-1])
    return filled
