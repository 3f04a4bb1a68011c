"""Transcripts as they are read for a replay."""

import json
from pathlib import Path

import pytest

from contracts.errors import BadInput
from deploy.replay import read


def write(folder: Path, **fields: object) -> Path:
    path = folder / "m.json"
    path.write_text(json.dumps({"id": "m", "turns": [], **fields}))
    return path


def turn(start: float, speaker: str = "A") -> dict[str, object]:
    return {"speaker": speaker, "start": start, "end": start + 1, "text": "x"}


def test_turns_come_in_time_order_and_no_two_start_together(tmp_path: Path) -> None:
    script = read(write(tmp_path, turns=[turn(2.0), turn(1.0), turn(1.0)]))
    assert [t.start for t in script.turns] == [1.0, 1.001, 2.0]


def test_a_speaker_is_called_by_name_else_by_role_else_by_label(tmp_path: Path) -> None:
    script = read(write(tmp_path, speakers={"A": {"name": "Ann", "role": "PM"}, "B": {"role": "PM"}, "C": {}}))
    assert script.participants == ("Ann", "PM", "C")


def test_a_file_that_is_no_transcript_is_one_clear_fault(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{}")
    with pytest.raises(BadInput, match="is no transcript"):
        read(tmp_path / "x")
