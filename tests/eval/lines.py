"""Our own training lines (CC0): short dialogues of many kinds, with what a careful minute-taker marks."""

import re
from pathlib import Path
from typing import Any

from analyzer.units import split
from contracts.transcript import Segment

WEIGHT = 4.0
FOLDER = Path(__file__).with_name("detector_data")
_KEYS = {"a": "actions", "d": "decisions", "q": "questions", "r": "risks"}
_LINE = re.compile(r"^(?P<speaker>[^:]+): (?P<text>.*?)(?P<tags>(?: =[adqr])*)$")


def dialogues(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The dialogues as meetings with gold items; their ids start with ``own-``."""
    found = []
    for file in sorted(folder.glob("*.txt")):
        text = "\n".join(line for line in file.read_text("utf-8").splitlines() if not line.startswith("#"))
        for number, block in enumerate(b for b in text.split("\n\n") if b.strip()):
            found.append(_dialogue(f"own-{file.stem}-{number}", block.strip().splitlines()))
    return found


def _dialogue(name: str, lines: list[str]) -> dict[str, Any]:
    meeting: dict[str, Any] = {"id": name, "turns": [], **{key: [] for key in _KEYS.values()}}
    clock = 0.0
    for number, line in enumerate(lines):
        match = _LINE.match(line)
        if match is None:
            raise ValueError(f"{name}, line {number + 1}: not a line of a dialogue: {line}")
        text, speaker = match["text"].strip(), match["speaker"]
        end = clock + 0.35 * len(text.split())
        turn = {"speaker": speaker, "start": round(clock, 2), "end": round(end, 2), "text": text}
        meeting["turns"].append(turn)
        told = max(split(Segment("s", "t", clock, end, text), speaker), key=lambda u: len(u.text))
        evidence = {"speaker": speaker, "start": told.start, "end": told.end, "text": told.text}
        for tag in match["tags"].replace("=", "").split():
            meeting[_KEYS[tag]].append({"text": told.text, "evidence": [evidence]})
        clock = end + 0.4
    return meeting
