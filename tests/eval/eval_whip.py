"""What a bad path costs in words: ``python -m tests.eval.eval_whip --data <folder with audio.jsonl>``.

Utterances are encoded as a browser does (Opus, 20 ms, 32 kb/s), go through seeded loss, jitter and reordering into the
jitter buffer and the decoder of the WHIP process, and are transcribed by Whisper offline. Virtual time, no network.
"""

import argparse
import json
import os
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from av import AudioFrame, AudioResampler, CodecContext
from faster_whisper import WhisperModel
from numpy.typing import NDArray

from contracts.audio import Frame
from contracts.settings import models_dir
from gateway.ingest.jitter import JitterBuffer
from gateway.ingest.peer import OpusDecoder
from gateway.ingest.sound import Sound

LOSSES = (0.0, 0.005, 0.02, 0.05)
JITTER_S = 0.1
_TICK_S = 0.01


def opus(pcm: NDArray[np.int16]) -> list[bytes]:
    """``pcm`` (16 kHz) as 20 ms packets."""
    codec = CodecContext.create("libopus", "w")
    codec.bit_rate, codec.sample_rate, codec.layout, codec.format = 32_000, 48_000, "mono", "s16"
    codec.options = {"application": "voip"}
    frame = AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
    frame.sample_rate = 16_000
    resampler = AudioResampler(format="s16", layout="mono", rate=48_000, frame_size=960)
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    return [bytes(p) for part in [*parts, None] for p in codec.encode(part)]


def through(packets: Sequence[bytes], loss: float, jitter_s: float, seed: int) -> list[Frame]:
    """The frames that are stored."""
    rng = random.Random(seed)
    arrivals = sorted((n * 0.02 + rng.uniform(0, jitter_s), n) for n in range(len(packets)) if rng.random() >= loss)
    buffer, sound, frames, now = JitterBuffer(), Sound(1, OpusDecoder()), [], 0.0
    for at, n in arrivals:
        while now + _TICK_S < at:
            now += _TICK_S
            frames += sound.push(buffer.tick(now))
        now = at
        frames += sound.push(buffer.push(n % 2**16, n * 960, packets[n], now))
    return frames + sound.push(buffer.finish()) + sound.finish()


def joined(frames: Sequence[Frame]) -> NDArray[np.float32]:
    """Sound of the frames, silence in gaps."""
    parts = [np.zeros(f.samples, "<i2") if f.gap else np.frombuffer(f.payload, "<i2") for f in frames]
    return np.concatenate(parts).astype(np.float32) / 32768


def errors(truth: Sequence[str], said: Sequence[str]) -> int:
    """Word edits."""
    row = list(range(len(said) + 1))
    for i, word in enumerate(truth, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(said, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def words(text: str) -> list[str]:
    """Lower case, letters and apostrophes."""
    return re.findall(r"[a-z0-9']+", text.lower())


def utterances(data: Path, count: int) -> Iterator[tuple[NDArray[np.int16], list[str]]]:
    """``count`` utterances, spread over the readers."""
    rows = [json.loads(line) for line in (data / "audio.jsonl").read_text().splitlines()]
    rows = [r for r in rows if r["set"] == "librispeech_other"]
    for row in rows[:: max(1, len(rows) // count)][:count]:
        yield soundfile.read(data / row["audio"], dtype="int16")[0], words(row["text"])


def main() -> None:
    """Print the word error rate per loss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--count", type=int, default=50)
    given = parser.parse_args()
    if not (given.data / "audio.jsonl").is_file():
        raise SystemExit(f"skipped: no audio.jsonl in {given.data}")
    model = WhisperModel(str(models_dir(os.environ) / "whisper-base"), compute_type="int8", cpu_threads=1)
    chosen = [(opus(pcm), truth) for pcm, truth in utterances(given.data, given.count)]
    for loss in LOSSES:
        wrong, total, gaps = 0, 0, 0
        for seed, (packets, truth) in enumerate(chosen):
            frames = through(packets, loss, JITTER_S if loss else 0.0, seed)
            found, _ = model.transcribe(joined(frames), language="en", beam_size=1, without_timestamps=True)
            wrong += errors(truth, words(" ".join(s.text for s in found)))
            total, gaps = total + len(truth), gaps + sum(f.gap is not None for f in frames)
        print(f"loss {loss:>5.1%}  WER {wrong / total:>6.2%}  gaps {gaps}", flush=True)


if __name__ == "__main__":
    main()
