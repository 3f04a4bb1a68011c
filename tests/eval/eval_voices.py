"""Voices remembered across meetings: how often one is named, and how often wrongly: ``make eval-voices``.

Recordings are cut in two "meetings" and told apart as live; each label is somebody of the reference. Every voice with
enough speech is remembered, alone (the hardest case: nobody else is there who could be nearer), and looked for in
every other meeting, of the same people and of strangers. A wrong name is worse than none.
"""

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ
from contracts.settings import models_dir
from gateway.voices import matching
from gateway.voices.matching import TO_REMEMBER_S, Voice, likeness, recognised
from stream_workers.voices import Voices, missing
from tests.eval.eval_speakers import diarize, recordings

ASK_S = 0.9
LEAST_PURE = 0.8
"""Labels of which less is one person are not remembered here; they are heard like all others."""


@dataclass(frozen=True)
class Heard:
    """A label of one meeting: its voiceprint, who it mostly is, and how much of it is that person."""

    meeting: str
    voice: Voice
    person: str
    purity: float


def spoken(rttm: Path) -> list[tuple[float, float, str]]:
    """Start, end and person of the reference. Synthetic speakers are the same person wherever their voice is."""
    script = rttm.with_suffix(".json")
    voices = json.loads(script.read_text()).get("voices", {}) if script.is_file() else {}
    rows = [line.split() for line in rttm.read_text().splitlines() if line.startswith("SPEAKER")]
    return [(float(r[3]), float(r[3]) + float(r[4]), voices.get(r[7], f"{rttm.stem}:{r[7]}")) for r in rows]


def meetings(data: Path) -> Iterator[tuple[str, NDArray[np.int16], list[tuple[float, float, str]]]]:
    """Two halves of each recording, and two readings of each reader."""
    for name, sound, rttm in recordings(data):
        pcm, turns = soundfile.read(sound, dtype="int16")[0], spoken(rttm)
        if name.startswith("libri"):
            turns = [(a, b, who.rpartition(":")[2]) for a, b, who in turns]
        half = len(pcm) // 2
        for part, start in (("1", 0), ("2", half)):
            offset_s = start / SAMPLE_RATE_HZ
            cut = [(a - offset_s, b - offset_s, who) for a, b, who in turns]
            yield f"{name}.{part}", pcm[start : start + half], cut
    yield from _readers(data)


def _readers(data: Path) -> Iterator[tuple[str, NDArray[np.int16], list[tuple[float, float, str]]]]:
    rows = [json.loads(line) for line in (data / "audio.jsonl").read_text().splitlines()]
    mine = [row for row in rows if row.get("set") == "librispeech_other"]
    for reader in sorted({row["speaker"] for row in mine}):
        sounds = [soundfile.read(data / row["audio"], dtype="int16")[0] for row in mine if row["speaker"] == reader]
        for part in (0, 1):
            pcm = np.concatenate(sounds[part::2])
            yield f"reader-{reader}.{part + 1}", pcm, [(0.0, len(pcm) / SAMPLE_RATE_HZ, reader)]


def heard_in(name: str, pcm: NDArray[np.int16], truth: list[tuple[float, float, str]], voices: Voices) -> list[Heard]:
    """The labels of one meeting, as a gateway would ask for them."""
    said = diarize(pcm, voices, ASK_S)
    found = []
    for known in said.known:
        shares: dict[str, float] = {}
        for start, end, label in said.turns:
            for a, b, who in truth if label == known.label else ():
                shares[who] = shares.get(who, 0.0) + max(0.0, min(b, end) - max(a, start))
        if not any(shares.values()):
            continue
        person = max(shares, key=lambda who: shares[who])
        voice = Voice(f"{name}/{known.label}", known.mean, known.seconds)
        found.append(Heard(name, voice, person, shares[person] / sum(shares.values())))
    return found


def tried(everybody: list[Heard]) -> dict[str, int]:
    """What remembering each voice alone comes to in every other meeting."""
    count = dict.fromkeys(("there", "named", "strangers", "wrong"), 0)
    for one in everybody:
        if one.voice.seconds < TO_REMEMBER_S or one.purity < LEAST_PURE:
            continue
        for meeting in sorted({h.meeting for h in everybody} - {one.meeting}):
            here = [h for h in everybody if h.meeting == meeting]
            names = recognised([h.voice for h in here], [one.voice])
            enough = [h for h in here if h.voice.seconds >= matching.LEAST_S]
            count["there"] += any(h.person == one.person for h in enough)
            count["strangers"] += sum(h.person != one.person for h in enough)
            count["named"] += any(h.voice.key in names and h.person == one.person for h in here)
            count["wrong"] += sum(h.voice.key in names and h.person != one.person for h in here)
    return count


def main() -> None:
    """Print the figures, and the likeness of the nearest strangers and of the farthest same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/eval"))
    given = parser.parse_args()
    models = models_dir(os.environ)
    if lacking := missing(models):
        raise SystemExit(f"skipped: {lacking[0]} is not there (rapporteur models pull)")
    if not (given.data / "audio.jsonl").is_file():
        raise SystemExit(f"skipped: there is no audio.jsonl in {given.data} (--data names the folder)")
    voices = Voices(models)
    everybody = [h for name, pcm, truth in meetings(given.data) for h in heard_in(name, pcm, truth, voices)]
    sure = [h for h in everybody if h.voice.seconds >= matching.LEAST_S and h.purity >= LEAST_PURE]
    alike = likeness([h.voice for h in sure], [h.voice for h in sure])
    pairs = [(float(alike[i, j]), sure[i], sure[j]) for i in range(len(sure)) for j in range(i)]
    pairs = [pair for pair in pairs if pair[1].meeting != pair[2].meeting]
    for title, same in (("same person, least alike", True), ("strangers, most alike", False)):
        shown = sorted(
            (p for p in pairs if (p[1].person == p[2].person) == same), key=lambda p: p[0] if same else -p[0]
        )
        print(f"{title} of {len(shown)}:")
        for value, one, two in shown[:8]:
            print(
                f"  {value:.3f}  {one.person} {one.voice.key} {one.voice.seconds:.0f} s | {two.person} {two.voice.key}"
            )
    count = tried(everybody)
    print(f"one voice remembered, {len({h.meeting for h in everybody})} meetings, {len(everybody)} labels")
    print(f"named {count['named']} of {count['there']} times that the person was there")
    print(f"wrong names {count['wrong']} of {count['strangers']} labels of others")


if __name__ == "__main__":
    main()
