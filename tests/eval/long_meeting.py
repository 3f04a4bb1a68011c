"""Does a pass cost more late in a long meeting? ``python -m tests.eval.long_meeting [--minutes 125]``.

Joins public AMI meetings to one long meeting and drives the worker's code over it on virtual time. Prints processor
seconds per pass and the length of the questions for the language model, early and late. The model is not asked: what
it would read is counted, and it answers nothing.
"""

import argparse
import asyncio
import os
from statistics import mean

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

EARLY_MIN, LATE_MIN = (3.0, 13.0), (-10.0, 0.0)


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


def joined(minutes: float) -> corpus.Meeting:
    """AMI meetings one after the other, as one, up to ``minutes``."""
    turns: list[dict[str, object]] = []
    clock = 0.0
    for meeting in (m for m in corpus.public() if m["corpus"] == "AMI"):
        first, last = meeting["turns"][0]["start"], meeting["turns"][-1]["end"]
        turns += [{**t, "start": t["start"] - first + clock, "end": t["end"] - first + clock} for t in meeting["turns"]]
        clock += last - first + 5.0
        if clock >= 60 * minutes:
            break
    speakers = {str(t["speaker"]): {"name": f"Person {t['speaker']}"} for t in turns}
    return {"id": "long", "speakers": speakers, "turns": [t for t in turns if float(str(t["end"])) <= 60 * minutes]}


async def bench(minutes: float) -> None:
    """Run and print."""
    vectors = Remembered(await AsyncEmbedder.load(models_dir(os.environ)))
    guard, prompts = Guard(120.0), Prompts.load()
    run = Long(
        joined(minutes),
        Brain(Chain(Detector.load(), vectors, prompts, guard), Writer(prompts, guard), vectors),
        Counting(),
    )
    items = await run.play(chapters=True)
    end_min = run.transcript.end_s / 60
    spans = (EARLY_MIN, (end_min + LATE_MIN[0], end_min))
    for name, found in (("processor seconds per pass", run.passes), ("characters per question", run.asked)):
        early, late = (mean(v for at, v in found if low <= at / 60 <= high) for low, high in spans)
        print(
            f"{name}: minutes {spans[0][0]:.0f}-{spans[0][1]:.0f} {early:.3f}, "
            f"minutes {spans[1][0]:.0f}-{spans[1][1]:.0f} {late:.3f}, ratio {late / early:.2f}"
        )
    print(f"{len(items)} items, {len(run.passes)} passes, {len(run.transcript.notes.chapters)} chapters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=125.0)
    asyncio.run(bench(parser.parse_args().minutes))


if __name__ == "__main__":
    main()
