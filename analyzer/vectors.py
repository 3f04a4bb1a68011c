"""Vectors of sentences, kept for a while: passes overlap, and a chapter is made of sentences that passes have seen."""

from collections import OrderedDict
from typing import Protocol

import numpy as np

from analyzer.detector import Matrix
from contracts.embedder import DIMENSIONS

MOST = 2_000
"""Sentences that are remembered; 1.5 kB each."""


class Embeds(Protocol):
    """What makes vectors: ``AsyncEmbedder``, or something that stands for it."""

    async def embed(self, texts: list[str]) -> Matrix:
        """One unit vector per text, in order."""
        ...


class Remembered:
    """An embedder that makes no vector twice while it remembers it."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, Matrix] = OrderedDict()

    async def embed(self, texts: list[str]) -> Matrix:
        """One unit vector per text, in order."""
        wanted = dict.fromkeys(texts)
        found = {t: self._known[t] for t in wanted if t in self._known}
        missing = [t for t in wanted if t not in found]
        if missing:
            found.update(zip(missing, await self._embedder.embed(missing), strict=True))
        for text in wanted:
            self._known[text] = found[text]
            self._known.move_to_end(text)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return np.stack([found[t] for t in texts]) if texts else np.zeros((0, DIMENSIONS), np.float32)
