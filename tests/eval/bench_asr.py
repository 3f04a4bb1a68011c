"""Measures the speech engine: ``python -m tests.eval.bench_asr --data FOLDER`` prints the table of docs/benchmarks.md.

The folder holds ``audio.jsonl``, its recordings and ``score.py``. Time is virtual (see ``simulate``): every decode is
charged with what it took. ``--charge cpu`` charges processor time over threads, for machines with other work;
``--charge model`` charges by a formula, for machines so busy that even processor time means nothing.
"""

import argparse
import importlib.util
import json
import os
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import soundfile

from contracts.live import TrackWork
from contracts.settings import cpu_count, models_dir
from stream_workers.models import Transcriber
from stream_workers.pipeline import Pipeline
from stream_workers.scheduler import Pace
from stream_workers.silero import Silero
from stream_workers.speech_settings import SpeechSettings
from stream_workers.timeline import Pcm
from stream_workers.whisper import Whisper
from tests.eval import bench_long
from tests.eval.simulate import Charge, Modelled, Stream, cpu, simulate, wall

STANDARD = ("moby_dick", "phone_sample", "dev00", "trn00", "libri_meeting_4spk", "libri_meeting_4spk_ovl")


class Bench:
    """Data, model and VAD of one run."""

    def __init__(self, data: Path, model: str, threads: int, charge: str) -> None:
        self.data = data
        lines = (data / "audio.jsonl").read_text().splitlines()
        self.manifest: dict[str, dict[str, Any]] = {e["id"]: e for e in map(json.loads, lines)}
        self.score = module_at(data / "score.py")
        models = models_dir(os.environ)
        self.folder = models / f"whisper-{model}"
        self.threads = threads
        self.whisper = Whisper(self.folder, threads=threads)
        self.vad = Silero(models / "silero-vad" / "silero_vad_16k_op15.onnx")
        self.model: Transcriber = self.whisper
        self.charge: Charge = wall if charge == "wall" else cpu(threads)
        if charge == "model":
            modelled = Modelled(self.whisper)
            self.model, self.charge = modelled, modelled.charge

    def sound(self, entry: str) -> Pcm:
        """The recording of ``entry``."""
        pcm: Pcm = soundfile.read(self.data / self.manifest[entry]["audio"], dtype="int16")[0]
        return pcm

    def stream(self, pcm: Pcm, pace: Pace, delay_s: float = 0.0) -> Stream:
        """A new track that will hear ``pcm``."""
        settings = SpeechSettings()
        work = TrackWork("bench", "t", 0.0, language="en")
        pipeline = Pipeline(
            work,
            0,
            b"",
            vad=self.vad,
            settings=settings,
            pace=lambda: pace.interval_s,
            pressed=pace.presses,
        )
        return Stream(pcm, pipeline, delay_s)

    def one(self, entry: str) -> dict[str, Any]:
        """Word error rate, latencies and cost of one stream."""
        pace = Pace()
        stream = self.stream(self.sound(entry), pace)
        run = simulate([stream], self.model, self.charge, pace)
        result: dict[str, Any] = self.score.score(stream.events, self.score.timed_words(self.manifest[entry]))
        broken = stream.broken_words / max(1, stream.stable_words)
        return {"id": entry, **result, "cost": round(run.cost, 3), "stable_broken": round(broken, 4), **run.windows}

    def many(self, entry: str, count: int, seconds: float) -> dict[str, Any]:
        """``count`` streams of the same recording, begun 0.7 s after each other."""
        pace = Pace()
        pcm = self.sound(entry)[: int(seconds * 16_000)]
        streams = [self.stream(pcm, pace, 0.7 * i) for i in range(count)]
        run = simulate(streams, self.model, self.charge, pace)
        timed = [w for w in self.score.timed_words(self.manifest[entry]) if w[1] <= seconds]
        scores = [self.score.score(s.events, timed) for s in streams]
        worst = {k: max(s[k] for s in scores) for k in ("wer", "shown_p50", "shown_p95", "final_p50", "final_p95")}
        alike = len({tuple(s.finals) for s in streams}) == 1
        return {"streams": count, **worst, "alike": alike, "cost": round(run.cost, 3), "skipped": run.skipped}

    def noise(self) -> dict[str, int]:
        """Words heard where nobody speaks; all should be 0."""
        found = {}
        for name, pcm in {**_noises(), **{e: self.sound(e) for e in self.of("noise")}}.items():
            pace = Pace()
            stream = self.stream(pcm, pace)
            simulate([stream], self.model, self.charge, pace)
            found[name] = len(" ".join(stream.finals).split())
        return found

    def offline(self, entry: str) -> dict[str, Any]:
        """The same weights with the whole recording at hand: faster-whisper, beam 5."""
        from faster_whisper import WhisperModel  # here: only this baseline needs it

        model = WhisperModel(str(self.folder), device="cpu", compute_type="int8", cpu_threads=self.threads)
        pcm = self.sound(entry).astype(np.float32) / 32768
        started = time.perf_counter()
        text = " ".join(s.text for s in model.transcribe(pcm, beam_size=5, language="en")[0])
        took_s = time.perf_counter() - started
        reference = [w for w, _ in self.score.timed_words(self.manifest[entry])]
        wer = self.score.wer(reference, self.score.words(text))
        return {"id": entry, "offline_wer": round(wer, 4), "cost": round(took_s / (len(pcm) / 16_000), 3)}

    def of(self, kind: str) -> list[str]:
        """Entries of one set."""
        return [e["id"] for e in self.manifest.values() if e["set"] == kind]


def _noises(seconds: int = 60) -> dict[str, Pcm]:
    rng, t = np.random.default_rng(7), np.arange(seconds * 16_000) / 16_000
    chord = sum(np.sin(2 * np.pi * f * t) * (1 + np.sin(2 * np.pi * 0.5 * t)) for f in (220, 277, 330))
    made = {
        "hum": 0.1 * np.sin(2 * np.pi * 50 * t) + 0.03 * np.sin(2 * np.pi * 150 * t),
        "tones": 0.1 * np.asarray(chord),
        "near_silence": 0.0005 * rng.standard_normal(len(t)),
        "white": 0.05 * rng.standard_normal(len(t)),
    }
    return {name: (32767 * np.clip(x, -1, 1)).astype(np.int16) for name, x in made.items()}


def module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print one JSON line for each measurement."""
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("--data", type=Path, default=Path("../shared/eval"))
    cli.add_argument("--model", default="base")
    cli.add_argument("--threads", type=int, default=cpu_count())
    cli.add_argument("--charge", choices=("wall", "cpu", "model"), default="wall")
    cli.add_argument("--part", choices=("one", "many", "noise", "offline", "first", "long", "all"), default="all")
    cli.add_argument("--streams", type=int, nargs="*", default=[6])
    cli.add_argument("--seconds", type=float, default=60.0)
    cli.add_argument("ids", nargs="*", default=list(STANDARD))
    args = cli.parse_args()
    if not (args.data / "audio.jsonl").exists():
        raise SystemExit(f"no evaluation data in {args.data}: give their folder with --data")
    bench = Bench(args.data, args.model, args.threads, args.charge)
    print(json.dumps({"load": os.getloadavg(), "threads": args.threads, "charge": args.charge}), flush=True)
    for entry in args.ids:
        if args.part in ("offline", "all"):
            print(json.dumps(bench.offline(entry)), flush=True)
        if args.part in ("one", "all"):
            print(json.dumps(bench.one(entry)), flush=True)
    for count in args.streams if args.part in ("many", "all") else ():
        print(json.dumps(bench.many(args.ids[0], count, args.seconds)), flush=True)
    if args.part in ("noise", "all"):
        print(json.dumps(bench.noise()), flush=True)
    if args.part in ("long", "all"):
        bench_long.report()
    if args.part in ("first", "all"):
        said = [(bench.sound(e), bench.manifest[e]["text"]) for e in bench.of("librispeech_other")]
        print(json.dumps(bench_long.first_words(said, bench.vad, bench.whisper)), flush=True)


if __name__ == "__main__":
    main()
