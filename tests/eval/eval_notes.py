"""Measure the notes: ``python -m tests.eval.eval_notes [--llm] [--only own,ES2006c] [--out DIR]``.

Drives the same code as the worker (transcript, window, chain, operations) without a server, on virtual time. An
item counts as right when one of its evidence times lies within 20 s of a gold evidence turn (5 s in our own
meetings). Prints one table; ``--out`` keeps the items for reading.
"""

import argparse
import asyncio
import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from analyzer.brain import Brain, Step
from analyzer.chain import Chain
from analyzer.detector import Detector
from analyzer.guard import Guard
from analyzer.llama import LlamaModel
from analyzer.llm import Answer, LanguageModel, Prompt
from analyzer.prompt import Prompts
from analyzer.recap import Writer
from analyzer.transcript import Transcript
from analyzer.window import Window
from contracts.embedder import AsyncEmbedder, Embedder, Vectors
from contracts.lifecycle import MeetingEnding, MeetingStarted, TrackAdded
from contracts.notes import NoteItem, NotesCheckpoint, NotesUpdated
from contracts.settings import models_dir
from contracts.transcript import SegmentFinal, TrackFinished
from tests.eval import corpus, score_notes

MONDAY = 1_790_582_400.0  # 28 September 2026, 08:00 UTC
CACHE = models_dir(os.environ).parent / "eval-notes"


class CachedEmbedder(AsyncEmbedder):
    """The embedder with the vectors of a meeting's sentences read from disk."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(embedder)
        self.plain = embedder
        self.known: dict[str, Any] = {}

    def prepare(self, meeting: corpus.Meeting) -> None:
        units = corpus.units(meeting)
        vectors = corpus.vectors(meeting, units, self.plain, CACHE)
        self.known = {u.text: v for u, v in zip(units, vectors, strict=True)}

    async def embed(self, texts: list[str]) -> Vectors:
        missing = [t for t in dict.fromkeys(texts) if t not in self.known]
        for text, vector in zip(missing, self.plain.embed(missing), strict=True):
            self.known[text] = vector
        return await super().embed([]) if not texts else _stack([self.known[t] for t in texts])


def _stack(rows: list[Any]) -> Vectors:
    return np.stack(rows).astype(np.float32)


class Meter:
    """Passes calls on to the model and adds up what they cost."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name = model.name
        self.calls = self.prompt_tokens = self.new_tokens = self.answer_tokens = 0
        self.seconds = 0.0

    async def judge(self, prompt: Prompt) -> float:
        began = time.monotonic()
        chance = await self._model.judge(prompt)
        self.calls, self.seconds = self.calls + 1, self.seconds + time.monotonic() - began
        return chance

    async def write(self, prompt: Prompt, schema: dict[str, object], max_tokens: int) -> Answer:
        began = time.monotonic()
        answer = await self._model.write(prompt, schema, max_tokens)
        self.calls, self.seconds = self.calls + 1, self.seconds + time.monotonic() - began
        self.prompt_tokens += answer.prompt_tokens
        self.new_tokens += answer.prompt_tokens - answer.cached_tokens
        self.answer_tokens += answer.answer_tokens
        return answer

    async def close(self) -> None:
        await self._model.close()


class Run:
    """One meeting through the analyzer."""

    def __init__(self, meeting: corpus.Meeting, brain: Brain, model: LanguageModel | None) -> None:
        self.meeting, self.brain, self.model = meeting, brain, model
        self.transcript = Transcript("m")
        self.window = Window()
        self.passes: list[tuple[float, float]] = []
        self.first_shown: dict[str, float] = {}
        self._seq = 0

    def apply(self, record: object) -> None:
        self._seq += 1
        self.transcript.apply(self._seq, record)

    async def play(self, *, chapters: bool) -> list[NoteItem]:
        names = tuple(dict.fromkeys(corpus.called(self.meeting, label) for label in self.meeting["speakers"]))
        self.apply(MeetingStarted("m", self.meeting["id"], "u", MONDAY, participants=names))
        self.apply(TrackAdded("m", "t", "transcript", 0.0))
        for segment in corpus.segments(self.meeting):
            who = corpus.called(self.meeting, segment.speaker or "")
            self.apply(SegmentFinal("m", msgspec.structs.replace(segment, speaker=who)))
            self.window.arrived(segment.end)
            await self._passes(segment.end)
            if chapters:
                await self._parts(over=False)
        self.apply(MeetingEnding("m", 0.0))
        self.apply(TrackFinished("m", "t", self.transcript.end_s))
        await self._passes(self.transcript.end_s + 10)
        if chapters:
            await self._parts(over=True)
        return self.transcript.notes.shown()

    async def _passes(self, now: float) -> None:
        while (view := self.window.next(self.transcript, self.transcript.checkpoint.meeting_seq, now)) is not None:
            began = time.process_time()
            step = await self.brain.pass_over(view, self.transcript, MONDAY + now)
            self.passes.append((now, time.process_time() - began))
            self._note(step, view.upto_seq)
            while self.model is not None and self.brain.backlog:
                thought = await self.brain.think(self.transcript, self.model)
                if thought is not None:
                    self._note(await self.brain.concluded(thought, self.transcript, MONDAY + now))

    def _note(self, step: Step, done_seq: int | None = None) -> None:
        checkpoint = self.transcript.checkpoint if done_seq is None else NotesCheckpoint(done_seq)
        self.apply(NotesUpdated("m", checkpoint, step.items, step.summary, step.chapters))

    async def _parts(self, *, over: bool) -> None:
        while (step := await self.brain.part(self.transcript, self.model, over=over)) is not None:
            self._note(step)


def chosen(only: str) -> list[corpus.Meeting]:
    """The meetings to measure: ``public``, ``own`` and single ids."""
    everything = [*corpus.own(), *corpus.clips(), *corpus.public()]
    wanted = [w for w in only.split(",") if w]
    return [m for m in everything if not wanted or m["id"] in wanted or score_notes.group(m) in wanted]


async def bench(args: argparse.Namespace) -> None:
    """Run all chosen meetings, print the table."""
    embedder = CachedEmbedder(await asyncio.to_thread(Embedder.load, models_dir(os.environ)))
    guard, prompts = Guard(120.0), Prompts.load()
    model: Meter | None = None
    if args.llm:
        path = models_dir(os.environ) / "qwen2.5-coder-1.5b-instruct" / "model.gguf"
        model = Meter(await LlamaModel.load(path, threads=args.threads))
    detector = Detector.load(args.weights) if args.weights else Detector.load()
    results = defaultdict(list)
    for meeting in chosen(args.only):
        embedder.prepare(meeting)
        brain = Brain(Chain(detector, embedder, prompts, guard), Writer(prompts, guard), embedder)
        run = Run(meeting, brain, model)
        items = await run.play(chapters=args.chapters)
        results[score_notes.group(meeting)].append(score_notes.Scored(meeting, items))
        if args.out:
            await asyncio.to_thread(_keep, args.out, meeting, run, items)
    print(score_notes.table(results))
    if model:
        print(
            f"model: {model.calls} calls, {model.seconds:.0f} s, written: {model.new_tokens} new prompt tokens, "
            f"{model.answer_tokens} answer tokens"
        )
        await model.close()


def _keep(folder: Path, meeting: corpus.Meeting, run: Run, items: list[NoteItem]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    body = {
        "items": [msgspec.to_builtins(i) for i in items],
        "summary": run.transcript.notes.summary,
        "chapters": [msgspec.to_builtins(c) for c in run.transcript.notes.chapters],
    }
    (folder / f"{meeting['id']}.json").write_text(json.dumps(body, indent=1, ensure_ascii=False), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm", action="store_true", help="with the embedded model; without: the detector alone")
    parser.add_argument("--chapters", action="store_true", help="also write chapters and the running summary")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="groups (own, clips, ami, icsi) or meeting ids, with commas")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path)
    asyncio.run(bench(parser.parse_args()))


if __name__ == "__main__":
    main()
