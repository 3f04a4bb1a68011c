"""Meetings with human notes, as units: for training the detector and for measuring the notes."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.transcript import Transcript
from analyzer.units import Unit
from contracts.embedder import Embedder
from contracts.transcript import Segment, SegmentFinal

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "eval" / "meetings"
OWN = Path(__file__).with_name("meetings")
KIND_KEYS = {"action": "actions", "decision": "decisions", "question": "questions", "risk": "risks"}
Meeting = dict[str, Any]


def shared_folder() -> Path:
    """The folder of the public meetings: beside the repository, or beside the main checkout of it."""
    for parent in Path(__file__).resolve().parents:
        found = parent / "shared" / "eval" / "meetings"
        if found.is_dir():
            return found
    return SHARED


def public() -> list[Meeting]:
    """The 30 meetings on which figures are reported; [] where they are not present."""
    return [json.loads(f.read_text("utf-8")) for f in sorted(shared_folder().glob("*.json"))]


def more() -> list[Meeting]:
    """The 91 other AMI meetings, used for training only."""
    file = shared_folder() / "more_ami.jsonl.gz"
    if not file.is_file():
        return []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def own() -> list[Meeting]:
    """Our own meetings of other kinds (CC0), held out from training."""
    return [json.loads(f.read_text("utf-8")) for f in sorted(OWN.glob("*.json"))]


def called(meeting: Meeting, label: str) -> str:
    """What a replay calls the speaker: name, else role, else label."""
    about = meeting["speakers"].get(label) or {}
    return str(about.get("name") or about.get("role") or label)


def segments(meeting: Meeting) -> list[Segment]:
    """The turns as final segments, whose ids are ``t-<turn number>``."""
    return [
        Segment(f"t-{n}", "t", t["start"], t["end"], t["text"], speaker=t["speaker"], final=True)
        for n, t in enumerate(meeting["turns"])
    ]


def units(meeting: Meeting) -> list[Unit]:
    """All sentences in the order of the turns, as the analyzer joins them."""
    transcript = Transcript("m")
    for seq, segment in enumerate(segments(meeting), 1):
        transcript.apply(seq, SegmentFinal("m", segment))
    return transcript.units()


def labels(meeting: Meeting, found: list[Unit]) -> NDArray[np.float32]:
    """1 where a unit overlaps a turn that is evidence of an item of the kind (columns: order of KIND_KEYS)."""
    marks = np.zeros((len(found), len(KIND_KEYS)), np.float32)
    for column, key in enumerate(KIND_KEYS.values()):
        cited = [e for item in meeting.get(key, []) for e in item.get("evidence", [])]
        for row, unit in enumerate(found):
            if any(_covers(e, unit) for e in cited):
                marks[row, column] = 1.0
    return marks


def _covers(evidence: dict[str, Any], unit: Unit) -> bool:
    if evidence["speaker"] != unit.speaker:
        return False
    overlap = min(evidence["end"], unit.end) - max(evidence["start"], unit.start)
    return bool(overlap > 0.5 * min(unit.end - unit.start, evidence["end"] - evidence["start"]))


def vectors(meeting: Meeting, found: list[Unit], embedder: Embedder, cache: Path) -> NDArray[np.float32]:
    """The units' vectors, from the cache folder where they are there."""
    said = hashlib.blake2s("\n".join(u.text for u in found).encode(), digest_size=6).hexdigest()
    file = cache / f"{meeting['id']}-{said}.npz"
    if file.is_file():
        with np.load(file) as stored:
            known: NDArray[np.float32] = stored["v"].astype(np.float32)
        if len(known) == len(found):
            return known
    made = embedder.embed([u.text for u in found])
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(file, v=made.astype(np.float16))
    return made


def clips() -> list[Meeting]:
    """The three short meetings of the test data, where they are present."""
    folders = (shared_folder().parents[1] / "testdata", Path(__file__).resolve().parents[1] / "data")
    found: dict[str, Meeting] = {}
    for folder in folders:
        for name in ("standup", "planning", "call"):
            file = folder / f"{name}.json"
            if name not in found and file.is_file():
                found[name] = json.loads(file.read_text("utf-8"))
    return list(found.values())
