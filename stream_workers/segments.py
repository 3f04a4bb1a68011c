"""From heard words to segments. Pure."""

from collections.abc import Sequence

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from contracts.transcript import Segment, Word, media_seconds, segment_id
from stream_workers.decode import HeardWord, Hypothesis


def joined(words: Sequence[str]) -> str:
    """Words with their own spaces as one text."""
    return "".join(words).strip()


def segment_of(
    work: TrackWork, window: int, span: tuple[int, int], words: Sequence[HeardWord], heard: Hypothesis
) -> Segment:
    """The final segment of the phrase over ``span`` (media samples); ``window`` is where word times count from.

    Times are media seconds; word times never leave the span and never run backwards.
    """
    low, high = media_seconds(span[0]), media_seconds(span[1])
    return Segment(
        segment_id(work.track, span[0]),
        work.track,
        low,
        high,
        joined([w.text for w in words]),
        timed_words(words, window / SAMPLE_RATE_HZ, low, high),
        speaker=work.speaker,
        final=True,
        language=heard.language or None,
        confidence=round(sum(w.p for w in words) / len(words), 3),
    )


def timed_words(words: Sequence[HeardWord], window_s: float, low_s: float, high_s: float) -> tuple[Word, ...]:
    """Words of a window that begins at ``window_s``; their times run forwards, from ``low_s`` to ``high_s``."""
    timed: list[Word] = []
    before = low_s
    for word in words:
        start = round(min(high_s, max(before, window_s + word.start_s)), 3)
        end = round(min(high_s, max(start, window_s + word.end_s)), 3)
        timed.append(Word(word.text.strip(), start, end, round(word.p, 3)))
        before = end
    return tuple(timed)


def preview_of(track: str, span: tuple[int, int], words: Sequence[str], stable: int, language: str) -> Segment:
    """The open words of a track; times of single words are not known yet."""
    return Segment(
        segment_id(track, span[0]),
        track,
        media_seconds(span[0]),
        media_seconds(span[1]),
        joined(words),
        stable=stable,
        language=language or None,
    )
