"""The meetings and questions of the search evaluation, and how an answer is judged."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from gateway.index.port import Card, Line, Passage

SECONDS_PER_WORD = 0.4


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a person and the turns that answer it."""

    meeting: str
    text: str
    spans: tuple[tuple[int, int], ...]

    def answered_by(self, passage: Passage) -> bool:
        """Whether the passage overlaps a turn that answers."""
        turns = {int(line.segment) for line in passage.lines}
        return passage.meeting == self.meeting and any(a <= t <= b for t in turns for a, b in self.spans)


def folder() -> Path | None:
    """Where the data lies: SEARCH_EVAL_DATA, or beside the repository; None when there is none."""
    here = Path(os.environ.get("SEARCH_EVAL_DATA") or Path(__file__).resolve().parents[3] / "shared/eval/search")
    return here if (here / "queries.jsonl").exists() else None


def questions(data: Path) -> list[Question]:
    """The specific questions."""
    rows = [json.loads(line) for line in (data / "queries.jsonl").read_text().splitlines()]
    return [
        Question(r["meeting"], r["query"], tuple((a, b) for a, b in r["spans"]))
        for r in rows
        if r["kind"] == "specific"
    ]


def meetings(data: Path) -> list[tuple[Card, list[Line]]]:
    """Every meeting as a card and its lines; the data has no times, so words get an even pace."""
    found = []
    for number, path in enumerate(sorted(data.glob("*.json"))):
        raw = json.loads(path.read_text())
        speakers = tuple(sorted({turn["speaker"] for turn in raw["turns"]}))
        found.append((Card(raw["id"], raw["id"], 1_700_000_000.0 + number * 86_400, speakers), _lines(raw["turns"])))
    return found


def _lines(turns: list[dict[str, str]]) -> list[Line]:
    now, lines = 0.0, []
    for turn in turns:
        text = _plain(turn["text"])
        end = now + max(1, len(text.split())) * SECONDS_PER_WORD
        lines.append(Line(str(turn["i"]), round(now, 3), round(end, 3), text, turn["speaker"]))
        now = end
    return lines


def _plain(text: str) -> str:
    """The text without the spaces that the corpus puts before punctuation."""
    text = re.sub(r"\s+([.,?!;:'’])", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()
