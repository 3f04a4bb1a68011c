"""From a found passage to what a person sees: the words that answer, highlights, the second to play from. Pure."""

from collections.abc import Iterable, Sequence

import msgspec

from gateway.index.passages import part_lines
from gateway.index.port import Candidate, Line
from gateway.index.words import WORD, root

SNIPPET_WORDS = 45


class Snippet(msgspec.Struct, frozen=True, omit_defaults=True):
    """A few words of a passage. ``highlights`` are [from, to) positions in ``text``, counted in characters.

    ``at`` is the meeting second to play from, ``segment`` the segment that is spoken then.
    """

    text: str
    highlights: tuple[tuple[int, int], ...]
    at: float
    segment: str
    speaker: str | None = None


def snippet(candidate: Candidate, words: Iterable[str]) -> Snippet:
    """The best place of the passage for these words: in its nearest part, the line that has most of them."""
    roots = {root(word) for word in words}
    lines = part_lines(candidate.passage, candidate.nearest_part)
    if candidate.keyword and not any(_matches(line, roots) for line in lines):
        lines = candidate.passage.lines
    best = max(range(len(lines)), key=lambda i: (_matches(lines[i], roots), -i))
    shown = _around(lines, best)
    text = " ".join(line.text for line in shown)
    text = _cut(text)
    return Snippet(text, tuple(_highlights(text, roots)), shown[0].start, shown[0].segment, shown[0].speaker)


def _matches(line: Line, roots: set[str]) -> int:
    return len({root(w) for w in WORD.findall(line.text)} & roots)


def _around(lines: Sequence[Line], best: int) -> Sequence[Line]:
    """The best line and what follows it, up to the size of a snippet."""
    last, words = best, 0
    while last < len(lines) and (words < SNIPPET_WORDS // 2 or last == best):
        words += len(lines[last].text.split())
        last += 1
    return lines[best:last]


def _cut(text: str) -> str:
    words = text.split(" ")
    return text if len(words) <= SNIPPET_WORDS else " ".join(words[:SNIPPET_WORDS]) + " …"


def _highlights(text: str, roots: set[str]) -> Iterable[tuple[int, int]]:
    for match in WORD.finditer(text):
        if root(match.group()) in roots:
            yield match.span()
