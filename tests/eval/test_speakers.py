"""The real voice models on short recordings: who spoke, without being told how many."""

import os
from pathlib import Path

import pytest
import soundfile

from contracts.settings import models_dir
from stream_workers.voices import Voices, missing

pytest.importorskip("pyannote.metrics", reason="pyannote.metrics is not installed")

from tests.eval.eval_speakers import diarize, reference, score

DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(scope="module")
def voices() -> Voices:
    models = models_dir(os.environ)
    if missing(models):
        pytest.skip("the speaker models are not on this machine (rapporteur models pull)")
    return Voices(models)


@pytest.mark.parametrize("name", ["call", "standup"])
def test_people_are_counted_and_told_apart(voices: Voices, name: str) -> None:
    pcm, rate = soundfile.read(DATA / f"{name}.flac", dtype="int16")
    found = score(reference(DATA / f"{name}.rttm"), diarize(pcm, voices).turns, len(pcm) / rate)
    assert found["people"] == found["truth"]
    assert found["confusion"] <= 0.05
    assert found["missed"] + found["false"] <= 0.1
