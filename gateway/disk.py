"""Free space of the data folder: a gate before recording and while it runs."""

import shutil
import time
from pathlib import Path

from contracts.errors import StorageFull

_CACHE_S = 2.0


class Disk:
    """Looks at most every two seconds."""

    def __init__(self, folder: Path, min_free_bytes: int) -> None:
        self._folder = folder
        self._min_free_bytes = min_free_bytes
        self._looked_at = float("-inf")
        self._free_bytes = 0

    def free_bytes(self) -> int:
        """Free bytes, at most two seconds old."""
        if time.monotonic() - self._looked_at > _CACHE_S:
            self._free_bytes = shutil.disk_usage(self._folder).free
            self._looked_at = time.monotonic()
        return self._free_bytes

    def check(self) -> None:
        """Raises StorageFull while less than the minimum is free."""
        free = self.free_bytes()
        if free < self._min_free_bytes:
            needed = self._min_free_bytes
            raise StorageFull(
                f"only {free // 1024**2} MB of disk are free, {needed // 1024**2} MB are needed to record",
                source="disk",
            )
