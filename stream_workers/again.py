"""What a second reading of a finished track is made from, and what it changes. Pure.

Segments that follow each other closely are heard together, in windows as long as the model takes; each keeps its id,
its span and its speaker and gets the words of the new reading that fall to it. A segment is never emptied: where the
new reading has nothing for it, or cannot be believed, the words stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from contracts.audio import SAMPLE_RATE_HZ
from contracts.transcript import Segment
from stream_workers import commit, guards
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis, Kind
from stream_workers.guards import Evidence, GuardRules
from stream_workers.segments import joined, timed_words
from stream_workers.timeline import Pcm

REASON = "second_pass"
LONGEST_S = 26.0
"""Of a window; the model takes 30 s."""
PAUSE_S = 2.0
"""What comes after a longer pause is heard apart."""
MARGIN_S = 0.2
_PAD_S = 8.0
_LEAST_SAID_AGAIN = 0.6
"""A second reading has at least so many of the words, or it skipped some."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring segments, and the sound to hear them in (media samples)."""

    segments: tuple[Segment, ...]
    start: int
    end: int


def stretches(segments: Sequence[Segment], offset_s: float) -> list[Stretch]:
    """The windows for ``segments`` of one track, whose media time begins at meeting second ``offset_s``."""
    groups: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda s: s.start):
        if groups and segment.start - groups[-1][-1].end <= PAUSE_S and segment.end - groups[-1][0].start <= LONGEST_S:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [_stretch(group, offset_s) for group in groups]


def _stretch(group: Sequence[Segment], offset_s: float) -> Stretch:
    start = max(0, round((group[0].start - offset_s - MARGIN_S) * SAMPLE_RATE_HZ))
    return Stretch(tuple(group), start, round((group[-1].end - offset_s + MARGIN_S) * SAMPLE_RATE_HZ))


def job(stretch: Stretch, pcm: Pcm, beam: int, vocabulary: Sequence[str]) -> DecodeJob:
    """The question to the model; ``pcm`` is the sound of the stretch."""
    language = stretch.segments[0].language
    hints = ", ".join(vocabulary)
    track = stretch.segments[0].track
    return DecodeJob(track, Kind.AGAIN, stretch.start, pcm, _PAD_S, beam, language, hotwords=hints, timed=True)


def revisions(
    stretch: Stretch, heard: Hypothesis, offset_s: float, vocabulary: Sequence[str], rules: GuardRules
) -> list[Segment]:
    """The segments that read otherwise now, one revision further."""
    said = [w.w for s in stretch.segments for w in s.words]
    evidence = Evidence((stretch.end - stretch.start) / SAMPLE_RATE_HZ, 1.0)
    words = guards.without_loops(heard.words)
    echo = guards.echoes([w.text for w in words], vocabulary)
    if echo or len(words) < _LEAST_SAID_AGAIN * len(said) or not guards.believable(heard, len(words), evidence, rules):
        return []
    window_s = offset_s + stretch.start / SAMPLE_RATE_HZ
    borders = _borders(stretch.segments, words, window_s)
    parts = [words[a:b] for a, b in pairwise(borders)]
    found = [_revised(s, part, window_s) for s, part in zip(stretch.segments, parts, strict=True)]
    return [segment for segment in found if segment is not None]


def _borders(segments: Sequence[Segment], words: Sequence[HeardWord], window_s: float) -> list[int]:
    """Where in ``words`` those of each segment begin, and the end."""
    borders, known = [0], []
    for segment, after in pairwise(segments):
        known += [w.w for w in segment.words]
        middle_s = (segment.end + after.start) / 2 - window_s
        borders.append(max(borders[-1], commit.new_from(words, known, middle_s)))
    return [*borders, len(words)]


def _revised(segment: Segment, words: Sequence[HeardWord], window_s: float) -> Segment | None:
    text = joined([w.text for w in words])
    if not words or text == segment.text:
        return None
    return msgspec.structs.replace(
        segment,
        text=text,
        words=timed_words(words, window_s, segment.start, segment.end),
        rev=segment.rev + 1,
        confidence=round(sum(w.p for w in words) / len(words), 3),
    )
