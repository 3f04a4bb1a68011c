"""Real worker processes that a test may kill, freeze and look into."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class WorkerProcess:
    """One worker process, of ``module``; its log lies in ``folder``."""

    def __init__(self, name: str, bus_url: str, folder: Path, module: str = "tests.faults.entry", **extra: str) -> None:
        self.name = name
        self._module = module
        self.log_path = folder / f"{name}.log"
        self._env = {
            **os.environ,
            "BUS_URL": bus_url,
            "BUS_NAME": "worker",
            "BUS_AUDIO_MAX_BYTES": str(200 * 1024**2),
            "BUS_MEETING_MAX_BYTES": str(100 * 1024**2),
            "WORKER_DATA": str(folder),
            "WORKER_MODELS": str(folder),
            "WORKER_SEGMENT_S": "2",
            "WORKER_TRIM_S": "2",
            "WORKER_RESERVE_BYTES": "0",
            **extra,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def start(self) -> "WorkerProcess":
        """Start it, or start it again after its end."""
        self._starts += 1
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module], cwd=ROOT, env=self._env, stdout=log, stderr=log
            )
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait for the end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(20)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines with that event."""
        lines = self.log_path.read_text().splitlines() if self.log_path.exists() else []
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in found if line.get("event") == name]

    async def logged(self, name: str, count: int = 1) -> None:
        """Return when the log has that event ``count`` times; fails when the process ends before."""
        while len(self.events(name)) < count:
            assert self.alive, self.log_path.read_text()[-2000:]
            await asyncio.sleep(0.02)

    async def ready(self) -> None:
        """Return when the newest start takes tracks."""
        await self.logged("worker.ready", self._starts)

    @property
    def owner(self) -> str:
        """The name under which the newest start of this process owns tracks; empty before it is ready."""
        ready = self.events("worker.ready")
        return str(ready[-1]["owner"]) if ready else ""

    def rss_bytes(self) -> int:
        """Resident memory now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self) -> int:
        """Open files and sockets now."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
