"""One meeting's notes, step by step: what a pass publishes. Shared by the worker and the evaluation; no bus here."""

from collections.abc import AsyncIterator

import msgspec
import numpy as np

from analyzer import chapters, rejudge
from analyzer.chain import Candidate, Chain
from analyzer.detector import Matrix
from analyzer.llm import LanguageModel
from analyzer.merge import Known, doubled, joined, twin
from analyzer.ops import Draft, publishable
from analyzer.prompt import line
from analyzer.recap import Writer
from analyzer.transcript import Transcript
from analyzer.units import Unit
from analyzer.window import View
from contracts.embedder import AsyncEmbedder
from contracts.errors import Fault
from contracts.notes import Chapter, NoteItem, Recap

MAX_PART_UNITS = 400


class Step(msgspec.Struct, frozen=True):
    """A part of a pass that can be published. ``last`` = the pass is complete and its checkpoint may move."""

    items: tuple[NoteItem, ...] = ()
    summary: str | None = None
    chapters: tuple[Chapter, ...] | None = None
    last: bool = False


class Brain:
    """Makes notes of one meeting. Holds caches only: everything else is in the transcript's fold."""

    def __init__(self, chain: Chain, writer: Writer, embedder: AsyncEmbedder) -> None:
        self._chain = chain
        self._writer = writer
        self._embedder = embedder
        self._vectors: dict[tuple[str, str], Matrix] = {}
        self.llm_failed = False

    async def pass_over(
        self, view: View, transcript: Transcript, model: LanguageModel | None, at: float
    ) -> AsyncIterator[Step]:
        """First what the detector is sure of, in the speakers' words; then the items as judged and written."""
        self.llm_failed = False
        changed = await self._rejudged(view, transcript, at)
        if changed:
            yield Step(tuple(changed))
        candidates = await self._chain.candidates(view)
        if model is not None:
            quick = [await self._items(c, transcript, None, at) for c in candidates if c.sure]
            early = tuple(item for found in quick for item in found)
            if early:
                yield Step(early)
        for candidate in candidates:
            items = await self._items(candidate, transcript, model, at)
            if items:
                yield Step(tuple(items))
        yield Step(last=True)

    async def _rejudged(self, view: View, transcript: Transcript, at: float) -> list[NoteItem]:
        if not view.changed:
            return []
        candidates = await self._chain.candidates(view)
        return rejudge.changes(view.changed, candidates, transcript, at)

    async def _items(
        self, candidate: Candidate, transcript: Transcript, model: LanguageModel | None, at: float
    ) -> list[NoteItem]:
        """What the candidate adds or changes: one item, none, or two when it is the double of another."""
        draft = await self._draft(candidate, transcript, model)
        item = publishable(draft, transcript.heard, transcript.people(), at) if draft else None
        if item is None:
            return []
        stored = transcript.notes.items.get(item.id)
        same = twin(item, await self._vector(item), await self._known(transcript))
        found = [joined(same, item, at) if same else _rewritten(stored, item) if stored else item]
        if same and stored:
            found.append(doubled(stored, at))
        return [i for i in found if i is not None]

    async def _draft(self, candidate: Candidate, transcript: Transcript, model: LanguageModel | None) -> Draft | None:
        try:
            return await self._chain.draft(candidate, transcript, model)
        except Fault:
            self.llm_failed = True
            return await self._chain.draft(candidate, transcript, None)

    async def _known(self, transcript: Transcript) -> dict[str, Known]:
        return {i.id: Known(i, await self._vector(i)) for i in transcript.notes.items.values()}

    async def _vector(self, item: NoteItem) -> Matrix:
        key = (item.id, item.text)
        if key not in self._vectors:
            self._vectors[key] = (await self._embedder.embed([item.text]))[0]
        return self._vectors[key]

    # -- chapters, summary, recap ----------------------------------------------------------------

    async def part(self, transcript: Transcript, model: LanguageModel | None, *, over: bool) -> Step | None:
        """The next chapter that has come to its end, and the running summary with it."""
        done = transcript.notes.chapters
        since = done[-1].end if done else 0.0
        open_units = [u for u in transcript.units_from(since) if u.start >= since]
        if not open_units or (not over and open_units[-1].end - open_units[0].start < chapters.LONGEST_S):
            return None
        units = open_units[:MAX_PART_UNITS]
        vectors = await self._embedder.embed([u.text for u in units])
        row = chapters.boundary(units, vectors, over=over)
        if row is None:
            return None
        step = await self._closed(units[: row + 1], vectors[: row + 1], done, transcript, model)
        if over:
            return step  # the recap's summary follows at once and takes the place of the running one
        return msgspec.structs.replace(step, summary=await self._summary(step.chapters or (), transcript, model))

    async def _closed(
        self, units: list[Unit], vectors: Matrix, done: tuple[Chapter, ...], transcript: Transcript,
        model: LanguageModel | None,
    ) -> Step:  # fmt: skip
        lines = [line(u) for u in chapters.telling(units, np.asarray(vectors))]
        chapter = await self._writer.chapter(lines, units[0].start, units[-1].end, model)
        return Step(chapters=(*done, chapter))

    async def _summary(self, parts: tuple[Chapter, ...], transcript: Transcript, model: LanguageModel | None) -> str:
        """The running summary: what was there before and the newest part, so that its cost stays the same."""
        new = parts[-1].summary or parts[-1].title
        before = transcript.notes.summary
        return await self._writer.summary([before, new], model) if before else new

    async def recap(self, transcript: Transcript, model: LanguageModel | None, at: float, template: str) -> Recap:
        """The recap as the notes stand now."""
        return await self._writer.recap(transcript, model, at, template)


def _rewritten(stored: NoteItem, item: NoteItem) -> NoteItem | None:
    """A stored item with better words; None when nothing changes."""
    better = msgspec.structs.replace(
        stored,
        text=item.text,
        owner=item.owner,
        due=item.due,
        due_words=item.due_words,
        confidence=item.confidence,
        evidence=stored.evidence or item.evidence,
    )
    return None if better == stored or stored.deleted else better
