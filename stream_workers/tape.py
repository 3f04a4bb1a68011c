"""The sound of a track that is still needed."""

import numpy as np

from stream_workers.timeline import Pcm


class Tape:
    """Contiguous samples from ``start`` to ``end`` of media time."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._size = 0
        self._buffer: Pcm = np.zeros(16_000, np.int16)

    @property
    def end(self) -> int:
        """Media sample after the newest."""
        return self.start + self._size

    def append(self, pcm: Pcm) -> None:
        """Add sound at the end."""
        need = self._size + len(pcm)
        if need > len(self._buffer):
            grown = np.zeros(max(need, 2 * len(self._buffer)), np.int16)
            grown[: self._size] = self._buffer[: self._size]
            self._buffer = grown
        self._buffer[self._size : need] = pcm
        self._size = need

    def cut(self, start: int, end: int) -> Pcm:
        """A copy of the samples from ``start`` to ``end``."""
        return self._buffer[start - self.start : end - self.start].copy()

    def forget(self, before: int) -> None:
        """Samples before ``before`` are not needed any more."""
        drop = min(before, self.end) - self.start
        if drop > len(self._buffer) // 4:
            rest = self._buffer[drop : self._size].copy()
            self._buffer = np.zeros(max(16_000, 2 * len(rest)), np.int16)
            self._buffer[: len(rest)] = rest
            self.start, self._size = self.start + drop, len(rest)
