"""Chapters, summary, talk times and recap; never from a prompt that does not fit."""

import json

import numpy as np

from analyzer.chapters import LONGEST_S, MAX_LINES, SHORTEST_S, boundary, telling
from analyzer.guard import Guard
from analyzer.llm import Answer, Prompt
from analyzer.prompt import Prompts
from analyzer.recap import MAX_PART_LINES, MAX_SUMMARY_CHARS, Writer, bounded, talk_times
from analyzer.units import Unit
from contracts.notes import NotesCheckpoint, NotesUpdated
from contracts.recap import Chapter, Mood
from tests.fakes.language_model import ScriptedModel
from tests.unit.analyzer.meetings import Said


def units(count: int) -> list[Unit]:
    return [Unit(f"s{n}", 0, "Ana", f"We talk about number {n} now.", 10.0 * n, 10.0 * n + 9) for n in range(count)]


def writer() -> Writer:
    return Writer(Prompts.load(), Guard(5.0))


def test_a_part_ends_where_the_topic_changes() -> None:
    talk = units(60)
    vectors = np.zeros((60, 2), np.float32)
    vectors[:30, 0], vectors[30:, 1] = 1.0, 1.0
    assert boundary(talk, vectors, over=False) == 29


def test_a_part_is_neither_too_short_nor_too_long() -> None:
    talk = units(60)
    row = boundary(talk, np.ones((60, 2), np.float32), over=False)
    assert row is not None
    assert SHORTEST_S <= talk[row].end <= LONGEST_S
    assert boundary(units(20), np.ones((20, 2), np.float32), over=False) is None
    assert boundary(units(20), np.ones((20, 2), np.float32), over=True) == 19


def test_a_long_part_is_told_by_a_bounded_number_of_lines_in_order() -> None:
    talk = units(200)
    vectors = np.random.default_rng(1).standard_normal((200, 8)).astype(np.float32)
    lines = telling(talk, vectors)
    assert len(lines) <= MAX_LINES
    assert [u.start for u in lines] == sorted(u.start for u in lines)
    assert lines[0] == talk[0]


def test_talk_time_turns_and_words_are_counted() -> None:
    talk = Said(("Ana", "One two three."), ("Ana", "Four."), ("Tom", "Five six."), ("Ana", "Seven."))
    assert [(t.speaker, t.seconds, t.turns, t.words) for t in talk_times(talk)] == [
        ("Ana", 12.0, 2, 5),
        ("Tom", 4.0, 1, 2),
    ]


async def test_many_chapters_are_summed_up_in_groups_and_no_prompt_grows() -> None:
    sizes: list[int] = []

    def write(prompt: Prompt) -> Answer:
        sizes.append(prompt.user.count("\n["))
        return Answer(json.dumps({"summary": "They talked about the numbers."}))

    lines = [f"Part {n}: they talked about number {n}." for n in range(100)]
    assert await writer().summary(lines, ScriptedModel(write)) == "They talked about the numbers."
    assert max(sizes) <= MAX_PART_LINES


async def test_without_a_model_the_recap_is_made_of_the_chapters() -> None:
    talk = Said(("Ana", "We talk about the price list."))
    chapters = (Chapter("Price list", 0.0, 4.0, "They talked about the price list."),)
    talk.put(NotesUpdated("m", NotesCheckpoint(3), (), "", chapters))
    recap = await writer().recap(talk, None, 1.0)
    assert recap.summary == "They talked about the price list."
    assert (recap.title, recap.chapters, recap.template) == ("Talk", chapters, "general")


async def test_a_template_adds_its_wish_and_an_unknown_one_falls_back() -> None:
    asked: list[str] = []

    def write(prompt: Prompt) -> Answer:
        asked.append(prompt.user)
        return Answer(json.dumps({"summary": "They stood up and talked."}))

    talk = Said(("Ana", "We talk about the price list."))
    talk.put(NotesUpdated("m", NotesCheckpoint(3), (), "", (Chapter("List", 0.0, 4.0),)))
    recap = await writer().recap(talk, ScriptedModel(write), 1.0, "standup")
    assert "stand-up" in asked[0]
    assert recap.template == "standup"
    assert (await writer().recap(talk, ScriptedModel(write), 1.0, "none such")).template == "general"


def test_a_summary_is_bounded_and_ends_with_a_sentence() -> None:
    text = "This is a sentence. " * 100
    assert len(bounded(text)) <= MAX_SUMMARY_CHARS
    assert bounded(text).endswith(".")


async def test_a_mood_goes_when_the_words_it_rests_on_were_corrected() -> None:
    talk = Said(("Ana", "I love the new price list."), ("Tom", "It is on page four."))
    first = talk.units()[0]
    moods = [Mood(0.5, first.segment_id, quote, 0.0, 4.0) for quote in (first.text, "I hate the new price list.")]
    chapters = tuple(Chapter("Price list", 0.0, 4.0, "", mood) for mood in moods)
    talk.put(NotesUpdated("m", NotesCheckpoint(2), (), "", chapters))
    recap = await writer().recap(talk, None, 0.0)
    assert [c.mood for c in recap.chapters] == [moods[0], None]
