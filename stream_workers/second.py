"""A larger model for second readings, loaded when the first is asked for. It works at the lowest priority."""

import os
import threading
from collections.abc import Callable
from typing import Any

from stream_workers.decode import DecodeJob, Kind
from stream_workers.engine import Engine as OwnEngine
from stream_workers.models import Transcriber
from stream_workers.ports import Engine, EngineState

_NICENESS = 15


class SecondEngine:
    """Answers second readings by a model of their own and passes everything else on."""

    def __init__(self, inner: Engine, load: Callable[[], Transcriber]) -> None:
        self._inner = inner
        self._load = load
        self._own: OwnEngine | None = None

    def state(self) -> EngineState:
        """What people are told about it."""
        return self._inner.state()

    def close(self) -> None:
        """See ``ports.Engine``."""
        if self._own is not None:
            self._own.close()
        self._inner.close()

    async def submit(self, job: Any) -> Any:
        """The answer to ``job``."""
        if not isinstance(job, DecodeJob) or job.kind is not Kind.AGAIN:
            return await self._inner.submit(job)
        if self._own is None:
            self._own = OwnEngine(lambda: _aside(self._load))
            self._own.start()
        return await self._own.submit(job)


def _aside(load: Callable[[], Transcriber]) -> Transcriber:
    """The model, loaded so that live speech goes before it: its threads inherit the niceness of this one."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    return load()
