"""The language model as the analyzer sees it: one port, two adapters (``llama.py``, ``ollama.py``)."""

from typing import Protocol

import msgspec


class Prompt(msgspec.Struct, frozen=True):
    """One question. ``system`` is the same for all questions of a kind, so that its cost is paid once.

    ``user`` starts with the excerpt and ends with the question: two questions about one excerpt share its cost.
    """

    system: str
    user: str


class Answer(msgspec.Struct, frozen=True):
    """What the model wrote, and what it cost."""

    text: str
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    complete: bool = True
    """False when the token limit cut the answer off."""


class LanguageModel(Protocol):
    """Answers questions about excerpts. What every implementation keeps:

    - It never blocks the event loop, and handles one call at a time; others wait their turn in order.
    - A prompt that does not fit into the context together with its answer raises TooLarge before the model is
      asked; the prompt is never cut.
    - ``write`` answers JSON that follows ``schema`` (an object), or says ``complete=False``; it is greedy.
    - A model that is not there raises Misconfigured with the words that tell a person what to do; one that
      does not answer raises Unavailable. Nothing else is raised.
    - A cancelled call gives the caller back at once; its late answer reaches nobody.
    """

    name: str
    """Model and adapter, for the recap and the logs."""

    async def judge(self, prompt: Prompt) -> float:
        """Probability that the answer to a yes/no question is yes."""
        ...

    async def write(self, prompt: Prompt, schema: dict[str, object], max_tokens: int) -> Answer:
        """A JSON object after ``schema`` with at most ``max_tokens`` tokens."""
        ...

    async def close(self) -> None:
        """Free the model."""
        ...
