"""Many streams of real sound with words that are told from the reference: what the order of work is worth, in seconds.

``python -m tests.eval.bench_told --data FOLDER --share 0.6`` plays one recording as several tracks in virtual time,
through the product's own pipeline and scheduler. The model hears every word right and costs what ``simulate`` says,
divided by the share of the machine that the rest of the system leaves to it. Nothing is decoded, so a run takes a
second.
"""

import argparse
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import soundfile

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from contracts.settings import models_dir
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis
from stream_workers.pipeline import Pipeline
from stream_workers.scheduler import Pace
from stream_workers.silero import Silero
from stream_workers.speech_settings import SpeechSettings
from stream_workers.timeline import Pcm
from tests.eval.bench_asr import module_at
from tests.eval.simulate import Modelled, Stream, simulate

_WORD_S = 0.35
_APART_S = 0.7
HANDS = 2


class Told:
    """Hears the words of the reference that end in a window."""

    def __init__(self, timed: Sequence[tuple[str, float]]) -> None:
        starts = [0.0, *(end for _, end in timed)]
        self._words = [(w, max(a, end - _WORD_S), end) for (w, end), a in zip(timed, starts, strict=False)]

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        """See ``Transcriber``."""
        return [Hypothesis(self._heard(job), "en", logprob=-0.1) for job in jobs]

    def _heard(self, job: DecodeJob) -> tuple[HeardWord, ...]:
        at, end = job.start / SAMPLE_RATE_HZ, job.start / SAMPLE_RATE_HZ + job.seconds
        inside = [(w, s, e) for w, s, e in self._words if e <= end and (s + e) / 2 >= at]
        return tuple(HeardWord(f" {w}", max(0.0, s - at), e - at, 0.95) for w, s, e in inside)


class Shared(Modelled):
    """A model that has only a share of the machine."""

    def __init__(self, inner: Told, share: float) -> None:
        super().__init__(inner)
        self._share = share

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        """See ``Transcriber``."""
        answers = super().decode(jobs)
        self._took_s /= self._share
        return answers


def run(data: Path, entry: str, streams: int, seconds: float, share: float) -> dict[str, Any]:
    """The mean and the worst lateness of ``streams`` tracks with the first ``seconds`` of a recording."""
    scoring = module_at(data / "score.py")
    row = next(r for r in map(json.loads, (data / "audio.jsonl").read_text().splitlines()) if r["id"] == entry)
    pcm = soundfile.read(data / row["audio"], dtype="int16")[0][: int(seconds * SAMPLE_RATE_HZ)]
    timed = [w for w in scoring.timed_words(row) if w[1] <= seconds]
    detector = Silero(models_dir(os.environ) / "silero-vad" / "silero_vad_16k_op15.onnx")
    known = cache(lambda sound, state: detector(_samples(sound), state))
    pace, settings = Pace(), SpeechSettings()

    def stream(number: int) -> Stream:
        pipeline = Pipeline(
            TrackWork("bench", f"t{number}", 0.0, language="en"),
            0,
            b"",
            vad=lambda chunk, state: known(chunk.tobytes(), state),
            settings=settings,
            pace=lambda: pace.interval_s,
            pressed=pace.presses,
        )
        return Stream(pcm, pipeline, _APART_S * number)

    played = [stream(n) for n in range(streams)]
    model = Shared(Told(timed), share)
    done = simulate(played, model, model.charge, pace, HANDS)
    scores = [scoring.score(s.events, timed) for s in played]
    late = {k: round(mean(s[k] for s in scores), 2) for k in ("shown_p50", "shown_p95", "final_p50", "final_p95")}
    worst = max(s["shown_p95"] for s in scores)
    return {"streams": streams, "share": share, **late, "worst_p95": worst, "cost": round(done.cost, 2), **done.windows}


def _samples(sound: bytes) -> Pcm:
    return np.frombuffer(sound, np.int16)


def main() -> None:
    """Print one JSON line for each share."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--data", type=Path, default=Path("../shared/eval"))
    cli.add_argument("--streams", type=int, default=6)
    cli.add_argument("--seconds", type=float, default=60.0)
    cli.add_argument("--share", type=float, nargs="*", default=[0.5, 0.6, 0.7])
    cli.add_argument("id", nargs="?", default="moby_dick")
    args = cli.parse_args()
    for share in args.share:
        print(json.dumps(run(args.data, args.id, args.streams, args.seconds, share)), flush=True)


if __name__ == "__main__":
    main()
