"""The call beside a microphone is read from the real bus, at the time at which the microphone heard it."""

from pathlib import Path

import numpy as np
import soundfile

from contracts import subjects
from contracts.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Gap, encode_frame, gap_frame
from contracts.bus import Bus
from contracts.live import TrackWork
from stream_workers.echo import Path as Way
from stream_workers.echoless import EchoJob
from stream_workers.overhear import OverhearingEngine
from stream_workers.timeline import Pcm
from tests.fakes.transcriber import ScriptedEngine

DATA = Path(__file__).resolve().parents[1] / "data"
WORK = TrackWork("m", "mic", 3.0, "Ana", call="tab", call_offset_s=2.0)


async def stored(bus: Bus, pcm: Pcm, from_s: float) -> None:
    """A call that was silent (paused) before ``from_s``, frame by frame as a gateway stores it."""
    start = round(from_s * SAMPLE_RATE_HZ)
    frames = [gap_frame(1, 0, 0, Gap(start, "paused"))]
    for n in range(len(pcm) // FRAME_SAMPLES):
        part = pcm[n * FRAME_SAMPLES : (n + 1) * FRAME_SAMPLES]
        frames.append(Frame(1, n + 1, start + n * FRAME_SAMPLES, part.tobytes()))
    for frame in frames:
        await bus.append(subjects.audio("m", "tab"), encode_frame(frame), msg_id=f"tab:{frame.seq}")


def job(pcm: Pcm, start_s: float) -> EchoJob:
    start = round(start_s * SAMPLE_RATE_HZ)
    words = tuple((start + at, start + at + 4800) for at in range(0, len(pcm) - 4800, 4800))
    return EchoJob(WORK, Way(), start, pcm, words)


async def test_what_the_call_said_a_moment_before_is_echo_and_other_words_are_not(bus: Bus) -> None:
    said = soundfile.read(DATA / "call.flac", dtype="int16")[0][: 8 * SAMPLE_RATE_HZ]
    other = soundfile.read(DATA / "standup.flac", dtype="int16")[0][: 4 * SAMPLE_RATE_HZ]
    await stored(bus, said, 5.0)
    engine = OverhearingEngine(ScriptedEngine(), bus)
    # Second 5 of the call is second 7 of the meeting and second 4 of the microphone.
    heard = (said[SAMPLE_RATE_HZ : 5 * SAMPLE_RATE_HZ] * 0.3).astype(np.int16)
    echo = await engine.submit(job(heard, 5.1))
    assert np.mean(echo.echoes) > 0.9
    own = await engine.submit(job(other, 5.0))
    assert not any(own.echoes)
    paused = await engine.submit(job(heard, 0.5))
    assert not any(paused.echoes)


async def test_a_call_that_is_not_there_holds_nothing_up_and_explains_nothing(bus: Bus) -> None:
    engine = OverhearingEngine(ScriptedEngine(), bus)
    answer = await engine.submit(job(np.ones(SAMPLE_RATE_HZ, np.int16), 1.0))
    assert not any(answer.echoes)
