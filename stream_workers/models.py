"""The models of an engine: one for a window that is alone, one for windows side by side, and a spare."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from contracts import log
from contracts.errors import Misconfigured
from stream_workers.decode import DecodeJob, Hypothesis


class Transcriber(Protocol):
    """Turns windows into words; keeps nothing between calls."""

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        """One answer for each of ``jobs``, which ``scheduler.choose`` put together."""


class Models:
    """Each is loaded once, in the thread that asks first."""

    def __init__(
        self,
        load: Callable[[], Transcriber],
        spare: Callable[[], Transcriber] | None = None,
        narrow: Callable[[], Transcriber] | None = None,
    ) -> None:
        self._load = load
        self._load_spare = spare
        self._load_narrow = narrow
        self._loading = threading.Lock()
        self._wide: Transcriber
        self.narrow: Transcriber | None = None
        """Takes windows of several threads at once."""
        self.fell_back = False
        """Whether the spare has taken over."""
        self._log = log.get()

    def load(self) -> None:
        """Load the model for a window that is alone. Raises Misconfigured."""
        self._wide = self._load()

    def lend(self) -> bool:
        """Whether there is a model for windows side by side; loads it."""
        with self._loading:
            if self.narrow is None and self._load_narrow is not None:
                try:
                    self.narrow = self._load_narrow()
                except Misconfigured as fault:
                    self._load_narrow = None
                    self._log.warning("engine.one_hand", detail=fault.detail)
        return self.narrow is not None

    def of(self, *, alone: bool) -> Transcriber:
        """The model for a window that is alone, or is not."""
        return self._wide if alone or self.narrow is None else self.narrow

    def take_spare(self, exc: Exception) -> bool:
        """Whether another model has taken over from the one that raised ``exc``."""
        load, self._load_spare = self._load_spare, None
        if load is None:
            return False
        try:
            self._wide = load()
        except Misconfigured as fault:
            self._log.error("engine.no_spare", detail=fault.detail)
            return False
        self.fell_back = True
        self._log.warning("engine.fell_back", why=str(exc), now="cpu int8")
        return True
