"""What takes hours in truth, in virtual time: first words after silence, a track of four hours, overload.

``bench_asr --part first`` and ``--part long`` print them. For overload and the four hours the pipeline is the
product's, voices and words are scripted.
"""

import json
import resource
from pathlib import Path
from typing import Any

import numpy as np

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from stream_workers.commit import plain
from stream_workers.models import Transcriber
from stream_workers.pipeline import Pipeline
from stream_workers.ports import Advanced, Final
from stream_workers.scheduler import Pace
from stream_workers.silero import Vad
from stream_workers.speech_settings import SpeechSettings
from stream_workers.timeline import Pcm
from tests.eval.simulate import Modelled, Stream, simulate
from tests.fakes.speech import LOUD, SYLLABLE, LevelTranscriber, LoudVad, spoken

_MINUTE = 60 * SAMPLE_RATE_HZ
_HEARD_S = 4.0
_FRAME = 320
_ENOUGH = 4
_NEVER = 1 << 60
_MARGIN = SAMPLE_RATE_HZ // 20
_MEGABYTE = 1024.0
_STATM = Path("/proc/self/statm")
"""Made once: a path interns its parts, which would show as growth."""
_PHRASE, _BREATH = 16, 15
"""Syllables of 0.2 s in a breath, and hundredths of a second between two of them."""


def track(vad: Vad, pace: Pace | None = None, samples: int = 0, state: bytes = b"") -> Pipeline:
    """A pipeline in English with the default settings, from a checkpoint on."""
    own = pace or Pace()
    work = TrackWork("bench", "t", 0.0, language="en")
    return Pipeline(
        work,
        samples,
        state,
        vad=vad,
        settings=SpeechSettings(),
        pace=lambda: own.interval_s,
        pressed=own.presses,
    )


def first_words(said: list[tuple[Pcm, str]], vad: Vad, model: Transcriber) -> dict[str, Any]:
    """In how many trials the first window after a minute of silence begins before the first sound and the first word
    has a word that stands for it; the others are listed."""
    rng = np.random.default_rng(11)
    quiets = [np.zeros(_MINUTE, np.int16), rng.normal(0, 12, _MINUTE).astype(np.int16)]
    lost: list[str] = []
    for quiet in quiets:
        pipeline = track(vad)
        # Every trial goes on from the same checkpoint: the minute is heard once.
        advanced = [o for o in pipeline.push(quiet) if isinstance(o, Advanced)][-1]
        for pcm, text in said:
            sound = np.concatenate([quiet[advanced.samples :], pcm[: int(_HEARD_S * SAMPLE_RATE_HZ)]])
            begins, heard = _first_words(sound, track(vad, None, advanced.samples, advanced.state), model)
            late = begins > len(quiet) + _onset(pcm) - _MARGIN
            if late or not _begins_alike(text.split(), heard.split()):
                lost.append(f"{' '.join(text.split()[:4])} / {heard[:40]}")
    trials = len(quiets) * len(said)
    return {"trials": trials, "first_word": round(1 - len(lost) / trials, 4), "lost": lost}


def _first_words(sound: Pcm, pipeline: Pipeline, model: Transcriber) -> tuple[int, str]:
    """Where the first window begins, and the first finals of ``sound``."""
    pipeline.push(sound)
    pipeline.finish()
    begins, heard = _NEVER, ""
    while len(heard.split()) < _ENOUGH and (job := pipeline.next_final(0.0)) is not None:
        begins = min(begins, job.start)
        outputs = pipeline.complete(job, model.decode([job])[0])
        heard += " ".join(o.segment.text for o in outputs if isinstance(o, Final)) + " "
    return begins, heard.strip()


def _begins_alike(said: list[str], heard: list[str]) -> bool:
    """Whether ``heard`` has a word, be it another one, where ``said`` begins."""
    first, words = [plain(w) for w in said[:_ENOUGH]], [plain(w) for w in heard[: _ENOUGH + 1]]

    def edits(reference: list[str]) -> int:
        row = list(range(len(words) + 1))
        for i, ref in enumerate(reference, 1):
            diagonal, row[0] = row[0], i
            for j, word in enumerate(words, 1):
                diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (ref != word))
        return min(row)

    return bool(words) and edits(first) <= edits(first[1:])


def _onset(pcm: Pcm) -> int:
    """The first of three times 20 ms that are a fifth as loud as the loudest: no click, no noise of the room."""
    frames = pcm[: len(pcm) // _FRAME * _FRAME].astype(np.float64).reshape(-1, _FRAME)
    loudness = np.sqrt(np.mean(np.square(frames), axis=1))
    loud = loudness >= loudness.max() / 5
    return int(np.argmax(loud[:-2] & loud[1:-1] & loud[2:])) * _FRAME


def four_hours(hours: float = 4.0) -> dict[str, Any]:
    """Growth of the process while one pipeline works through ``hours`` of speech with pauses, scripted voices."""
    plan = [(24, 60), (9, 40), (14, 250), (3, 80)]
    sound = spoken(plan)
    pipeline, model = track(LoudVad()), LevelTranscriber()
    rounds = int(hours * 3600 * SAMPLE_RATE_HZ / len(sound))
    marks, words = [], 0
    for turn in range(rounds):
        for start in range(0, len(sound), 960 * 8):
            pipeline.push(sound[start : start + 960 * 8])
            while (job := pipeline.next_final(0.0)) is not None:
                outputs = pipeline.complete(job, model.decode([job])[0])
                words += sum(len(o.segment.words) for o in outputs if isinstance(o, Final))
        model.batches.clear()
        if turn >= rounds // 8:
            marks.append((turn * len(sound) / SAMPLE_RATE_HZ / 3600, _resident_mb()))
    at, size = np.array(marks).T
    slope = float(np.polyfit(at, size, 1)[0])
    return {"hours": hours, "words": words, "mb_per_hour": round(slope, 3), "mb": round(marks[-1][1], 1)}


def _resident_mb() -> float:
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE
    return pages * resource.getpagesize() / _MEGABYTE**2


def overload(streams: int, seconds: float = 60.0, hands: int = 2) -> dict[str, Any]:
    """``streams`` speakers who only stop to breathe, then a pause: previews, lag and words."""
    phrases = [(_PHRASE, _BREATH)] * int(seconds * 100 / (20 * _PHRASE + _BREATH))
    sound = np.concatenate([spoken(phrases), np.zeros(20 * SAMPLE_RATE_HZ, np.int16)])
    pace, model = Pace(), Modelled(LevelTranscriber())
    played = [Stream(sound, track(LoudVad(), pace), 0.4 * i) for i in range(streams)]
    run = simulate(played, model, model.charge, pace, hands)
    said = _PHRASE * len(phrases)
    kept = [len({w for f in s.finals for w in f.split()}) / said for s in played]
    shown, final = (sorted(lag for s in played for lag in _lags(s, kind)) for kind in ("interim", "final"))
    previews = run.windows.get("interim", 0) / streams / seconds
    return {
        "streams": streams,
        "words_final": round(min(kept), 3),
        "previews_per_second": round(previews, 2),
        "shown_p95": round(shown[int(0.95 * len(shown))], 2),
        "final_p50": round(final[len(final) // 2], 2),
        "final_p95": round(final[int(0.95 * len(final))], 2),
        "skipped": run.skipped,
        "cost": round(run.cost, 2),
        **run.windows,
    }


def _lags(stream: Stream, kind: str) -> list[float]:
    """Seconds from the end of each scripted word to the first time that it stood in the text."""
    seen: dict[int, float] = {}
    for event in stream.events:
        text = f"{event['final']} {event['interim'] if kind == 'interim' else ''}"
        for word in text.split():
            seen.setdefault(int(word[1:]) - LOUD, float(str(event["t"])))
    spoken_s = {word: (word * SYLLABLE + (word - 1) // _PHRASE * _BREATH * 160) / SAMPLE_RATE_HZ for word in seen}
    return [at - spoken_s[word] for word, at in seen.items()]


def report(hours: float = 4.0) -> None:
    """Print one JSON line for each measurement."""
    for streams in (1, 6, 18):
        print(json.dumps(overload(streams)), flush=True)
    print(json.dumps(four_hours(hours)), flush=True)
