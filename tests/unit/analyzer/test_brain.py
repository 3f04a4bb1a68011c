"""From a view to steps, with a scripted model: the speakers' words first, better ones later; nothing twice."""

import json

import numpy as np
import pytest

from analyzer import backlog, merge, rejudge
from analyzer.brain import Brain, Step
from analyzer.chain import Candidate, Chain, accepted
from analyzer.detector import KINDS, Matrix
from analyzer.guard import Guard
from analyzer.llm import Answer, Prompt
from analyzer.prompt import Prompts
from analyzer.recap import Writer
from analyzer.units import Unit
from analyzer.window import Window
from contracts.errors import Unavailable
from contracts.notes import NoteEdited, NotesCheckpoint, NotesUpdated, SegmentCorrected
from tests.fakes.language_model import ScriptedModel
from tests.unit.analyzer.meetings import BARE, HashEmbedder, Said

LINES = (
    ("Ana", "The supplier is waiting for our price list."),
    ("Tom", "I will send the price list to the supplier by Friday."),
    ("Ana", "Great, thank you."),
)


class Pointing:
    """A detector that points at sentences with a word."""

    def __init__(self, word: str = "will", score: float = 3.0) -> None:
        self._word, self._score = word, score

    def scores(self, units: list[Unit], vectors: Matrix) -> Matrix:
        found = np.full((len(units), len(KINDS)), -9.0, np.float32)
        found[:, 0] = [self._score if self._word in u.text else -9.0 for u in units]
        return found


def brain(detector: object | None = None) -> Brain:
    embedder, guard, prompts = HashEmbedder(), Guard(5.0), Prompts.load()
    chain = Chain(detector or Pointing(), embedder, prompts, guard, BARE)  # type: ignore[arg-type]
    return Brain(chain, Writer(prompts, guard), embedder)  # type: ignore[arg-type]


def answers(text: str) -> ScriptedModel:
    return ScriptedModel(lambda _: Answer(json.dumps({"text": text})))


async def run(mind: Brain, talk: Said, model: ScriptedModel | None) -> list[Step]:
    """One pass over everything that waits and then the whole backlog, applied to the talk as the log would."""
    view = Window().next(talk, talk.checkpoint.meeting_seq, 1e6)
    assert view is not None
    steps = [await mind.pass_over(view, talk, 1.0)]
    put(talk, steps[0], view.upto_seq)
    while model is not None and mind.backlog:
        thought = await mind.think(talk, model)
        if thought is not None:
            steps.append(await mind.concluded(thought, talk, 2.0))
            put(talk, steps[-1], view.upto_seq)
    return steps


def put(talk: Said, step: Step, done_seq: int) -> None:
    talk.put(NotesUpdated("m", NotesCheckpoint(done_seq), step.items, step.summary, step.chapters))


UNCLEAR = (LINES[0], ("Tom", "I will send it to the supplier by Friday."), LINES[2])


async def test_items_appear_in_the_speakers_words_and_the_model_replaces_what_needs_others_to_be_understood() -> None:
    talk = Said(*UNCLEAR)
    steps = await run(brain(), talk, answers("Send the price list to the supplier"))
    assert steps[0].items[0].text == "Send it to the supplier"
    assert steps[1].items[0].text == "Send the price list to the supplier"
    shown = talk.notes.shown()
    assert [(i.owner, i.due, i.due_words) for i in shown] == [("Tom", "2026-10-02", "by Friday")]


async def test_a_task_that_is_clear_as_it_was_said_costs_no_model() -> None:
    talk = Said(*LINES)
    model = answers("Send the price list to the supplier")
    await run(brain(), talk, model)
    assert [i.text for i in talk.notes.shown()] == ["Send the price list to the supplier"]
    assert model.prompts == []


async def test_what_a_person_wrote_while_the_model_thought_stays() -> None:
    talk = Said(*UNCLEAR)
    mind = brain()
    await run(mind, talk, None)
    thought = await mind.think(talk, answers("Send the price list to the supplier"))
    item = talk.notes.shown()[0]
    talk.put(NoteEdited("m", item.id, "u", 3.0, {"text": "Post the list"}))
    assert thought is not None
    put(talk, await mind.concluded(thought, talk, 4.0), talk.checkpoint.meeting_seq)
    assert [i.text for i in talk.notes.shown()] == ["Post the list"]


async def test_what_waits_for_the_model_is_bounded_and_the_newest_stays() -> None:
    talk = Said()
    mind = brain()
    for n in range(backlog.MOST + 10):
        talk.say(f"Tom{n}", f"I will send it to the office number {n}.")
        for _ in range(3):
            talk.say("Ana", "The weather is fine.")
        await run(mind, talk, None)
    assert len(mind.backlog) == backlog.MOST
    asked = answers("nothing")
    await mind.think(talk, asked)
    assert "number 10." in asked.prompts[0].user


@pytest.mark.parametrize(
    "answer",
    [
        Answer("garbage"),
        Answer('{"text": "Send the price li', complete=False),
        Answer(json.dumps({"text": "Book the flight to Lisbon"})),
        Answer(json.dumps({"text": "x" * 5_000_000})),
        Answer('{"items": []}'),
        Answer(""),
    ],
)
async def test_bad_answers_leave_the_speakers_own_words(answer: Answer) -> None:
    talk = Said(*UNCLEAR)
    model = ScriptedModel(lambda _: answer)
    await run(brain(), talk, model)
    assert [i.text for i in talk.notes.shown()] == ["Send it to the supplier"]
    assert len(model.prompts) == 1


async def test_a_model_that_fails_does_not_hold_up_the_notes() -> None:
    def fails(_: Prompt) -> Answer:
        raise Unavailable("gone", source="llm")

    talk = Said(*UNCLEAR)
    mind = brain()
    mind._chain._guard._sleep = _no_sleep  # type: ignore[assignment]
    await run(mind, talk, ScriptedModel(fails))
    assert len(talk.notes.shown()) == 1
    assert mind.llm_failed


async def _no_sleep(_: float) -> None:
    return


async def test_the_judge_decides_where_the_detector_is_in_doubt() -> None:
    for chance, count in ((0.01, 0), (0.99, 1)):
        talk = Said(*LINES)
        model = ScriptedModel(lambda _: Answer(json.dumps({"text": "Send the price list"})), lambda _, c=chance: c)
        mind = brain()
        mind.backlog.add(Candidate("action", 1, tuple(u for u in talk.units()), -0.6, sure=False))
        thought = await mind.think(talk, model)
        if thought is not None:
            put(talk, await mind.concluded(thought, talk, 2.0), 0)
        assert len(talk.notes.shown()) == count


async def test_the_same_thing_said_again_is_evidence_and_no_second_item() -> None:
    talk = Said(*LINES)
    mind = brain()
    await run(mind, talk, answers("Send the price list to the supplier"))
    talk.say("Tom", "So I will send the price list to the supplier.")
    talk.say("Ana", "Good.")
    await run(mind, talk, answers("Send the price list to the supplier"))
    shown = talk.notes.shown()
    assert len(shown) == 1
    assert [e.segment_id for e in shown[0].evidence] == ["t-1", "t-3"]


async def test_a_struck_segment_withdraws_its_item_and_a_restored_one_is_found_again() -> None:
    talk = Said(*LINES)
    mind = brain()
    await run(mind, talk, None)
    talk.put(SegmentCorrected("m", "t-1", "u", 2.0, text=""))
    await run(mind, talk, None)
    item = next(iter(talk.notes.items.values()))
    assert (item.status, item.history[-1].what) == ("withdrawn", "withdrawn")


async def test_another_speaker_for_the_words_is_another_owner() -> None:
    talk = Said(*LINES)
    mind = brain()
    await run(mind, talk, None)
    talk.put(SegmentCorrected("m", "t-1", "u", 2.0, speaker="Ana"))
    await run(mind, talk, None)
    item = talk.notes.shown()[0]
    assert item.owner == "Ana"
    assert item.history[-1].reason == "the cited words were corrected"


async def test_only_items_that_cite_the_corrected_words_change() -> None:
    talk = Said(*LINES, ("Ana", "I will book the room for Monday."), ("Tom", "Fine."))
    mind = brain()
    await run(mind, talk, None)
    before = {i.id: i for i in talk.notes.shown()}
    talk.put(SegmentCorrected("m", "t-1", "u", 2.0, text="I will send the wish list to the supplier by Monday."))
    await run(mind, talk, None)
    after = {i.id: i for i in talk.notes.shown()}
    changed = [i for i in after.values() if before.get(i.id) != i]
    assert [(i.due_words, i.evidence[0].quote) for i in changed] == [
        ("by Monday", "I will send the wish list to the supplier by Monday.")
    ]


@pytest.mark.parametrize(
    ("again", "text"),
    [
        ("So I will send the price list to the supplier.", "Send the price list to the supplier"),
        ("So I will send the list to the supplier.", "Send the list to the supplier"),
    ],
)
async def test_an_item_whose_first_words_are_gone_says_what_is_left(again: str, text: str) -> None:
    talk = Said(*LINES)
    mind = brain()
    await run(mind, talk, None)
    talk.say("Tom", again)
    talk.say("Ana", "Good.")
    await run(mind, talk, None)
    assert len(talk.notes.shown()) == 1
    talk.put(SegmentCorrected("m", "t-1", "u", 2.0, text="The weather in Porto is lovely in May."))
    await run(mind, talk, None)
    left = next(i for i in talk.notes.shown() if i.status != "withdrawn")
    assert [e.segment_id for e in left.evidence] == ["t-3"]
    assert (left.text, left.owner, left.due, left.due_words) == (text, "Tom", None, None)


def test_rejudging_leaves_what_people_wrote_alone() -> None:
    talk = Said(*LINES)
    assert rejudge.changes(frozenset({"t-1"}), [], talk, 1.0) == []


def test_items_of_two_owners_are_never_merged() -> None:
    talk = Said(*LINES)
    assert merge.twin.__doc__
    said = [talk.heard["t-0"].segment.text, talk.heard["t-1"].segment.text]
    assert accepted('{"text": "Send the price list"}', True, said) == "Send the price list"
    assert accepted('{"text": "Tom will send the price list"}', True, said) == "Send the price list"
    assert accepted('{"text": "The supplier waits"}', True, [said[0], "We book a room on Monday."]) is None
