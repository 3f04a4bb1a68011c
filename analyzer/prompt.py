"""Prompts from the Markdown files in ``prompts/``: a constant system text, an excerpt as data, one question.

What is constant comes first, so that the model's cache holds it: of the next question of the kind only the excerpt
is new to it, and that is short.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from analyzer.llm import Prompt
from analyzer.units import Unit
from contracts.errors import Misconfigured

FOLDER = Path(__file__).with_name("prompts")
BEFORE = 5
AFTER = 3
"""Units around a place that its owner is read from."""
NEAR = 4
EXCERPT_CHARS = 360
ASIDE = 2
"""Units before it that the model reads, their length together, and units after it that a judge reads."""
MAX_LINE_CHARS = 240
MAX_EXCERPT_CHARS = 420
# No lengths in the schemas: a grammar that counts characters slows every token down.
TEXT_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
CHAPTER_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "summary": {"type": "string"},
    },
    "required": ["title", "summary"],
    "additionalProperties": False,
}
SUMMARY_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"summary": {"type": "string"}},
    "required": ["summary"],
    "additionalProperties": False,
}


class Prompts:
    """The texts of all questions."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Self:
        """All ``*.md`` files of ``folder``. Raises Misconfigured when there are none."""
        texts = {f.stem: f.read_text("utf-8").strip() for f in sorted(folder.glob("*.md"))}
        if "system" not in texts:
            raise Misconfigured("the prompts are missing", source="prompts")
        return cls(texts)

    def about_line(self, name: str, units: list[Unit], row: int) -> Prompt:
        """Question ``name`` (``judge_action`` …) about unit ``row`` of ``units``; a writer sees nothing after it."""
        first = _first(units, row)
        last = row if name.startswith("write") else row + ASIDE
        question = self._texts[name].replace("{row}", str(row - first + 1))
        return self._prompt([line(u) for u in units[first : last + 1]], question)

    def about_lines(self, name: str, lines: list[str], extra: str = "") -> Prompt:
        """Question ``name`` about all ``lines``; ``extra`` comes last (a template's wish, the question of a person)."""
        return self._prompt(lines, self._texts[name], extra)

    def about_excerpts(self, excerpts: Sequence[str], question: str) -> Prompt:
        """Whether the excerpts hold the answer to a person's ``question``."""
        listed = "\n".join(f"- {plain(text, MAX_EXCERPT_CHARS)}" for text in excerpts)
        asked = self._texts["judge_answer"].replace("{question}", plain(question))
        return Prompt(self._texts["system_answer"], f"BEGIN\n{listed}\nEND\n{asked}")

    def _prompt(self, lines: list[str], question: str, extra: str = "") -> Prompt:
        numbered = "\n".join(f"[{n}] {text}" for n, text in enumerate(lines, 1))
        return Prompt(self._texts["system"], f"{question}\nBEGIN\n{numbered}\nEND\n{extra}")


def _first(units: list[Unit], row: int) -> int:
    """The first unit of an excerpt about ``row``: as many before it as fit into EXCERPT_CHARS."""
    first, room = row, EXCERPT_CHARS
    while first > max(0, row - NEAR) and (room := room - len(units[first - 1].text)) > 0:
        first -= 1
    return first


def line(unit: Unit) -> str:
    """A unit as a line of an excerpt: speaker and words on one line, without what could pass for a mark of ours."""
    return plain(f"{unit.speaker or 'Somebody'}: {unit.text}")


def plain(text: str, most: int = MAX_LINE_CHARS) -> str:
    """``text`` as data: one line of bounded length, no brackets or marks that could end the excerpt."""
    flat = " ".join(text.split()).replace("[", "(").replace("]", ")").replace("<|", "").replace("|>", "")
    flat = flat.replace("BEGIN", "begin").replace("END", "end")
    return flat if len(flat) <= most else flat[: most - 1] + "…"
