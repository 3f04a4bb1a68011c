"""The memory of all meetings, put together: the index that settings choose, its indexer, its searcher."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts import log
from contracts.bus import Bus
from contracts.embedder import AsyncEmbedder
from contracts.errors import Fault, Unavailable
from gateway.index.answers import Answerer
from gateway.index.embedded import EmbeddedIndex
from gateway.index.indexer import Indexer, Views
from gateway.index.port import Candidate, Card, Entry, Needle, Passage, Scope, SearchIndex
from gateway.index.rank import Weights
from gateway.index.related import Relater
from gateway.index.searcher import Searcher

MODEL_POLL_S = 5.0
RETRY_S = 5.0


class SearchPlace(msgspec.Struct, frozen=True):
    """Where the index lies and which models it uses. Without ``weaviate_url`` it is the file ``path``."""

    path: Path
    models: Path
    threads: int = 1
    weaviate_url: str = ""
    weaviate_api_key: str = ""
    weaviate_grpc_port: int = 50051


class LateEmbedder:
    """The embedder as soon as its model is there; until then a Fault says that it is not."""

    def __init__(self, models: Path, threads: int) -> None:
        self._models = models
        self._threads = threads
        self._loaded: AsyncEmbedder | None = None

    @property
    def ready(self) -> bool:
        """Whether vectors can be had."""
        return self._loaded is not None

    async def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """As ``AsyncEmbedder.embed``. Raises Unavailable while the model is not there."""
        if self._loaded is None:
            raise Unavailable("the embedding model is not there yet", source="embedder")
        return await self._loaded.embed(texts)

    async def run(self) -> None:
        """Wait for the model and load it."""
        while self._loaded is None:
            try:
                self._loaded = await AsyncEmbedder.load(self._models, threads=self._threads)
            except Fault:
                await asyncio.sleep(MODEL_POLL_S)
        log.get().info("embedder.loaded")

    def close(self) -> None:
        """Let its thread end."""
        if self._loaded is not None:
            self._loaded.close()


class LateIndex:
    """A ``SearchIndex`` that is opened in the background: until it answers, every call raises Unavailable."""

    def __init__(self, opener: Callable[[], Awaitable[SearchIndex]]) -> None:
        self._opener = opener
        self._opened: SearchIndex | None = None

    async def run(self) -> None:
        """Open the index, trying again for ever."""
        while self._opened is None:
            try:
                self._opened = await self._opener()
            except Fault as fault:
                log.get().warning("search.not_open", source=fault.source, code=fault.code, detail=fault.detail)
                await asyncio.sleep(RETRY_S)

    @property
    def _index(self) -> SearchIndex:
        if self._opened is None:
            raise Unavailable("the search index is not open yet", source="search")
        return self._opened

    async def put(self, card: Card, entries: Sequence[Entry], gone: Sequence[str] = ()) -> None:
        """As the port says."""
        await self._index.put(card, entries, gone)

    async def delete(self, meeting: str) -> None:
        """As the port says."""
        await self._index.delete(meeting)

    async def ids(self, meeting: str) -> set[str]:
        """As the port says."""
        return await self._index.ids(meeting)

    async def candidates(self, needle: Needle, scope: Scope, limit: int) -> list[Candidate]:
        """As the port says."""
        return await self._index.candidates(needle, scope, limit)

    async def unembedded(self, limit: int) -> list[tuple[Card, Passage]]:
        """As the port says."""
        return await self._index.unembedded(limit)

    async def cursor(self) -> int:
        """As the port says."""
        return await self._index.cursor()

    async def advance(self, cursor: int) -> None:
        """As the port says."""
        await self._index.advance(cursor)

    async def clear(self) -> None:
        """As the port says."""
        await self._index.clear()

    async def close(self) -> None:
        """As the port says; nothing happens when it was never opened."""
        if self._opened is not None:
            await self._opened.close()


class Memory:
    """What the gateway holds: ``searcher`` and ``answerer`` for requests, ``run`` beside them, ``close`` at the end."""

    def __init__(self, index: LateIndex, embedder: LateEmbedder, indexer: Indexer) -> None:
        self.searcher = Searcher(index, embedder, Weights())
        self.answerer = Answerer(self.searcher, embedder)
        self.relater = Relater(index, embedder)
        self.indexer = indexer
        self._index = index
        self._embedder = embedder

    @classmethod
    def at(cls, place: SearchPlace, bus: Bus, views: Views) -> Self:
        """All parts for that place; nothing is opened yet."""
        embedder = LateEmbedder(place.models, place.threads)
        index = LateIndex(lambda: _open(place))
        return cls(index, embedder, Indexer(bus, views, index, embedder))

    async def holds(self, meeting: str) -> bool:
        """Whether anything of the meeting can be found. Raises Unavailable while the index is not open."""
        return bool(await self._index.ids(meeting))

    async def run(self) -> None:
        """Open, load, index, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._index.run(), name="search.open")
            tasks.create_task(self._embedder.run(), name="search.model")
            tasks.create_task(self.indexer.run(), name="search.indexer")

    async def close(self) -> None:
        """Release the index and the model."""
        await self._index.close()
        self._embedder.close()


async def _open(place: SearchPlace) -> SearchIndex:
    if not place.weaviate_url:
        return await EmbeddedIndex.open(place.path)
    # The client library takes seconds to load, which nobody waits for who does not use it.
    adapter = await asyncio.to_thread(importlib.import_module, "gateway.index.weaviate")
    where = adapter.WeaviatePlace(place.weaviate_url, place.weaviate_api_key, place.weaviate_grpc_port)
    index: SearchIndex = await adapter.WeaviateIndex.open(where)
    return index
