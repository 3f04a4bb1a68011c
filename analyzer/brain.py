"""One meeting's notes, step by step: what a pass publishes. Shared by the worker and the evaluation; no bus here."""

from collections.abc import Mapping

import msgspec

from analyzer import chapters, rejudge
from analyzer.backlog import Backlog, writable
from analyzer.chain import Candidate, Chain, quick
from analyzer.detector import Matrix
from analyzer.llm import LanguageModel
from analyzer.merge import Known, doubled, joined, twin
from analyzer.ops import item_id, publishable
from analyzer.prompt import line
from analyzer.recap import RECAP_S, Writer
from analyzer.tone import Tone
from analyzer.transcript import Transcript
from analyzer.units import Unit
from analyzer.vectors import Embeds
from analyzer.window import View
from contracts.errors import Fault
from contracts.notes import Change, NoteItem
from contracts.recap import Chapter, Recap

MAX_PART_UNITS = 400


class Step(msgspec.Struct, frozen=True):
    """What can be published together."""

    items: tuple[NoteItem, ...] = ()
    summary: str | None = None
    chapters: tuple[Chapter, ...] | None = None


class Thought(msgspec.Struct, frozen=True):
    """What the language model said of a place: the text it wrote, or its yes to a doubtful one."""

    candidate: Candidate
    text: str | None = None


class Brain:
    """Makes notes of one meeting. Holds caches only: everything else is in the transcript's fold.

    A pass never waits for the language model. What the model could do better goes to the backlog; ``think`` asks it
    about one place and touches nothing, so it may run beside passes, and ``concluded`` turns the answer into items.
    """

    def __init__(self, chain: Chain, writer: Writer, embedder: Embeds, tone: Tone | None = None) -> None:
        self._tone = tone or Tone.load()
        self._chain = chain
        self._writer = writer
        self._embedder = embedder
        self._vectors: dict[tuple[str, str], Matrix] = {}
        self.backlog = Backlog()
        self.llm_failed = False

    async def pass_over(self, view: View, transcript: Transcript, at: float) -> Step:
        """What the detector is sure of, in the speakers' words, and what corrections make of older items."""
        candidates = await self._chain.candidates(view)
        desk = dict(transcript.notes.items)
        found: dict[str, NoteItem] = {}
        if view.changed:
            for item in rejudge.changes(view.changed, candidates, transcript, at):
                desk[item.id] = found[item.id] = item
        for candidate in candidates:
            for item in await self._items(candidate, transcript, desk, at) if candidate.sure else ():
                desk[item.id] = found[item.id] = item
            self.backlog.add(candidate)
        return Step(tuple(found.values()))

    async def _items(
        self, candidate: Candidate, transcript: Transcript, desk: dict[str, NoteItem], at: float
    ) -> list[NoteItem]:
        """What the candidate adds to the items on the ``desk``: one item, none, or more evidence for another."""
        item = publishable(quick(candidate, transcript), transcript.heard, transcript.people(), at)
        if item is None:
            return []
        same = twin(item, await self._vector(item), await self._known(desk))
        stored = desk.get(item.id)
        if same and (stored is None or stored.status == "withdrawn"):
            found = joined(same, item, at)
        else:
            found = _restored(stored, item, at) if stored else item
        return [found] if found else []

    async def think(self, transcript: Transcript, model: LanguageModel) -> Thought | None:
        """The model's answer about the next place in the backlog; None when there is none, or it says nothing."""
        candidate = self.backlog.take(transcript)
        if candidate is None:
            return None
        try:
            if not candidate.sure:
                judged = await self._chain.judged(candidate, model)
                return Thought(judged) if judged else None
            text = await self._chain.written(candidate, transcript.people(), model)
        except Fault:
            self.llm_failed = True
            return None
        self.llm_failed = False
        return Thought(candidate, text) if text else None

    async def concluded(self, thought: Thought, transcript: Transcript, at: float) -> Step:
        """What ``thought`` changes in the notes as they stand now: an item, better words, or a double less."""
        if thought.text is None:
            self.backlog.add(thought.candidate)
            return Step(tuple(await self._items(thought.candidate, transcript, dict(transcript.notes.items), at)))
        stored = reworded(thought.candidate, thought.text, transcript)
        if stored is None:
            return Step()
        better = msgspec.structs.replace(stored, text=thought.text)
        same = twin(better, await self._vector(better), await self._known(transcript.notes.items))
        if same is None:
            return Step((better,))
        return Step(tuple(i for i in (joined(same, better, at), doubled(stored, at)) if i is not None))

    async def _known(self, items: Mapping[str, NoteItem]) -> dict[str, Known]:
        return {i.id: Known(i, await self._vector(i)) for i in items.values()}

    async def _vector(self, item: NoteItem) -> Matrix:
        key = (item.id, item.text)
        if key not in self._vectors:
            self._vectors[key] = (await self._embedder.embed([item.text]))[0]
        return self._vectors[key]

    # -- chapters, summary, recap ----------------------------------------------------------------

    def part_due(self, transcript: Transcript) -> bool:
        """Whether a chapter has come to its end."""
        return transcript.end_s - _open_since(transcript) >= chapters.LONGEST_S

    async def part(self, transcript: Transcript, model: LanguageModel | None, *, over: bool) -> Step | None:
        """The next chapter that has come to its end, and the running summary with it."""
        done = transcript.notes.chapters
        since = _open_since(transcript)
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
        lines = [line(u) for u in chapters.telling(units, vectors)]
        chapter = await self._writer.chapter(lines, units[0].start, units[-1].end, model)
        mood = self._tone.mood(units, vectors)
        return Step(chapters=(*done, msgspec.structs.replace(chapter, mood=mood)))

    async def _summary(self, parts: tuple[Chapter, ...], transcript: Transcript, model: LanguageModel | None) -> str:
        """The running summary: what was there before and the newest part, so that its cost stays the same."""
        new = parts[-1].summary or parts[-1].title
        before = transcript.notes.summary
        return await self._writer.summary([before, new], model) if before else new

    async def recap(
        self, transcript: Transcript, model: LanguageModel | None, at: float, template: str, within_s: float = RECAP_S
    ) -> Recap:
        """The recap as the notes stand now; the model may take ``within_s`` for it."""
        return await self._writer.recap(transcript, model, at, template, within_s)


def _open_since(transcript: Transcript) -> float:
    done = transcript.notes.chapters
    return done[-1].end if done else 0.0


def reworded(candidate: Candidate, text: str, transcript: Transcript) -> NoteItem | None:
    """The item that gets ``text``, while its words still stand and nobody has written, removed or merged it."""
    unit = candidate.units[candidate.row]
    stored = transcript.notes.items.get(item_id(candidate.kind, unit))
    if stored is None or stored.text == text or not transcript.whole(unit):
        return None
    return stored if writable(stored) else None


def _restored(stored: NoteItem, item: NoteItem, at: float) -> NoteItem | None:
    """A withdrawn item whose words are said again after all; None when the stored one stands as it is."""
    if stored.status != "withdrawn" or "status" in stored.locked or stored.deleted or stored.merged_into:
        return None
    if stored.history[-1:] and stored.history[-1].by != "analyzer":
        return None
    change = Change(at, "analyzer", "restored", "the cited words stand again")
    return msgspec.structs.replace(item, history=(*stored.history, change))
