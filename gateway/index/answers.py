"""Answers: the utterances that answer a question, each with its citation, or that nothing does.

Quotes cannot say what nobody said. A written answer is made from the same utterances by an analyzer, and only those of
its sentences are kept that stand in the utterance they cite (``grounded``).
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.asking import MAX_LINES, WrittenSentence
from contracts.errors import Fault
from gateway.index.answerable import SURE_FROM, margin
from gateway.index.catching_up import catches_up, telling
from gateway.index.grounded import standing
from gateway.index.passages import part_lines
from gateway.index.port import TRANSCRIPT, Candidate, Line, Scope
from gateway.index.searcher import Searcher, TextEmbedder
from gateway.index.words import root, topic_words, words_of

PASSAGES = 4
PER_PASSAGE = 2
TO_WRITE_FROM = 4
"""Lines of each passage that a written answer is made from."""
SINCE_PASSAGES = 20
SINCE_NOTES = 6
TOLD_PASSAGES = 6
"""Passages, the newest, of which somebody who catches up is told."""
NOTED = ("action", "decision", "question", "risk")
BESIDE_FROM = 0.6
"""Share of the nearest passage's cosine which the other quoted passages must reach."""
LINE_MIN_WORDS = 3
MAX_EXCERPT_CHARS = 420
LIKELY_FROM = 0.5
"""Chance from which they do."""
TOLD_FROM = 0.65
"""Cosine of the question and a single line from which the line answers."""
REPLY_SHARE = 0.95
"""How much a reply counts, as a share of the likeness of the question that it follows."""


class Citation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the words stand: a segment that exists, and the meeting second to play from."""

    meeting: str
    title: str
    segment: str
    start: float
    end: float
    speaker: str | None = None
    kind: str = "transcript"


class Sentence(msgspec.Struct, frozen=True):
    """One sentence of an answer, quoted or written, and the utterance where it was said."""

    text: str
    citation: Citation


class Found(msgspec.Struct, frozen=True):
    """What may answer. With ``doubtful`` excerpts it is only near: whoever can read should say whether they answer."""

    sentences: tuple[Sentence, ...]
    doubtful: tuple[str, ...] = ()


class Writer(Protocol):
    """Puts an answer into words, and judges whether there is one."""

    async def chance(self, question: str, excerpts: Sequence[str]) -> float | None:
        """How likely the excerpts answer; None when nobody can say so in time. Never raises."""
        ...

    async def write(self, question: str, lines: Sequence[str]) -> tuple[WrittenSentence, ...]:
        """Sentences on the numbered lines; none when they do not answer or nobody writes in time. Never raises."""
        ...


class Answerer:
    """Finds what to quote. Keeps no state but the parts it is given."""

    def __init__(self, searcher: Searcher, embedder: TextEmbedder) -> None:
        self._searcher = searcher
        self._embedder = embedder

    async def answer(self, question: str, scope: Scope, per_passage: int = PER_PASSAGE) -> list[Sentence]:
        """The utterances that answer, best passage first; [] when nothing does. Raises BadInput like a search."""
        return list((await self.found(question, scope, per_passage)).sentences)

    async def found(self, question: str, scope: Scope, per_passage: int = PER_PASSAGE) -> Found:
        """The same, and whether it is sure that they answer.

        A scope with ``since_s`` asks what was said since: then the order is that of the meeting, and all counts.
        """
        if scope.since_s is not None:
            return Found(tuple(await self._since(question, scope, per_passage)))
        best, pool = await self._searcher.passages(question, scope, PASSAGES)
        above = margin(question, best, pool)
        told = await self._told(question, best) if above < SURE_FROM else False
        if above < 0 and not told:
            return Found(())
        talk = self._searcher.best(question, [c for c in pool if c.passage.kind == TRANSCRIPT], PASSAGES)
        found = [c for c in supporting(best) if c.passage.kind != TRANSCRIPT] + supporting(talk)
        quotes = _once([s for candidate in found for s in await self._quoted(question, candidate, per_passage)])
        if told or above >= SURE_FROM:
            return Found(tuple(quotes))
        return Found(tuple(quotes), tuple([await self._excerpt(question, c) for c in supporting(best)]))

    async def _told(self, question: str, best: Sequence[Candidate]) -> bool:
        """Whether one line of the passages says just this, however far the rest of its passage is from it."""
        lines = [line.text for c in best for line in _nearest(c) if _long_enough(line)]
        if not lines:
            return False
        try:
            vectors = await self._embedder.embed([question, *lines])
        except Fault:
            return False
        return bool((vectors[1:] @ vectors[0]).max() >= TOLD_FROM)

    async def _since(self, question: str, scope: Scope, per_passage: int) -> list[Sentence]:
        """What was noted in that time, and what was said nearest to the question, in the order of the meeting.

        Who asks for nothing but what there was gets what tells most of it.
        """
        found, _ = await self._searcher.passages(question, scope, SINCE_PASSAGES)
        noted = [c for c in found if c.passage.kind in NOTED][:SINCE_NOTES]
        talk = [c for c in found if c.passage.kind == TRANSCRIPT]
        sentences = [_sentence(c, c.passage.lines[0]) for c in noted if c.passage.lines[0].segment]
        if catches_up(question):
            newest = sorted(talk, key=lambda c: c.passage.start)[-TOLD_PASSAGES:]
            sentences += [s for c in newest for s in await self._telling(c, scope.since_s or 0.0, per_passage)]
        else:
            sentences += [s for c in talk[:PASSAGES] for s in await self._quoted(question, c, per_passage)]
        recent = [s for s in sentences if s.citation.end >= (scope.since_s or 0.0)]
        return sorted(recent, key=lambda s: s.citation.start)

    async def _telling(self, candidate: Candidate, since_s: float, count: int) -> list[Sentence]:
        lines = [line for line in candidate.passage.lines if line.segment and line.end >= since_s]
        if not lines:
            return []
        try:
            chosen = telling(lines, await self._embedder.embed([line.text for line in lines]), count)
        except Fault:
            chosen = sorted(sorted(range(len(lines)), key=lambda i: -len(lines[i].text))[:count])
        return [_sentence(candidate, lines[i]) for i in chosen]

    async def _excerpt(self, question: str, candidate: Candidate) -> str:
        """The line of the passage that is nearest to the question, between the two beside it."""
        lines = _nearest(candidate)
        middle = (await self._best(question, lines))[0]
        return " ".join(line.text for line in lines[max(0, middle - 1) : middle + 2])[:MAX_EXCERPT_CHARS]

    async def _quoted(self, question: str, candidate: Candidate, count: int) -> list[Sentence]:
        lines = [line for line in _nearest(candidate) if line.segment and _long_enough(line)]
        if candidate.passage.kind in NOTED and len(lines) > 1:
            lines = lines[1:]  # the words that it rests on, not the note's own
        chosen = sorted((await self._best(question, lines))[:count])
        return [_sentence(candidate, lines[i]) for i in chosen]

    async def _best(self, question: str, lines: Sequence[Line]) -> list[int]:
        """The numbers of the lines, nearest to the question first, or those with most of its words without vectors."""
        if not lines:
            return []
        try:
            vectors = await self._embedder.embed([question, *(line.text for line in lines)])
            scores = vectors[1:] @ vectors[0]
        except Fault:
            asked = {root(w) for w in topic_words(question)}
            scores = np.array([len(asked & {root(w) for w in words_of(line.text)}) for line in lines])
        return [int(i) for i in np.argsort(-after_questions(scores, lines), kind="stable")]


def after_questions(scores: NDArray[np.float32], lines: Sequence[Line]) -> NDArray[np.float32]:
    """The scores, where a line that follows a question counts nearly as much as the question: it may be the answer."""
    raised = np.array(scores, np.float32)
    for i in range(1, len(lines)):
        if lines[i - 1].text.rstrip().endswith("?"):
            raised[i] = max(raised[i], REPLY_SHARE * scores[i - 1])
    return raised


def _once(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Each segment once: what a note rests on is also part of the talk."""
    return list({(s.citation.meeting, s.citation.segment): s for s in reversed(sentences)}.values())[::-1]


async def answers(question: str, excerpts: Sequence[str], writer: Writer) -> bool:
    """Whether the writer thinks that the excerpts answer; yes when nobody can judge."""
    chance = await writer.chance(question, excerpts)
    return chance is None or chance >= LIKELY_FROM


async def written(question: str, said: Sequence[Sentence], writer: Writer) -> list[Sentence]:
    """An answer in the writer's words on what was ``said``; [] when none of its sentences stands there."""
    chosen = said[:MAX_LINES]
    lines = [f"{s.citation.speaker}: {s.text}" if s.citation.speaker else s.text for s in chosen]
    sentences = standing(await writer.write(question, lines), lines, question)
    return [Sentence(w.text, chosen[w.line - 1].citation) for w in sentences]


def supporting(best: Sequence[Candidate]) -> list[Candidate]:
    """Those of the best passages that are near enough to be quoted beside the nearest."""
    nearest = max((c.nearest or 0.0 for c in best), default=0.0)
    return [c for c in best if (c.nearest or 0.0) >= BESIDE_FROM * nearest]


def _nearest(candidate: Candidate) -> tuple[Line, ...]:
    return part_lines(candidate.passage, candidate.nearest_part)


def _long_enough(line: Line) -> bool:
    return len(line.text.split()) >= LINE_MIN_WORDS


def _sentence(candidate: Candidate, line: Line) -> Sentence:
    card, kind = candidate.card, candidate.passage.kind
    return Sentence(line.text, Citation(card.id, card.title, line.segment, line.start, line.end, line.speaker, kind))
