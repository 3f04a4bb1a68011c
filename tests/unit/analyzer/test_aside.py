"""The model works beside the passes: one question at a time, and its answer counts only when it is asked for."""

import asyncio
import json

from analyzer.aside import Aside
from analyzer.llm import Answer, Prompt
from tests.fakes.language_model import ScriptedModel
from tests.unit.analyzer.meetings import Said
from tests.unit.analyzer.test_brain import UNCLEAR, brain, run

SENT = "Send the price list to the supplier"


def answering(text: str = SENT) -> ScriptedModel:
    return ScriptedModel(lambda _: Answer(json.dumps({"text": text})))


async def test_one_question_is_under_way_at_a_time_and_its_answer_becomes_a_step() -> None:
    talk, mind, model = Said(*UNCLEAR), brain(), answering()
    await run(mind, talk, None)
    async with asyncio.TaskGroup() as tasks:
        aside = Aside(mind, talk, tasks)
        assert aside.idle
        aside.go_on(model)
        aside.go_on(model)
        assert await aside.done(2.0) is None  # not answered yet
        await aside.settled(5.0)
        step = await aside.done(2.0)
    assert step is not None
    assert [i.text for i in step.items] == [SENT]
    assert (aside.idle, len(model.prompts)) == (True, 1)


async def test_without_a_model_or_anything_to_ask_nothing_is_started() -> None:
    talk, mind = Said(*UNCLEAR), brain()
    await run(mind, talk, None)
    async with asyncio.TaskGroup() as tasks:
        for aside, model in ((Aside(mind, talk, tasks), None), (Aside(brain(), talk, tasks), answering())):
            aside.go_on(model)
            assert aside.idle


async def test_a_chapter_that_has_ended_comes_before_better_words_and_needs_no_model() -> None:
    talk = Said(*UNCLEAR, *[("Ana", f"We talked about part {n} of the plan for the new shop.") for n in range(120)])
    mind = brain()
    await run(mind, talk, None)
    async with asyncio.TaskGroup() as tasks:
        aside = Aside(mind, talk, tasks)
        aside.go_on(None)
        await aside.settled(5.0)
        step = await aside.done(2.0)
    assert step is not None
    assert step.chapters
    assert len(mind.backlog) == 1


async def test_a_question_that_is_dropped_changes_nothing() -> None:
    talk, mind = Said(*UNCLEAR), brain()
    await run(mind, talk, None)
    asked = asyncio.Event()

    class Slow(ScriptedModel):
        async def write(self, prompt: Prompt, schema: dict[str, object], max_tokens: int) -> Answer:
            asked.set()
            await asyncio.sleep(60)
            return await super().write(prompt, schema, max_tokens)

    async with asyncio.TaskGroup() as tasks:
        aside = Aside(mind, talk, tasks)
        aside.go_on(Slow(lambda _: Answer("")))
        await asked.wait()
        aside.drop()
        assert aside.idle
        assert await aside.done(2.0) is None
