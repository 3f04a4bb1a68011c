"""llama.cpp inside this process (``xllamacpp``): prefix cache, schema-constrained answers, token probabilities."""

import asyncio
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import xllamacpp

from analyzer.llm import Answer, Prompt
from contracts.errors import Misconfigured, TooLarge, Unavailable
from contracts.settings import cpu_count

_CHARS_PER_TOKEN = 2.5
"""Low on purpose: English has about four, other languages fewer. Only a guard against prompts that cannot fit."""
_SOURCE = "llm"
_BATCH_TOKENS = 128
"""A question is read in parts of so many tokens; after each it can be given up."""


class LlamaModel:
    """One model, one thread that asks it. Implements ``LanguageModel``."""

    def __init__(self, server: Any, name: str, context_tokens: int) -> None:
        self.name = name
        self._server = server
        self._context_tokens = context_tokens
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="llama")

    @classmethod
    async def load(cls, path: Path, *, threads: int = 0, context_tokens: int = 4096) -> Self:
        """Load the GGUF file at ``path``. Raises Misconfigured when it is missing or not readable."""
        if not await asyncio.to_thread(path.is_file):
            raise Misconfigured("the language model file is missing; `rapporteur models pull` fetches it", source="llm")
        # Half the cores: the speech engine shares the machine, and its words come first. A question is read with all
        # of them: that is many small steps, from which a process that has stepped back is pushed aside at once.
        writing, reading = threads or max(1, cpu_count() // 2), threads or cpu_count()
        server = await asyncio.to_thread(_serve, path, writing, reading, context_tokens)
        return cls(server, f"{path.parent.name} (llama.cpp)", context_tokens)

    async def judge(self, prompt: Prompt) -> float:
        """See ``LanguageModel``: the share of yes among the probabilities of yes and no."""
        heard = await self._ask(prompt, {"max_tokens": 1, "logprobs": True, "top_logprobs": 20}, 1)
        if not heard.likely:
            raise Unavailable("the language model gave no probabilities", source=_SOURCE)
        return yes_share(heard.likely)

    async def write(self, prompt: Prompt, schema: dict[str, object], max_tokens: int) -> Answer:
        """See ``LanguageModel``."""
        wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        heard = await self._ask(prompt, {"max_tokens": max_tokens, "response_format": wanted}, max_tokens)
        return Answer(
            "".join(heard.text),
            prompt_tokens=heard.prompt_tokens,
            cached_tokens=heard.cached_tokens,
            answer_tokens=heard.answer_tokens,
            complete=heard.reason == "stop",
        )

    async def close(self) -> None:
        """See ``LanguageModel``; the thread ends with the part of a question or answer that it is at."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, prompt: Prompt, extra: dict[str, object], answer_tokens: int) -> "_Heard":
        guess = (len(prompt.system) + len(prompt.user)) / _CHARS_PER_TOKEN + answer_tokens
        if guess > self._context_tokens:
            raise TooLarge("the prompt does not fit into the model's context", source=_SOURCE)
        request = {
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "temperature": 0,
            "cache_prompt": True,
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
            **extra,
        }
        # A caller that has gone away must not cost the next one a whole answer, nor the machine.
        wanted = threading.Event()
        wanted.set()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._call, request, wanted)
        except RuntimeError as exc:
            raise Unavailable("the language model is shut down", source=_SOURCE) from exc
        finally:
            wanted.clear()

    def _call(self, request: dict[str, object], wanted: threading.Event) -> "_Heard":
        heard = _Heard()

        def take(piece: Any) -> bool:
            """True ends the answer."""
            heard.take(piece)
            return not wanted.is_set()

        if wanted.is_set():
            try:
                self._server.handle_chat_completions(request, take)
            except Exception as exc:  # the binding raises bare exceptions of its own
                raise Unavailable(f"the language model failed ({type(exc).__name__})", source=_SOURCE) from exc
        if not wanted.is_set():
            raise Unavailable("nobody waits for the answer", source=_SOURCE)
        if heard.refused or not heard.reason:
            raise Unavailable("the language model refused the question", source=_SOURCE)
        return heard


class _Heard:
    """An answer that comes in pieces, in the form of OpenAI's ``chat.completion.chunk``."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reason = ""
        self.refused = False
        self.likely: list[tuple[str, float]] = []
        """What the first token could have been, with log probabilities; where they were asked for."""
        self.prompt_tokens = self.cached_tokens = self.answer_tokens = 0

    def take(self, piece: Any) -> None:
        """Take in one piece. What is not of the form is a refusal: a model's words are never guessed."""
        try:
            self._take(piece)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            self.refused = True

    def _take(self, piece: Any) -> None:
        self.refused |= bool(piece.get("error"))
        for choice in piece.get("choices", ()):
            self.text.append(choice["delta"].get("content") or "")
            self.reason = choice["finish_reason"] or self.reason
            if not self.likely and choice.get("logprobs"):
                top = choice["logprobs"]["content"][0]["top_logprobs"]
                self.likely = [(str(t["token"]), float(t["logprob"])) for t in top]
        if usage := piece.get("usage"):
            self.prompt_tokens, self.answer_tokens = usage["prompt_tokens"], usage["completion_tokens"]
            self.cached_tokens = usage["prompt_tokens_details"]["cached_tokens"]


def yes_share(top: list[tuple[str, float]]) -> float:
    """Share of yes among the tokens that say yes or no (log probabilities); 0.5 when none does."""
    mass = {"yes": 0.0, "no": 0.0}
    for token, logprob in top:
        word = token.strip().strip('".').lower()
        if word in mass:
            mass[word] += math.exp(logprob)
    total = mass["yes"] + mass["no"]
    return mass["yes"] / total if total > 0 else 0.5


def _serve(path: Path, writing: int, reading: int, context_tokens: int) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.n_gpu_layers = 0
    params.warmup = False
    params.verbosity = -1
    params.n_batch = _BATCH_TOKENS
    params.cache_ram_mib = 256
    for part, threads in ((params.cpuparams, writing), (params.cpuparams_batch, reading)):
        part.n_threads = threads
        # Waiting threads sleep instead of spinning: a spinning one takes a core from the speech engine.
        part.poll = 0
    try:
        return xllamacpp.Server(params)
    except Exception as exc:  # the binding raises bare exceptions of its own
        raise Misconfigured("the language model file cannot be loaded", source=_SOURCE) from exc
