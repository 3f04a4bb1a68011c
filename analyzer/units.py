"""Sentences as they were said: what the detector scores, the model reads, and evidence quotes word for word.

A final segment is no sentence: words become final while somebody speaks, so one sentence comes in several finals of
a track, and one final can hold several sentences. A unit is a whole sentence. Its parts are exact slices of their
segments' texts, so a quote made of a part is always found there.
"""

import re
from collections.abc import Sequence

import msgspec

from contracts.transcript import Segment

PAUSE_S = 1.5
"""So long a silence ends a sentence that has no full stop."""
BREATH_S = 0.25
"""So long a silence ends one before a word that only the first of a sentence writes with a capital."""
FEW_WORDS = 4
"""So few words at a change of voices may have the wrong label."""
MAX_UNIT_WORDS = 60
"""A longer run of words without a full stop is cut at a comma or at this length."""
_ENDED = re.compile(r"[.?!…][\"”’')]*$")
_SOFT_END = re.compile(r"[.…]$")
_SHORTENED = re.compile(r"^\W*(?:(?:[A-Za-z]\.)+|approx\.|etc\.|vs\.)$")
_OPENER = re.compile(
    r"^(?:The|A|An|And|So|But|Or|We|You|He|She|They|It|This|That|These|There|Then|What|When|Where|Who|How|Why|Which|If"
    r"|Is|Are|Do|Does|Did|Can|Could|Would|Will|Should|Let|Let['’]s|Yes|Yeah|No|Okay|OK|Well|Good|Great|Sure|Fine"
    r"|Thanks|Somebody|Someone|Nobody|Everybody|Our|My|Your|His|Her|Their|To|For|In|On|At|By|With|Not)\b"
)
_TITLE = re.compile(r"^\W*(?:Mr|Mrs|Ms|Dr|Prof|St)\.$")
_CAPITAL = re.compile(r"\b(?!I\b)[A-Z]")


class Part(msgspec.Struct, frozen=True):
    """The words of a sentence that stand in one segment. Times are meeting seconds."""

    segment_id: str
    text: str
    start: float
    end: float


class Unit(msgspec.Struct, frozen=True):
    """One sentence. ``segment_id`` is the segment it begins in, ``index`` its place among the sentences there."""

    segment_id: str
    index: int
    speaker: str | None
    text: str
    start: float
    end: float
    more: tuple[Part, ...] = ()
    """Its parts, where there are several."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its words by segment, in order; at least one part."""
        return self.more or (Part(self.segment_id, self.text, self.start, self.end),)

    @property
    def ended(self) -> bool:
        """Whether a full stop ends it."""
        return _ENDED.search(self.text) is not None


class _Token(msgspec.Struct, frozen=True):
    """One word, at ``first:last`` of the text of segment number ``place`` of a run."""

    place: int
    first: int
    last: int
    start: float
    end: float
    timed: bool


def split(segment: Segment, speaker: str | None) -> list[Unit]:
    """The sentences of ``segment`` by itself, said by ``speaker``; no unit is empty."""
    return sentences([segment], [speaker])


def goes_on(before: Segment, after: Segment) -> bool:
    """Whether ``after``, the next segment of the same track and speaker, goes on with the sentence of ``before``."""
    last, first = before.text.rsplit(None, 1)[-1:], after.text.split(None, 1)[:1]
    if not last or not first:
        return False
    return not _over(_gap_s(before, after), last[0], first[0], cut_in=(before.text, after.text))


def unbroken(before: Segment, after: Segment) -> bool:
    """Whether no breath is taken between two segments of a track."""
    return _gap_s(before, after) < BREATH_S


def runs_on(before: Segment, after: Segment) -> bool:
    """Whether ``after``, the next segment of the same track, surely goes on with the sentence of ``before``.

    The few words at a change of voices may carry the label of the voice before. A sentence that goes on in small
    letters without a breath is one, whatever the labels say.
    """
    if not before.words or not after.words or not unbroken(before, after):
        return False
    few = min(len(before.words), len(after.words)) <= FEW_WORDS
    open_end = before.text.rstrip()[-1:].isalnum() and _CAPITAL.search(before.text) is not None
    return few and open_end and after.text.lstrip()[:1].islower()


def _gap_s(before: Segment, after: Segment) -> float:
    return (after.words[0].s if after.words else after.start) - (before.words[-1].e if before.words else before.end)


def sentences(run: Sequence[Segment], speakers: Sequence[str | None]) -> list[Unit]:
    """The sentences of neighbouring segments of one track, each said by the one of ``speakers`` in its place.

    They are the same for any cutting of the same words. Where the segments of a sentence name several speakers, it is
    that of the last, who was heard for longer by then.
    """
    tokens = [t for place, segment in enumerate(run) for t in _tokens(place, segment)]
    count = dict.fromkeys((s.id for s in run), 0)
    units: list[Unit] = []
    for words in _sentences(run, tokens):
        parts = _parts(run, words)
        first = parts[0].segment_id
        text = " ".join(p.text for p in parts)
        more = parts if len(parts) > 1 else ()
        said_by = [speakers[w.place] for w in reversed(words)]
        speaker = next((name for name in said_by if name is not None), None)
        units.append(Unit(first, count[first], speaker, text, parts[0].start, parts[-1].end, more))
        for part in parts:
            count[part.segment_id] += 1
    return units


def _sentences(run: Sequence[Segment], tokens: list[_Token]) -> list[list[_Token]]:
    found: list[list[_Token]] = []
    for token in tokens:
        if not found or _ends(run, found[-1][-1], token):
            found.append([])
        found[-1].append(token)
    return [short for words in found for short in _shortened(run, words)]


def _ends(run: Sequence[Segment], last: _Token, following: _Token) -> bool:
    before, after = run[last.place].text, run[following.place].text
    apart = last.place != following.place
    gap_s = following.start - last.end if apart or last.timed else 0.0
    words = before[last.first : last.last], after[following.first : following.last]
    return _over(gap_s, *words, cut_in=(before, after) if apart else ())


def _over(gap_s: float, last: str, following: str, cut_in: tuple[str, ...]) -> bool:
    """Whether a sentence ends between two words: at a full stop, or at a clear pause.

    ``cut_in`` are the texts of two segments with the words at the cut. A full stop there before a small letter was
    put by the cut, where the texts have capitals at all.
    """
    if gap_s >= PAUSE_S or (gap_s >= BREATH_S and _OPENER.search(following)):
        return True
    if not _ENDED.search(last) or _TITLE.search(last):
        return False
    if not following[0].islower() or not _SOFT_END.search(last):
        return True
    return not (_SHORTENED.search(last) or any(_CAPITAL.search(text) for text in cut_in))


def _shortened(run: Sequence[Segment], words: list[_Token]) -> list[list[_Token]]:
    found: list[list[_Token]] = []
    while len(words) > MAX_UNIT_WORDS:
        span = range(MAX_UNIT_WORDS // 3, MAX_UNIT_WORDS)
        commas = [n for n in span if run[words[n].place].text[words[n].last - 1] in ",;:"]
        cut = commas[-1] + 1 if commas else MAX_UNIT_WORDS
        found.append(words[:cut])
        words = words[cut:]
    return [*found, words]


def _parts(run: Sequence[Segment], words: list[_Token]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for place in dict.fromkeys(w.place for w in words):
        own = [w for w in words if w.place == place]
        segment = run[place]
        parts.append(Part(segment.id, segment.text[own[0].first : own[-1].last], own[0].start, own[-1].end))
    return tuple(parts)


def _tokens(place: int, segment: Segment) -> list[_Token]:
    """The words of ``segment`` with their times: from its own words where they fit the text, else by share."""
    spans = [m.span() for m in re.finditer(r"\S+", segment.text)]
    if segment.words and len(segment.words) == len(spans):
        return [
            _Token(place, first, last, w.s, w.e, timed=True)
            for (first, last), w in zip(spans, segment.words, strict=True)
        ]
    step = (segment.end - segment.start) / max(1, len(segment.text))
    return [
        _Token(place, f, n, round(segment.start + f * step, 3), round(segment.start + n * step, 3), timed=False)
        for f, n in spans
    ]
