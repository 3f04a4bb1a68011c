"""One person, two tracks: the call comes out of a loudspeaker into the microphone, and is written once."""

import asyncio
import json
import os
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from contracts.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Flag, Frame
from contracts.bus import Bus
from contracts.records import decode
from contracts.settings import BusSettings, models_dir
from contracts.transcript import SegmentFinal
from stream_workers.speech import build, missing
from stream_workers.worker import serve
from tests.fakes.ledger import records_of
from tests.fakes.track import FakeTrack
from tests.integration.workers import worker_settings
from tests.unit.stream_workers.test_echo import Sound, pcm, recorded, through

DATA = Path(__file__).resolve().parents[1] / "data"
MODEL = "base"
SECONDS = 23.4
CALLER, NEAR = "B", "A"


def spoken(who: str) -> tuple[Sound, set[str]]:
    """What one of the two says in the first six turns, silence else; and its words."""
    sound, alone = recorded("call", SECONDS), np.zeros(int(SECONDS * SAMPLE_RATE_HZ))
    said: set[str] = set()
    for turn in json.loads((DATA / "call.json").read_text())["turns"]:
        if turn["speaker"] == who and turn["end"] <= SECONDS:
            first, last = (int(turn[at] * SAMPLE_RATE_HZ) for at in ("start", "end"))
            alone[first:last] = sound[first:last]
            said |= words(turn["text"])
    return alone, said


def words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z']+", text.lower()) if len(word) > 3}


async def play(tracks: dict[FakeTrack, Sound]) -> None:
    """Both tracks side by side, frame by frame."""
    sounds = {track: pcm(sound) for track, sound in tracks.items()}
    count = min(map(len, sounds.values())) // FRAME_SAMPLES
    for seq in range(count):
        at = seq * FRAME_SAMPLES
        for track, sound in sounds.items():
            await track.send(Frame(1, seq, at, sound[at : at + FRAME_SAMPLES].astype("<i2").tobytes()))
    for track in tracks:
        await track.send(Frame(1, count, count * FRAME_SAMPLES, b"", Flag.LAST))


async def written(bus: Bus, track: FakeTrack) -> str:
    stored = [decode(m.data) for m in await records_of(bus, track.work.meeting, track.work.track)]
    return " ".join(r.segment.text for r in stored if isinstance(r, SegmentFinal))


@pytest.mark.timeout(240)
async def test_words_of_the_call_are_written_on_the_call_only(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    models = models_dir(os.environ)
    if missing(models, MODEL):
        pytest.skip(f"the model whisper-{MODEL} is not in {models}")
    far, far_words = spoken(CALLER)
    near, near_words = spoken(NEAR)
    tab, mic = FakeTrack(bus, track="tab"), FakeTrack(bus, track="mic")
    mic.work = msgspec.structs.replace(mic.work, speaker="Grace", call="tab", language="en")
    tab.work = msgspec.structs.replace(tab.work, speaker="Tom", language="en")
    heard = near + through(far, 0.12, 0.4, -10.0) + np.random.default_rng(0).normal(size=len(near)) * 3e-4
    config = msgspec.structs.replace(worker_settings(tmp_path), models=models, model=MODEL, trim_s=60.0)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(stop, config, msgspec.structs.replace(bus_settings, name="worker"), build))
        await tab.open()
        await mic.open()
        await play({tab: far, mic: heard})
        await tab.closed()
        await mic.closed()
        stop.set()
    on_call, at_mic = words(await written(bus, tab)), words(await written(bus, mic))
    only_far, only_near = far_words - near_words, near_words - far_words
    assert len(on_call & only_far) >= 0.8 * len(only_far), on_call
    assert len(at_mic & only_near) >= 0.8 * len(only_near), at_mic
    assert not at_mic & only_far, at_mic & only_far
    assert not on_call & only_near, on_call & only_near
