"""An embedder whose vectors are made from words: texts that share words are near. Real enough for plumbing tests."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from contracts.errors import Misconfigured


class WordEmbedder:
    """Every word has a fixed random direction; a text is the sum of its words. ``ready`` False = model missing."""

    def __init__(self, *, ready: bool = True) -> None:
        self.ready = ready
        self.texts = 0

    async def embed(self, texts: list[str]) -> NDArray[np.float32]:
        if not self.ready:
            raise Misconfigured("the embedding model is missing", source="embedder")
        self.texts += len(texts)
        return np.stack([self._one(text) for text in texts]) if texts else np.zeros((0, 384), np.float32)

    def _one(self, text: str) -> NDArray[np.float32]:
        total = np.zeros(384, np.float32)
        for word in text.lower().replace(".", " ").replace("?", " ").split():
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
            total += np.random.default_rng(seed).standard_normal(384).astype(np.float32)
        return total / max(float(np.linalg.norm(total)), 1e-9)
