"""Who spoke when, online and without being told how many: ``make eval-speakers``.

The recordings of ``--data`` (an ``audio.jsonl`` with ``rttm`` columns, and folders of FLAC beside RTTM) go through
the diarizer in 60 ms steps. Scored by pyannote.metrics, overlap included. "confusion" is speech given to the wrong
person as a share of reference speech, by the labels as they stand at the end; "first" by the label that each piece
got first, before any revision.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from contracts.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ
from contracts.settings import models_dir
from stream_workers.diarizer import Diarizer, PrintJob, run
from stream_workers.speakers import Known
from stream_workers.voices import Voices, missing

COLLAR_S = 0.25
"""As pyannote.metrics counts it: in total around each border."""

LAG_SAMPLES = SAMPLE_RATE_HZ
"""So far behind the newest sound words become final at the earliest."""


@dataclass
class Heard:
    """What one run over a recording said."""

    turns: list[tuple[float, float, int | None]] = field(default_factory=list)
    first: list[tuple[float, float, int | None]] = field(default_factory=list)
    cost: float = 0.0
    """Processor time as a share of real time."""
    known: tuple[Known, ...] = ()
    """The voiceprint of each label at the end, as a checkpoint keeps it."""


def diarize(pcm: NDArray[np.int16], voices: Voices, ask_s: float | None = None, *, crowded: bool = False) -> Heard:
    """Run the diarizer over ``pcm`` as it would run live; ``ask_s``: finals ask who spoke that often."""
    diarizer, heard = Diarizer(crowded=lambda: crowded), Heard()
    first: dict[tuple[int, int, int], int | None] = {}
    began = time.process_time()
    asked = 0

    def work(upto: int | None = None) -> None:
        while (job := diarizer.next_job(upto)) is not None:
            diarizer.complete(job, run(job, voices), upto)
            if isinstance(job, PrintJob):
                for entry in diarizer.speakers.entries:
                    piece = entry.piece
                    first.setdefault((piece.start, piece.end, piece.stream), entry.label)

    for start in range(0, len(pcm), FRAME_SAMPLES):
        diarizer.push(pcm[start : start + FRAME_SAMPLES])
        due = ask_s is not None and diarizer.position - asked >= ask_s * SAMPLE_RATE_HZ
        asked = diarizer.position if due else asked
        work(max(0, asked - LAG_SAMPLES) if due else None)
    work(diarizer.position)
    heard.cost = (time.process_time() - began) / (len(pcm) / SAMPLE_RATE_HZ)
    heard.turns = [
        (e.piece.start / SAMPLE_RATE_HZ, e.piece.end / SAMPLE_RATE_HZ, e.label) for e in diarizer.speakers.entries
    ]
    heard.known = diarizer.speakers.known()
    heard.first = [(s / SAMPLE_RATE_HZ, e / SAMPLE_RATE_HZ, label) for (s, e, _), label in first.items()]
    return heard


def recordings(data: Path) -> Iterator[tuple[str, Path, Path]]:
    """Name, sound and RTTM of every recording that has all three."""
    index = data / "audio.jsonl"
    for line in index.read_text().splitlines() if index.is_file() else ():
        row = json.loads(line)
        if row.get("rttm"):
            yield row["id"], data / row["audio"], data / row["rttm"]
    for path in sorted([*data.glob("*.flac"), *data.glob("synth/*.flac")]):
        if path.with_suffix(".rttm").is_file():
            yield path.stem, path, path.with_suffix(".rttm")


def reference(path: Path) -> Annotation:
    """The speakers of an RTTM file."""
    found = Annotation()
    for number, line in enumerate(path.read_text().splitlines()):
        parts = line.split()
        if parts and parts[0] == "SPEAKER":
            start = float(parts[3])
            found[Segment(start, start + float(parts[4])), number] = parts[7]
    return found


def score(truth: Annotation, turns: list[tuple[float, float, int | None]], duration_s: float) -> dict[str, float]:
    """Shares of reference speech, and the number of people."""
    said = Annotation()
    for number, (start, end, label) in enumerate(turns):
        if label is not None and end > start:
            said[Segment(start, end), number] = str(label)
    metric = DiarizationErrorRate(collar=COLLAR_S, skip_overlap=False)
    parts = metric(truth, said, uem=Timeline([Segment(0, duration_s)]), detailed=True)
    total = parts["total"] or 1.0
    return {
        "confusion": parts["confusion"] / total,
        "missed": parts["missed detection"] / total,
        "false": parts["false alarm"] / total,
        "der": parts["diarization error rate"],
        "people": len(said.labels()),
        "truth": len(truth.labels()),
    }


def main() -> None:
    """Print one line per recording."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval"))
    parser.add_argument("--only", default="", help="names that contain this")
    parser.add_argument("--ask-s", type=float, help="ask for labels that often, as early finals do")
    parser.add_argument("--crowded", action="store_true", help="as cheaply as in a crowd of tracks")
    given = parser.parse_args()
    models = models_dir(os.environ)
    if lacking := missing(models):
        raise SystemExit(f"skipped: {lacking[0]} is not there (rapporteur models pull)")
    found = [r for r in recordings(given.data) if given.only in r[0]]
    if not found:
        raise SystemExit(f"skipped: no recordings with RTTM in {given.data} (--data names the folder)")
    voices = Voices(models)
    print(f"{'recording':<26}{'confusion':>10}{'first':>8}{'missed':>8}{'false':>8}{'DER':>8}{'people':>8}{'cost':>7}")
    for name, sound, rttm in found:
        pcm, rate = soundfile.read(sound, dtype="int16")
        assert rate == SAMPLE_RATE_HZ, f"{sound} is not 16 kHz"
        heard = diarize(pcm, voices, given.ask_s, crowded=given.crowded)
        truth, duration_s = reference(rttm), len(pcm) / rate
        s, first = score(truth, heard.turns, duration_s), score(truth, heard.first, duration_s)
        shares = (
            f"{s['confusion']:>10.1%}{first['confusion']:>8.1%}{s['missed']:>8.1%}{s['false']:>8.1%}{s['der']:>8.1%}"
        )
        people = f"{s['people']:.0f}/{s['truth']:.0f}"
        print(f"{name:<26}{shares}{people:>8}{heard.cost:>7.3f}", flush=True)


if __name__ == "__main__":
    main()
