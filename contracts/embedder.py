"""Sentence embeddings: all-MiniLM-L6-v2 by onnxruntime, 384 numbers of unit length per text.

The synchronous core holds one thread pool and may be called from one thread at a time; ``AsyncEmbedder`` keeps
it off the event loop, one batch at a time. Two texts are compared by the dot product of their vectors.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from contracts.errors import Misconfigured

DIMENSIONS = 384
MAX_TOKENS = 256
BATCH = 16
MODEL_FOLDER = "minilm-l6-v2"
MODEL_NAME = "all-MiniLM-L6-v2-int8"
"""Written beside stored vectors: vectors of another model are never compared with these."""

Vectors = NDArray[np.float32]


class Embedder:
    """Texts to unit vectors. What follows the first MAX_TOKENS tokens of a text is not seen."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = {i.name for i in session.get_inputs()}

    @classmethod
    def load(cls, models: Path, *, threads: int = 1) -> Self:
        """The model from the folder of models. Raises Misconfigured when its files are not there or not readable."""
        folder = models / MODEL_FOLDER
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning idle threads would take a core from the speech engine on a small machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except Exception as exc:  # both libraries raise bare exceptions of their own
            raise Misconfigured("the embedding model is missing or damaged", source="embedder") from exc
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")  # noqa: S106  # a token of the vocabulary, not a secret
        return cls(session, tokenizer)

    def embed(self, texts: list[str]) -> Vectors:
        """One unit vector per text, in order. Texts of like length share a batch, so little padding is computed."""
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            vectors[batch] = self._embed_batch([texts[i] for i in batch])
        return vectors

    def _embed_batch(self, texts: list[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(texts)
        feeds = {
            "input_ids": np.array([e.ids for e in encoded], np.int64),
            "attention_mask": np.array([e.attention_mask for e in encoded], np.int64),
            "token_type_ids": np.array([e.type_ids for e in encoded], np.int64),
        }
        hidden = self._session.run(None, {k: v for k, v in feeds.items() if k in self._inputs})[0]
        mask = feeds["attention_mask"][:, :, None].astype(np.float32)
        mean = (hidden * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1e-9)
        unit: Vectors = (mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        return unit


class AsyncEmbedder:
    """The embedder off the event loop: calls wait their turn, cancelled ones leave the loop at once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")

    @classmethod
    async def load(cls, models: Path, *, threads: int = 1) -> Self:
        """Load the model in a thread. Raises Misconfigured."""
        return cls(await asyncio.to_thread(Embedder.load, models, threads=threads))

    async def embed(self, texts: list[str]) -> Vectors:
        """As ``Embedder.embed``. Long lists go batch by batch, so that a short query never waits for all of one."""
        loop = asyncio.get_running_loop()
        parts = [
            await loop.run_in_executor(self._thread, self._embedder.embed, texts[i : i + BATCH])
            for i in range(0, len(texts), BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), np.float32)

    def close(self) -> None:
        """Let the thread end after its current batch."""
        self._thread.shutdown(wait=False, cancel_futures=True)
