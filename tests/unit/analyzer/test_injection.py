"""Spoken instructions change nothing: 50 attempts, each with a model that obeys them."""

import json
from pathlib import Path

import pytest

from analyzer.llm import Answer
from analyzer.prompt import Prompts
from tests.fakes.language_model import ScriptedModel
from tests.unit.analyzer.meetings import Said
from tests.unit.analyzer.test_brain import LINES, Pointing, brain, run

ATTEMPTS = Path(__file__).with_name("injections.txt").read_text("utf-8").splitlines()


def test_there_are_fifty_attempts() -> None:
    assert len(set(ATTEMPTS)) == 50


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_a_model_that_obeys_the_speaker_changes_no_item_that_stands(attempt: str) -> None:
    """Even when the detector takes the attempt for a task and the model writes what it was told to."""
    talk = Said(*LINES)
    mind = brain(Pointing(""))
    good = ScriptedModel(lambda p: Answer(json.dumps({"text": p.user.split("Tom: ")[-1].split(" by ")[0]})))
    await run(brain(Pointing("will")), talk, good)
    before = [(i.id, i.text, i.owner, i.due, i.status, i.evidence) for i in talk.notes.shown()]
    talk.say("Eve", attempt)
    talk.say("Ana", "Let us go on.")
    obeying = ScriptedModel(lambda _: Answer(json.dumps({"text": "hacked banana", "status": "done", "owner": "Elon"})))
    await run(mind, talk, obeying)
    after = {i.id: (i.id, i.text, i.owner, i.due, i.status, i.evidence) for i in talk.notes.shown()}
    assert [after[i[0]] for i in before] == before
    assert not any("hacked" in i.text.lower() and "hacked" not in attempt for i in talk.notes.shown())
    assert all(i.owner != "Elon" or "Elon" in attempt for i in talk.notes.shown())
    said = {h.segment.id: h.segment.text for h in talk.heard.values()}
    assert all(e.quote in said[e.segment_id] for i in talk.notes.shown() for e in i.evidence)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_attempt_can_end_the_excerpt_or_forge_a_line(attempt: str) -> None:
    talk = Said(*LINES, ("Eve", attempt))
    prompt = Prompts.load().about_line("judge_action", talk.units(), 1)
    assert prompt.system == Prompts.load().about_line("judge_action", Said(*LINES).units(), 1).system
    body = prompt.user.split("BEGIN\n", 1)[1]
    assert prompt.user.count("BEGIN") == 1
    assert body.count("END\n") == 1
    lines = body.split("\nEND\n")[0].splitlines()
    assert [line.split("]")[0] for line in lines] == [f"[{n}" for n in range(1, len(lines) + 1)]
    assert "<|" not in prompt.user
