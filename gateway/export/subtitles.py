"""A report as subtitles: SRT and WebVTT, cues of at most two lines that a person can read in time."""

import html
import textwrap
from collections.abc import Iterable

import msgspec

from gateway.export.report import Report, Turn, printable

LINE_CHARS = 42
CUE_CHARS = 2 * LINE_CHARS
MIN_CUE_S = 0.5


class Cue(msgspec.Struct, frozen=True):
    """A piece of an utterance with its own time; meeting seconds."""

    start: float
    end: float
    speaker: str
    text: str


def cues(turn: Turn) -> Iterable[Cue]:
    """The utterance in pieces of at most CUE_CHARS characters, on its words' times where they are known."""
    words = printable(turn.text).split()
    if not words:
        return
    timed = len(turn.words) == len(words)
    step = (turn.end - turn.start) / len(words)
    first = 0
    while first < len(words):
        last, size = first + 1, len(words[first])
        while last < len(words) and size + 1 + len(words[last]) <= CUE_CHARS:
            size += 1 + len(words[last])
            last += 1
        start = turn.words[first].s if timed else turn.start + first * step
        end = turn.words[last - 1].e if timed else turn.start + last * step
        yield Cue(start, max(end, start + MIN_CUE_S), turn.speaker, " ".join(words[first:last]))
        first = last


def to_srt(report: Report) -> bytes:
    """SubRip. The format has no escapes: what players would take for markup is written with look-alikes."""
    blocks = []
    for number, cue in enumerate(_all(report), 1):
        named = f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text
        text = "\n".join(_wrapped(named.replace("<", "‹").replace(">", "›").replace("{", "(").replace("}", ")")))
        blocks.append(f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{text}\n")
    return "\n".join(blocks).encode()


def to_vtt(report: Report) -> bytes:
    """WebVTT with the speaker as a voice."""
    blocks = ["WEBVTT\n"]
    for cue in _all(report):
        text = "\n".join(html.escape(line, quote=False) for line in _wrapped(cue.text))
        name = html.escape(" ".join(printable(cue.speaker).split()), quote=False)
        voice = f"<v {name}>" if name else ""
        blocks.append(f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{voice}{text}\n")
    return "\n".join(blocks).encode()


def _all(report: Report) -> Iterable[Cue]:
    return sorted((cue for turn in report.turns for cue in cues(turn)), key=lambda c: (c.start, c.end))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, LINE_CHARS, break_long_words=False, break_on_hyphens=False) or [""]


def _time(seconds: float, mark: str) -> str:
    ms = max(0, round(seconds * 1000))
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"
