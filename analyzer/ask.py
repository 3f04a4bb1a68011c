"""Writes answers for the gateways: a question and numbered lines in, sentences with the number of their line out.

The analyzers share the questions (queue group). A question that nobody waits for any more, or that comes while the
model is not there, gets an empty answer at once: the gateway then shows quotes.
"""

import time

import msgspec

from analyzer.guard import Guard
from analyzer.llm import LanguageModel
from analyzer.models import Models
from analyzer.prompt import Prompts, plain
from contracts import log
from contracts.asking import MAX_LINES, MAX_SENTENCES, AskReply, AskRequest
from contracts.errors import Fault

MAX_TOKENS = 200
ANSWER_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "maxItems": MAX_SENTENCES,
            "items": {
                "type": "object",
                "properties": {"line": {"type": "integer"}, "text": {"type": "string"}},
                "required": ["line", "text"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["sentences"],
    "additionalProperties": False,
}


class Asker:
    """Answers one request after the other."""

    def __init__(self, models: Models, prompts: Prompts, guard: Guard) -> None:
        self._models = models
        self._prompts = prompts
        self._guard = guard
        self._log = log.get()

    async def handle(self, data: bytes) -> bytes:
        """The reply to a request; never raises."""
        try:
            request = msgspec.json.decode(data, type=AskRequest)
        except msgspec.DecodeError:
            return msgspec.json.encode(AskReply())
        return msgspec.json.encode(await self.answer(request, time.time()))

    async def answer(self, request: AskRequest, now: float) -> AskReply:
        """Sentences about the lines, at wall clock ``now``."""
        model = self._models.llm
        if model is None or now >= request.until or not request.lines:
            return AskReply()
        if request.judge:
            return await self._judged(model, request)
        lines = [plain(line) for line in request.lines[:MAX_LINES]]
        prompt = self._prompts.about_lines("answer", lines, f"The question: {plain(request.question)}")
        try:
            written = await self._guard.call(lambda: model.write(prompt, ANSWER_SCHEMA, MAX_TOKENS))
            reply = msgspec.json.decode(written.text, type=AskReply)
        except (Fault, msgspec.DecodeError, UnicodeError) as exc:
            self._log.info("ask.unanswered", error=type(exc).__name__)
            return AskReply()
        self._log.info("ask.answered", sentences=len(reply.sentences), tokens=written.prompt_tokens)
        return reply

    async def _judged(self, model: LanguageModel, request: AskRequest) -> AskReply:
        prompt = self._prompts.about_excerpts(request.lines[:MAX_LINES], request.question)
        try:
            chance = await self._guard.call(lambda: model.judge(prompt))
        except Fault as exc:
            self._log.info("ask.not_judged", error=type(exc).__name__)
            return AskReply()
        self._log.info("ask.judged", chance=round(chance, 2))
        return AskReply(chance=chance)
