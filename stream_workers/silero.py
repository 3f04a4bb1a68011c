"""Silero VAD: the probability of speech for each 32 ms of sound. The state is a value, so it can be stored."""

from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime

from contracts.errors import Misconfigured
from stream_workers.timeline import Pcm

CHUNK_SAMPLES = 512
_CONTEXT = 64
_STATE_SHAPE = (2, 1, 128)
_HIDDEN = 256
_NO_STATE = bytes(4 * (_HIDDEN + _CONTEXT))
_SCALE = np.float32(1 / 32768)
FRESH = b""


class Vad(Protocol):
    """Judges sound chunk by chunk. Implementations keep no state between calls."""

    def __call__(self, chunk: Pcm, state: bytes) -> tuple[float, bytes]:
        """Probability of speech in ``CHUNK_SAMPLES`` samples, and the state for the next chunk; b"" is fresh."""


class Silero:
    """The ONNX model of Silero VAD v6, 16 kHz, one thread; shared by all tracks of a process."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 3
        # With its sizes known the model's branches are decided when it loads, not for every chunk.
        options.add_free_dimension_override_by_name("batch", 1)
        options.add_free_dimension_override_by_name("sequence", _CONTEXT + CHUNK_SAMPLES)
        try:
            self._session = onnxruntime.InferenceSession(
                model.read_bytes(), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as exc:  # onnxruntime has no common base for what it raises
            raise Misconfigured(f"the VAD model cannot be loaded ({type(exc).__name__})", source="speech") from exc
        self._rate = np.array(16_000, dtype=np.int64)

    def __call__(self, chunk: Pcm, state: bytes) -> tuple[float, bytes]:
        """See ``Vad``."""
        values = np.frombuffer(state or _NO_STATE, np.float32)
        window = np.empty((1, _CONTEXT + len(chunk)), np.float32)
        window[0, :_CONTEXT] = values[_HIDDEN:]
        np.multiply(chunk, _SCALE, out=window[0, _CONTEXT:])
        asked = {"input": window, "state": values[:_HIDDEN].reshape(_STATE_SHAPE), "sr": self._rate}
        output, hidden = self._session.run(None, asked)
        return float(output[0, 0]), hidden.tobytes() + window[0, -_CONTEXT:].tobytes()
