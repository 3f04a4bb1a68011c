"""Prompts from the Markdown files in ``prompts/``: a constant system text, an excerpt as data, one question.

The excerpt comes before the question, so that the model's cache holds it for the next question about it.
"""

from pathlib import Path
from typing import Self

from analyzer.llm import Prompt
from analyzer.units import Unit
from contracts.errors import Misconfigured

FOLDER = Path(__file__).with_name("prompts")
BEFORE = 5
AFTER = 3
MAX_LINE_CHARS = 240
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
        """Question ``name`` (``judge_action`` …) about unit ``row`` of ``units``."""
        first = max(0, row - BEFORE)
        near = units[first : row + 1 + AFTER]
        question = self._texts[name].replace("{row}", str(row - first + 1))
        return self._prompt([line(u) for u in near], question)

    def about_lines(self, name: str, lines: list[str], extra: str = "") -> Prompt:
        """Question ``name`` about all ``lines``; ``extra`` comes after the question (a template's wish)."""
        question = self._texts[name] + (f"\n{extra}" if extra else "")
        return self._prompt(lines, question)

    def _prompt(self, lines: list[str], question: str) -> Prompt:
        numbered = "\n".join(f"[{n}] {text}" for n, text in enumerate(lines, 1))
        return Prompt(self._texts["system"], f"BEGIN\n{numbered}\nEND\n{question}")


def line(unit: Unit) -> str:
    """A unit as a line of an excerpt: speaker and words on one line, without what could pass for a mark of ours."""
    return plain(f"{unit.speaker or 'Somebody'}: {unit.text}")


def plain(text: str) -> str:
    """``text`` as data: one line of bounded length, no brackets or marks that could end the excerpt."""
    flat = " ".join(text.split()).replace("[", "(").replace("]", ")").replace("<|", "").replace("|>", "")
    flat = flat.replace("BEGIN", "begin").replace("END", "end")
    return flat if len(flat) <= MAX_LINE_CHARS else flat[: MAX_LINE_CHARS - 1] + "…"
