"""A language model behind an Ollama server: explicit context, schema as ``format``, kept loaded between passes."""

import asyncio
from typing import Any, Self

import httpx
import msgspec
import ollama

from analyzer.llama import yes_share
from analyzer.llm import Answer, Prompt
from contracts.errors import Misconfigured, TooLarge, Unavailable

_SOURCE = "llm"
_CHARS_PER_TOKEN = 2.5
_KEEP_ALIVE = "15m"
_MAX_ANSWER_BYTES = 256 * 1024
_YES_NO: dict[str, object] = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": ["yes", "no"]}},
    "required": ["answer"],
}


class OllamaModel:
    """One model of one server, one question at a time. Implements ``LanguageModel``."""

    def __init__(self, client: ollama.AsyncClient, model: str, context_tokens: int) -> None:
        self.name = f"{model} (Ollama)"
        self._client = client
        self._model = model
        self._context_tokens = context_tokens
        self._turn = asyncio.Lock()

    @classmethod
    def connect(cls, host: str, model: str, *, context_tokens: int = 4096, timeout_s: float = 30.0) -> Self:
        """An adapter for ``model`` of the server at ``host``; nothing is sent yet."""
        return cls(ollama.AsyncClient(host=host, timeout=timeout_s), model, context_tokens)

    @classmethod
    async def check(cls, host: str, model: str, *, timeout_s: float) -> None:
        """Raises Unavailable when the server does not answer, Misconfigured when it has no such model."""
        adapter = cls.connect(host, model, timeout_s=timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                await adapter._client.show(model)
        except Exception as exc:  # translated; the client raises its own, httpx's and pydantic's errors
            raise adapter._translated(exc) from exc
        finally:
            await adapter.close()

    async def judge(self, prompt: Prompt) -> float:
        """See ``LanguageModel``. A server that gives no probabilities answers 0 or 1."""
        body = await self._chat(prompt, _YES_NO, 12, logprobs=True)
        for token in body.get("logprobs") or []:
            said = str(token.get("token", "")).strip().strip('"').lower()
            if said in ("yes", "no"):
                top = token.get("top_logprobs") or [token]
                return yes_share([(str(t["token"]), float(t["logprob"])) for t in top])
        return 1.0 if '"yes"' in str(body.get("message", {}).get("content", "")) else 0.0

    async def write(self, prompt: Prompt, schema: dict[str, object], max_tokens: int) -> Answer:
        """See ``LanguageModel``."""
        body = await self._chat(prompt, schema, max_tokens)
        text = str(body.get("message", {}).get("content") or "")
        return Answer(
            text,
            prompt_tokens=int(body.get("prompt_eval_count") or 0),
            answer_tokens=int(body.get("eval_count") or 0),
            complete=body.get("done_reason") == "stop",
        )

    async def close(self) -> None:
        """See ``LanguageModel``."""
        await self._client._client.aclose()  # the client has no public way to close its connections

    async def _chat(
        self, prompt: Prompt, schema: dict[str, object], max_tokens: int, *, logprobs: bool = False
    ) -> dict[str, Any]:
        guess = (len(prompt.system) + len(prompt.user)) / _CHARS_PER_TOKEN + max_tokens
        if guess > self._context_tokens:
            # Ollama would cut the front of the prompt, that is the instructions, without a word.
            raise TooLarge("the prompt does not fit into the model's context", source=_SOURCE)
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        options = {"num_ctx": self._context_tokens, "num_predict": max_tokens, "temperature": 0}
        extra: dict[str, Any] = {"logprobs": True, "top_logprobs": 10} if logprobs else {}
        try:
            async with self._turn:
                response = await self._client.chat(
                    self._model, messages, format=schema, options=options, keep_alive=_KEEP_ALIVE, **extra
                )
        except Exception as exc:  # translated below; the client raises its own, httpx's and pydantic's errors
            raise self._translated(exc) from exc
        body: dict[str, Any] = response.model_dump()
        if len(str(body.get("message", {}).get("content") or "")) > _MAX_ANSWER_BYTES:
            raise Unavailable("the language model's answer is absurdly long", source=_SOURCE)
        return body

    def _translated(self, exc: Exception) -> Unavailable | Misconfigured:
        if isinstance(exc, ollama.ResponseError) and exc.status_code == 404:
            return Misconfigured(f"Ollama has no model {self._model}: run `ollama pull {self._model}`", source=_SOURCE)
        if isinstance(exc, ollama.ResponseError):
            return Unavailable(f"Ollama refused the question (status {exc.status_code})", source=_SOURCE)
        if isinstance(exc, httpx.TimeoutException | TimeoutError):
            return Unavailable("Ollama did not answer in time", source=_SOURCE)
        if isinstance(exc, httpx.HTTPError | ConnectionError | OSError):
            return Unavailable("Ollama does not answer", source=_SOURCE)
        if isinstance(exc, ValueError | TypeError | msgspec.DecodeError):
            return Unavailable("Ollama answered something that is no answer", source=_SOURCE)
        raise exc
