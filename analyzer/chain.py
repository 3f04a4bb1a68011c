"""Detector, judge, writer: from the sentences of one pass to items.

The detector looks at every sentence, and what it is sure of is published at once in the speaker's own words. The
language model is asked later, and only about the few places where it pays: as judge where the detector is in doubt,
and as writer where the speaker's words need others to be understood.
"""

import msgspec
import numpy as np

from analyzer import dates, owners, signs, spots
from analyzer.context import Context
from analyzer.detector import KINDS, Detector, Matrix
from analyzer.guard import Guard
from analyzer.llm import LanguageModel
from analyzer.ops import Draft, about, grounded, leading_name, tidy, without_subject
from analyzer.phrase import phrase
from analyzer.prompt import AFTER, BEFORE, TEXT_SCHEMA, Prompts
from analyzer.transcript import Transcript
from analyzer.units import Unit
from analyzer.vectors import Embeds
from analyzer.window import View
from contracts.errors import TooLarge
from contracts.notes import Kind

WRITE_TOKENS = 60


class Threshold(msgspec.Struct, frozen=True):
    """Log-odds of a kind: below ``doubt`` nothing, from ``sure`` on no judge, whose log-odds count ``judge``-fold."""

    doubt: float
    sure: float
    judge: float = 0.5


THRESHOLDS: dict[str, Threshold] = {
    "action": Threshold(0.1, 0.1),
    "decision": Threshold(-0.08, -0.08),
    "question": Threshold(-0.2, -0.2),
    "risk": Threshold(-0.3, -0.3),
}


LOW = -1.7
"""From these log-odds of the detector on, what surrounds a sentence decides whether it is an action item."""


class Candidate(msgspec.Struct, frozen=True):
    """A place that the detector points at: unit ``row`` of ``units``, which hold its neighbours."""

    kind: Kind
    row: int
    units: tuple[Unit, ...]
    score: float
    sure: bool
    also: tuple[int, ...] = ()
    """Rows of ``units`` that belong to it: who accepted, who agreed."""


class Chain:
    """The three steps; holds no state of a meeting."""

    def __init__(
        self, detector: Detector, embedder: Embeds, prompts: Prompts, guard: Guard, context: Context | None = None
    ) -> None:
        self._detector = detector
        self._context = context or Context.load()
        self._embedder = embedder
        self._prompts = prompts
        self._guard = guard

    async def candidates(self, view: View) -> list[Candidate]:
        """Where the fresh units of ``view`` speak of something, strongest kind per unit."""
        vectors = await self._embedder.embed([u.text for u in view.units])
        scores = self._detector.scores(view.units, vectors)
        return pick(view, scores, self._context)

    async def judged(self, candidate: Candidate, model: LanguageModel) -> Candidate | None:
        """The doubtful ``candidate`` as a sure one, or None when the judge says no. Raises Fault."""
        bar = THRESHOLDS[candidate.kind]
        prompt = self._prompts.about_line(f"judge_{candidate.kind}", list(candidate.units), candidate.row)
        chance = await self._guard.call(lambda: model.judge(prompt))
        score = candidate.score + bar.judge * float(np.log(max(chance, 1e-4) / max(1 - chance, 1e-4)))
        return msgspec.structs.replace(candidate, score=score, sure=True) if score >= bar.sure else None

    async def written(self, candidate: Candidate, people: list[str], model: LanguageModel) -> str | None:
        """The model's words for the candidate; None when they do not rest on the excerpt. Raises Fault."""
        units, row = list(candidate.units), candidate.row
        prompt = self._prompts.about_line(f"write_{candidate.kind}", units, row)
        try:
            answer = await self._guard.call(lambda: model.write(prompt, TEXT_SCHEMA, WRITE_TOKENS))
        except TooLarge:
            return None
        text = accepted(answer.text, answer.complete, [u.text for u in units[max(0, row - BEFORE) : row + 1]])
        return text if text and not leading_name(text, people) else None


def quick(candidate: Candidate, transcript: Transcript) -> Draft:
    """The candidate as an item in the speaker's own words."""
    said = phrase(candidate.kind, list(candidate.units), candidate.row, transcript.people())
    draft = draft_of(candidate, said.text, _chance(candidate.score), transcript)
    if said.says is None:
        return draft
    return msgspec.structs.replace(draft, units=(*draft.units, candidate.units[said.says]))


class _Text(msgspec.Struct):
    text: str


def accepted(answer: str, complete: bool, said: list[str]) -> str | None:
    """The text of a writer's ``answer`` about the last of the sentences ``said``; the others are what led up to it.

    None when it is garbage, cut off, made of other words, or not about that sentence.
    """
    excerpt = " ".join(said)
    if not complete or len(answer) > 4 * len(excerpt) + 400:
        return None
    try:
        text = tidy(without_subject(msgspec.json.decode(answer, type=_Text).text))
    except (msgspec.DecodeError, UnicodeError):
        return None
    return text if text and grounded(text, excerpt) and about(text, dates.without_last(said[-1])) else None


def pick(
    view: View, scores: Matrix, context: Context, thresholds: dict[str, Threshold] = THRESHOLDS
) -> list[Candidate]:
    """The places where the scores of fresh units pass the kind's threshold, in time order, one for each thing."""
    found: list[Candidate] = []
    for column, kind in enumerate(KINDS):
        marks = [float(s) + signs.lift(kind, view.units, row) for row, s in enumerate(scores[:, column])]
        bar = thresholds[kind]
        for row, also in spots.places(kind, view.units, marks, LOW if kind == "action" else bar.doubt):
            if row not in view.fresh:
                continue
            score = context.score(view.units, marks, row, also) if kind == "action" else marks[row]
            if score >= bar.doubt:
                found.append(_candidate(kind, view.units, (row, *also), score, sure=score >= bar.sure))
    return found


def _candidate(kind: str, units: list[Unit], rows: tuple[int, ...], score: float, *, sure: bool) -> Candidate:
    row = rows[0]
    first = max(0, row - BEFORE)
    also = tuple(r - first for r in rows[1:] if first <= r < row + 1 + AFTER)
    return Candidate(_kind(kind), row - first, tuple(units[first : row + 1 + AFTER]), score, sure, also)


def draft_of(candidate: Candidate, text: str, confidence: float, transcript: Transcript) -> Draft:
    """The item with owner and due date read from the words."""
    units, row = list(candidate.units), candidate.row
    unit = units[row]
    owner: str | None = None
    due: tuple[str, str | None] | None = None
    if candidate.kind == "action":
        owner = owners.owner_of(units, row, transcript.people())
        started = transcript.started
        day = dates.meeting_day(started.started_at, started.timezone, unit.start) if started else None
        due = dates.find(unit.text, day) if day else None
    return Draft(candidate.kind, text, (unit,), owner, due[1] if due else None, due[0] if due else None, confidence)


def _chance(score: float) -> float:
    return float(1 / (1 + np.exp(-score)))


def _kind(name: str) -> Kind:
    found: Kind = msgspec.convert(name, Kind)
    return found
