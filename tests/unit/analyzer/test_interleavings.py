"""People and the analyzer change the same notes at the same time: 1,000 random orders, and no user value is lost.

A pass and an answer of the model are worked out on the notes as they are, and written a few records later, as it
happens on the bus. Then every fold of the log must come to the same notes, and what people set must be there.
"""

import json
import random
from collections.abc import Awaitable, Callable
from typing import ClassVar

import numpy as np
import pytest

from analyzer.brain import Brain, Step
from analyzer.chain import Chain
from analyzer.guard import Guard
from analyzer.llm import Answer
from analyzer.ops import stands
from analyzer.prompt import Prompts
from analyzer.recap import Writer
from analyzer.window import Window
from contracts.embedder import Vectors
from contracts.notes import (
    FIELDS,
    NoteCreated,
    NoteEdited,
    NoteItem,
    NotesCheckpoint,
    NotesMerged,
    NotesUpdated,
    SegmentCorrected,
    SpeakerRenamed,
    fold_all,
)
from gateway.view import MeetingView
from tests.fakes.language_model import ScriptedModel
from tests.unit.analyzer.meetings import BARE, HashEmbedder, Said
from tests.unit.analyzer.test_brain import Pointing

CASES, CHUNKS, STEPS = 1_000, 10, 14
PEOPLE = ("Ana", "Tom", "Eve")
SENTENCES = (
    "I will send it to the supplier by Friday.",
    "I will book the blue room for Monday.",
    "So I will book the blue room on Monday.",
    "We will need forty chairs from the school.",
    "The weather was fine.",
    "Tom will call the printer and ask them for a new offer.",
    "Sure.",
)


class Shared(HashEmbedder):
    """Vectors that all cases share, as most sentences are the same."""

    known: ClassVar[dict[str, Vectors]] = {}

    async def embed(self, texts: list[str]) -> Vectors:
        missing = [t for t in dict.fromkeys(texts) if t not in self.known]
        self.known.update(zip(missing, await super().embed(missing), strict=True))
        return np.stack([self.known[t] for t in texts]) if texts else await super().embed([])


class Case:
    """One meeting, the people's wishes, and what was worked out but not written yet."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.talk = Recorded()
        self.mind = _brain()
        self.wishes: dict[str, dict[str, str | None]] = {}
        self.removed: dict[str, bool] = {}
        self.late: list[tuple[Step, int]] = []

    async def step(self) -> None:
        """Something happens; now and then something that was worked out before is written."""
        acts: list[Callable[[], Awaitable[None] | None]] = [
            self.say, self.say, self.look, self.look, self.think, self.edit, self.edit, self.unlock, self.remove,
            self.create, self.merge, self.correct, self.rename,
        ]  # fmt: skip
        done = self.dice.choice(acts)()
        if done is not None:
            await done
        if self.late and self.dice.random() < 0.6:
            self.write(*self.late.pop(0))

    def write(self, step: Step, done_seq: int) -> None:
        done = max(done_seq, self.talk.checkpoint.meeting_seq)
        self.talk.put(NotesUpdated("m", NotesCheckpoint(done), step.items, step.summary, step.chapters))

    def say(self) -> None:
        self.talk.say(self.dice.choice(PEOPLE), self.dice.choice(SENTENCES))

    async def look(self) -> None:
        if self.late:
            return  # one flight per meeting
        view = Window().next(self.talk, self.talk.checkpoint.meeting_seq, 1e6)
        if view is not None:
            self.late.append((await self.mind.pass_over(view, self.talk, 1.0), view.upto_seq))

    async def think(self) -> None:
        if self.late:
            return
        text = self.dice.choice(("Send the list to the supplier", "Book the blue room", "Call the printer"))
        thought = await self.mind.think(self.talk, ScriptedModel(lambda _: Answer(json.dumps({"text": text}))))
        if thought is not None:
            self.late.append((await self.mind.concluded(thought, self.talk, 2.0), 0))

    def one(self) -> NoteItem | None:
        items = list(self.talk.notes.items.values())
        return self.dice.choice(items) if items else None

    def edit(self) -> None:
        item, name = self.one(), self.dice.choice(FIELDS)
        if item is None:
            return
        value = self.dice.choice({"status": ("done", "open", "withdrawn")}.get(name, ("One", "Two", "Three")))
        self.talk.put(NoteEdited("m", item.id, "u", 1.0, {name: value}))
        self.wishes.setdefault(item.id, {})[name] = value

    def unlock(self) -> None:
        item, name = self.one(), self.dice.choice(FIELDS)
        if item is not None:
            self.talk.put(NoteEdited("m", item.id, "u", 1.0, {}, (name,)))
            self.wishes.get(item.id, {}).pop(name, None)

    def remove(self) -> None:
        item, gone = self.one(), self.dice.random() < 0.7
        if item is not None:
            self.talk.put(NoteEdited("m", item.id, "u", 1.0, deleted=gone))
            self.removed[item.id] = gone

    def create(self) -> None:
        item = NoteItem(f"mine-{self.talk.seq}", "action", "Bring a cake", owner="Eve")
        self.talk.put(NoteCreated("m", item, "u", 1.0))
        self.wishes[item.id] = {"text": "Bring a cake", "owner": "Eve", "due": None, "status": "open"}

    def merge(self) -> None:
        item, into = self.one(), self.one()
        if item is not None and into is not None:
            self.talk.put(NotesMerged("m", item.id, into.id, "u", 1.0))

    def correct(self) -> None:
        heard = list(self.talk.heard)
        if heard:
            text = self.dice.choice(("", None, self.dice.choice(SENTENCES)))
            who = self.dice.choice((None, *PEOPLE))
            self.talk.put(SegmentCorrected("m", self.dice.choice(heard), "u", 1.0, text=text, speaker=who))

    def rename(self) -> None:
        self.talk.put(SpeakerRenamed("m", self.dice.choice(PEOPLE), self.dice.choice(("Anna", "Thomas")), "u", 1.0))

    async def settle(self) -> None:
        """Everything is written, and all words are worked in."""
        for step in self.late:
            self.write(*step)
        while (view := Window().next(self.talk, self.talk.checkpoint.meeting_seq, 1e6)) is not None:
            self.write(await self.mind.pass_over(view, self.talk, 3.0), view.upto_seq)


def _brain() -> Brain:
    vectors, guard, prompts = Shared(), Guard(5.0), Prompts({"system": "s", "write_action": "w {row}"})
    return Brain(Chain(Pointing(), vectors, prompts, guard, BARE), Writer(prompts, guard), vectors)  # type: ignore[arg-type]


class Recorded(Said):
    """Keeps the log."""

    def __init__(self) -> None:
        self.log: list[object] = []
        super().__init__()

    def put(self, record: object) -> None:
        self.log.append(record)
        super().put(record)


@pytest.mark.parametrize("chunk", range(CHUNKS))
async def test_all_folds_agree_and_no_user_value_is_lost(chunk: int) -> None:
    items = 0
    for seed in range(chunk * CASES // CHUNKS, (chunk + 1) * CASES // CHUNKS):
        case = Case(seed)
        for _ in range(STEPS):
            await case.step()
        await case.settle()
        _check(case)
        items += len(case.talk.notes.items)
    assert items > CASES // CHUNKS  # the cases are about something


def _check(case: Case) -> None:
    notes = case.talk.notes
    assert fold_all(case.talk.log) == notes
    view = MeetingView("m")
    for seq, record in enumerate(case.talk.log, 1):
        view.apply(seq, record)  # type: ignore[arg-type]
    assert view.notes == notes
    for item, wanted in case.wishes.items():
        stored = notes.items[item]
        assert {name: getattr(stored, name) for name in wanted} == wanted
    assert {i: notes.items[i].deleted for i in case.removed} == case.removed
    merged = {i.merged_into for i in notes.items.values() if i.merged_into}
    for stored in notes.shown():
        if stored.id not in merged and "status" not in stored.locked and stored.history[0].by == "analyzer":
            assert all(stands(e, case.talk.heard) for e in stored.evidence), stored
