"""The models of this process: loaded when their files are there, and what to tell people until then."""

import asyncio
import contextlib
from pathlib import Path

from analyzer.llama import LlamaModel
from analyzer.llm import LanguageModel
from analyzer.ollama import OllamaModel
from analyzer.settings import AnalyzerSettings
from contracts import log
from contracts.embedder import AsyncEmbedder
from contracts.errors import Fault

POLL_S = 1.0
OLLAMA_POLL_S = 10.0
OLLAMA_CHECK_S = 2.0


class Models:
    """Holds the embedder and the language model; each is None until it is loaded."""

    def __init__(self, settings: AnalyzerSettings, folder: Path) -> None:
        self.embedder: AsyncEmbedder | None = None
        self.llm: LanguageModel | None = None
        self.detail = ""
        """Why the language model is not there, for people."""
        self._settings = settings
        self._folder = folder
        self._log = log.get()

    async def load(self) -> None:
        """Load both, waiting for their files; returns when both are there."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._load_embedder(), name="models:embedder")
            tasks.create_task(self._load_llm(), name="models:llm")

    async def load_present(self) -> None:
        """Load what is there already and return. The language model's loading stops the event loop for seconds,
        so this is called before there is a connection or a lease to lose."""
        with contextlib.suppress(Fault):
            self.embedder = await AsyncEmbedder.load(self._folder)
        try:
            await self._try_llm()
        except Fault as fault:
            self.detail = fault.detail

    async def close(self) -> None:
        """Free what was loaded."""
        if self.embedder is not None:
            self.embedder.close()
        if self.llm is not None:
            await self.llm.close()

    async def _load_embedder(self) -> None:
        while self.embedder is None:
            try:
                self.embedder = await AsyncEmbedder.load(self._folder)
            except Fault:
                await asyncio.sleep(POLL_S)

    async def _load_llm(self) -> None:
        while self.llm is None:
            try:
                await self._try_llm()
            except Fault as fault:
                if fault.detail != self.detail:
                    self._log.info("llm.awaited", detail=fault.detail)
                self.detail = fault.detail
                await asyncio.sleep(OLLAMA_POLL_S if self._settings.llm == "ollama" else POLL_S)

    async def _try_llm(self) -> None:
        self.llm = await self._ollama() or await self._llama()
        self.detail = ""
        self._log.info("llm.loaded", model=self.llm.name)

    async def _ollama(self) -> LanguageModel | None:
        settings = self._settings
        if settings.llm == "llama":
            return None
        try:
            await OllamaModel.check(settings.ollama_host, settings.ollama_model, timeout_s=OLLAMA_CHECK_S)
        except Fault:
            if settings.llm == "ollama":
                raise
            return None
        return OllamaModel.connect(
            settings.ollama_host,
            settings.ollama_model,
            context_tokens=settings.context_tokens,
            timeout_s=settings.deadline_s,
        )

    async def _llama(self) -> LanguageModel:
        settings = self._settings
        path = self._folder / settings.llama_model
        return await LlamaModel.load(path, threads=settings.threads, context_tokens=settings.context_tokens)
