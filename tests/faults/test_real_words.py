"""The real pipeline and a real Whisper in processes that are killed: the words are those of an undisturbed run."""

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from contracts import subjects
from contracts.audio import FRAME_SAMPLES, Flag, Frame
from contracts.bus import Bus
from contracts.records import decode
from contracts.settings import models_dir
from contracts.transcript import SegmentFinal, TrackEpoch
from stream_workers.speech import missing
from tests.fakes.ledger import records_of
from tests.fakes.track import FakeTrack
from tests.faults.conftest import Report, StartWorker
from tests.faults.processes import WorkerProcess
from tests.faults.watch import LogWatch

SOUND = Path(__file__).parents[1] / "data" / "standup.flac"
MODEL = "tiny.en"
SECONDS = 25
PATIENCE_S = 120


async def _play(track: FakeTrack, seconds: int) -> None:
    pcm, _ = soundfile.read(SOUND, frames=seconds * 16000, dtype="int16")
    for seq, at in enumerate(range(0, len(pcm) - FRAME_SAMPLES, FRAME_SAMPLES)):
        await track.send(Frame(1, seq, at, np.asarray(pcm[at : at + FRAME_SAMPLES]).astype("<i2").tobytes()))
    await track.send(Frame(1, seq + 1, at + FRAME_SAMPLES, b"", Flag.LAST))


async def _finals(bus: Bus, track: FakeTrack) -> list[tuple[str, str, float, float]]:
    stored = await records_of(bus, "m1", track.work.track)
    records = [decode(m.data) for m in stored]
    segments = [r.segment for r in records if isinstance(r, SegmentFinal)]
    return [(s.id.removeprefix(s.track), s.text, s.start, s.end) for s in segments]


async def test_killed_workers_write_the_words_of_an_undisturbed_run(
    bus: Bus, start_worker: StartWorker, report: Report, full_size: bool
) -> None:
    models = models_dir(os.environ)
    if missing(models, MODEL):
        pytest.skip(f"the model whisper-{MODEL} is not in {models}")
    kills, seconds = (6, 80) if full_size else (2, SECONDS)
    real = {"module": "stream_workers.worker", "WORKER_MODEL": MODEL, "WORKER_MODELS": str(models)}
    calm, harmed = FakeTrack(bus, track="calm"), FakeTrack(bus, track="harmed")
    async with asyncio.timeout(PATIENCE_S * (3 if full_size else 1)):
        worker = start_worker("a", **real)
        await calm.open()
        await _play(calm, seconds)
        await calm.closed()
        await harmed.open()
        await _play(harmed, seconds)
        await _kill_now_and_then(bus, worker, kills)
        await harmed.closed()
        assert await asyncio.to_thread(worker.stop) == 0
    expected, got = await _finals(bus, calm), await _finals(bus, harmed)
    assert got == expected
    epochs = [decode(m.data) for m in await records_of(bus, "m1", "harmed")]
    assert sum(isinstance(e, TrackEpoch) for e in epochs) > 1
    left = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio("m1", "harmed"), 1, 2**62)
    assert len(left) == 1
    report("F1", real_whisper=MODEL, kills=kills, finals=len(got), equal=True)


async def _kill_now_and_then(bus: Bus, worker: WorkerProcess, kills: int) -> None:
    watch = LogWatch(bus, track="harmed")
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(watch.follow())
        for _ in range(kills):
            await watch.more_finals(1)
            worker.kill()
            worker.start()
        following.cancel()
