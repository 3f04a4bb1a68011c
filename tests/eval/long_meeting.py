"""Does a pass cost more late in a long meeting? ``python -m tests.eval.long_meeting [--minutes 125]``.

The same ten minutes of talk are heard twice: at the beginning of a meeting, and at the end of a long one of other
public AMI meetings joined together. So what differs is the age of the meeting, not what is said. Drives the worker's
code on virtual time and prints processor seconds per pass and the length of the questions for the language model. The
model is not asked: what it would read is counted, and it answers nothing.
"""

import argparse
import asyncio
import os
from statistics import mean, median
from typing import Any

from analyzer.brain import Brain
from analyzer.chain import Chain
from analyzer.detector import Detector
from analyzer.guard import Guard
from analyzer.llm import Answer, Prompt
from analyzer.prompt import Prompts
from analyzer.recap import Writer
from analyzer.vectors import Remembered
from contracts.embedder import AsyncEmbedder
from contracts.settings import models_dir
from tests.eval import corpus
from tests.eval.eval_notes import Run

Turn = dict[str, Any]
LEAD_MIN, HEARD_MIN = 3.0, 13.0
"""The talk that is compared, in minutes of the meeting that it comes from; what is before it leads up to it."""
SHORT_RUNS = 5


class Counting:
    """A language model that says nothing, and remembers how much it was given to read."""

    name = "counting"

    def __init__(self) -> None:
        self.chars: list[int] = []

    async def judge(self, prompt: Prompt) -> float:
        self.chars.append(len(prompt.user))
        return 0.5

    async def write(self, prompt: Prompt, schema: dict[str, object], max_tokens: int) -> Answer:
        self.chars.append(len(prompt.user))
        return Answer("")

    async def close(self) -> None:
        return


class Long(Run):
    """A run that notes at which second which question was asked."""

    def __init__(self, meeting: corpus.Meeting, brain: Brain, model: Counting) -> None:
        super().__init__(meeting, brain, model)
        self.counting = model
        self.asked: list[tuple[float, int]] = []

    async def _passes(self, now: float) -> None:
        before = len(self.counting.chars)
        await super()._passes(now)
        self.asked += [(now, chars) for chars in self.counting.chars[before:]]


def _moved(turns: list[Turn], by_s: float) -> list[Turn]:
    return [{**t, "start": t["start"] + by_s, "end": t["end"] + by_s} for t in turns]


def _meeting(turns: list[Turn]) -> corpus.Meeting:
    speakers = {t["speaker"]: {"name": f"Person {t['speaker']}"} for t in turns}
    return {"id": "long", "speakers": speakers, "turns": turns}


def talks(minutes: float) -> tuple[corpus.Meeting, corpus.Meeting]:
    """The beginning of one meeting alone, and the same behind others, ``minutes`` long together."""
    first, *others = (m["turns"] for m in corpus.public() if m["corpus"] == "AMI")
    talk = _moved(first, -first[0]["start"])
    talk = [t for t in talk if t["end"] <= 60 * HEARD_MIN]
    before: list[Turn] = []
    for turns in others:
        clock = before[-1]["end"] + 5.0 if before else 0.0
        before += _moved(turns, clock - turns[0]["start"])
    room_s = 60 * (minutes - HEARD_MIN)
    before = [t for t in before if t["end"] <= room_s]
    return _meeting(talk), _meeting(before + _moved(talk, room_s))


async def bench(minutes: float) -> None:
    """Run and print."""
    guard, prompts = Guard(120.0), Prompts.load()
    short, long = talks(minutes)

    async def heard(meeting: corpus.Meeting) -> Long:
        fresh = Remembered(await AsyncEmbedder.load(models_dir(os.environ)))
        run = Long(
            meeting, Brain(Chain(Detector.load(), fresh, prompts, guard), Writer(prompts, guard), fresh), Counting()
        )
        await run.play(chapters=True)
        return run

    early = [await heard(short) for _ in range(SHORT_RUNS)]
    late = await heard(long)
    since = minutes + LEAD_MIN - HEARD_MIN
    for name, of in (("processor ms per pass", _cost_ms), ("characters per question", _length)):
        before = median(of(run, LEAD_MIN, HEARD_MIN) for run in early)
        after = of(late, since, minutes)
        print(f"{name}: {before:.1f} at the beginning, {after:.1f} at minute {minutes:.0f}, ratio {after / before:.2f}")
    notes = late.transcript.notes
    print(f"{len(notes.items)} items, {len(late.passes)} passes, {len(notes.chapters)} chapters")


def _cost_ms(run: Long, low_min: float, high_min: float) -> float:
    return 1000 * mean(cost for at, cost in run.passes if low_min <= at / 60 <= high_min)


def _length(run: Long, low_min: float, high_min: float) -> float:
    return mean(chars for at, chars in run.asked if low_min <= at / 60 <= high_min)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=125.0)
    asyncio.run(bench(parser.parse_args().minutes))


if __name__ == "__main__":
    main()
