"""A language model that follows a script."""

from collections.abc import Callable

from analyzer.llm import Answer, Prompt


class ScriptedModel:
    """Answers what the script says for a prompt; counts what it was asked."""

    name = "scripted"

    def __init__(self, write: Callable[[Prompt], Answer], judge: Callable[[Prompt], float] = lambda _: 0.9) -> None:
        self._write, self._judge = write, judge
        self.prompts: list[Prompt] = []

    async def judge(self, prompt: Prompt) -> float:
        self.prompts.append(prompt)
        return self._judge(prompt)

    async def write(self, prompt: Prompt, schema: dict[str, object], max_tokens: int) -> Answer:
        self.prompts.append(prompt)
        return self._write(prompt)

    async def close(self) -> None:
        return
