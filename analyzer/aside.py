"""What the language model does for a meeting beside the passes: one question at a time."""

import asyncio

from analyzer.brain import Brain, Step, Thought
from analyzer.llm import LanguageModel
from analyzer.transcript import Transcript


class Aside:
    """Chapters that have come to their end, then places in the backlog. Whoever holds it publishes what is done.

    A question runs as a task of ``tasks`` and changes nothing: its answer is turned into a step only by ``done``, in
    the caller's own time, against the notes as they are then.
    """

    def __init__(self, brain: Brain, transcript: Transcript, tasks: asyncio.TaskGroup) -> None:
        self._brain = brain
        self._transcript = transcript
        self._tasks = tasks
        self._question: asyncio.Task[Step | Thought | None] | None = None

    @property
    def idle(self) -> bool:
        """Whether no question is under way."""
        return self._question is None

    def go_on(self, model: LanguageModel | None) -> None:
        """Ask the next question, unless one is under way or there is nothing to ask."""
        if self._question is None and (self._brain.part_due(self._transcript) or (model and self._brain.backlog)):
            self._question = self._tasks.create_task(self._next(model), name="aside")

    async def _next(self, model: LanguageModel | None) -> Step | Thought | None:
        part = await self._brain.part(self._transcript, model, over=False)
        if part is not None or model is None:
            return part
        return await self._brain.think(self._transcript, model)

    async def done(self, at: float) -> Step | None:
        """What the last question changes, once it is answered; None while it is not, or when it changes nothing."""
        if self._question is None or not self._question.done():
            return None
        answer, self._question = self._question.result(), None
        return await self._brain.concluded(answer, self._transcript, at) if isinstance(answer, Thought) else answer

    async def settled(self, timeout_s: float) -> None:
        """Wait for the answer, at most ``timeout_s``."""
        if self._question is not None:
            await asyncio.wait([self._question], timeout=timeout_s)

    def drop(self) -> None:
        """Forget the question under way."""
        if self._question is not None:
            self._question.cancel()
            self._question = None
