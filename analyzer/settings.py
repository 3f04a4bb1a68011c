"""Settings of the analyzer (prefix ``ANALYZER_``)."""

from typing import Literal

import msgspec


class AnalyzerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How notes are made."""

    data: str = ""
    """Data folder; empty = the user's data directory."""
    models: str = ""
    """Model folder; empty = the user's cache directory."""
    llm: Literal["auto", "ollama", "llama"] = "auto"
    """``auto`` = Ollama when it answers and has the model, else llama.cpp in this process."""
    ollama_host: str = "http://127.0.0.1:11434"
    """Address of the Ollama server."""
    ollama_model: str = "qwen2.5:3b"
    """Model asked from Ollama."""
    llama_model: str = "qwen2.5-coder-1.5b-instruct/model.gguf"
    """GGUF file of the embedded model, under the model folder."""
    threads: int = 0
    """Threads of the embedded model; 0 = all cores to read a question, half of them to write the answer."""
    context_tokens: int = 4096
    """Room for one prompt and its answer; a call that would not fit is refused before it is made."""
    niceness: int = 10
    """How far the process steps back behind speech (0 to 19)."""
    meetings: int = 8
    """Meetings that this process works on at the same time."""
    deadline_s: float = 30.0
    """Longest wait for one answer of the language model."""
