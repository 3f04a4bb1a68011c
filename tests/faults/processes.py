"""Real service processes that a test may kill, freeze and look into."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import httpx

from tests.servers import free_port

ROOT = Path(__file__).parents[2]


class ServiceProcess:
    """One ``python -m <module>``; its log lies in ``folder``."""

    def __init__(self, name: str, module: str, bus_url: str, folder: Path, settings: dict[str, str]) -> None:
        self.name = name
        self.log_path = folder / f"{name}.log"
        self._module = module
        self._env = {
            **os.environ,
            "BUS_URL": bus_url,
            "BUS_NAME": name,
            "BUS_AUDIO_MAX_BYTES": str(200 * 1024**2),
            "BUS_MEETING_MAX_BYTES": str(100 * 1024**2),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def start(self) -> Self:
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
        lines = self.log_path.read_text().split("\n")[:-1] if self.log_path.exists() else []
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in found if line.get("event") == name]

    async def logged(self, name: str, count: int = 1) -> None:
        """Return when the log has that event ``count`` times; fails when the process ends before."""
        while len(self.events(name)) < count:
            assert self.alive, self.log_path.read_text()[-2000:]
            await asyncio.sleep(0.02)

    def rss_bytes(self) -> int:
        """Resident memory now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_s(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self) -> int:
        """Open files and sockets now."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


class WorkerProcess(ServiceProcess):
    """A worker; of ``tests.faults.entry`` unless ``module`` says otherwise."""

    def __init__(self, name: str, bus_url: str, folder: Path, module: str = "tests.faults.entry", **extra: str) -> None:
        settings = {
            "WORKER_DATA": str(folder),
            "WORKER_MODELS": str(folder),
            "WORKER_SEGMENT_S": "2",
            "WORKER_TRIM_S": "2",
            "WORKER_RESERVE_BYTES": "0",
            **extra,
        }
        super().__init__(name, module, bus_url, folder, settings)

    async def ready(self) -> None:
        """Return when the newest start takes tracks."""
        await self.logged("worker.ready", self._starts)

    @property
    def owner(self) -> str:
        """The name under which the newest start of this process owns tracks; empty before it is ready."""
        ready = self.events("worker.ready")
        return str(ready[-1]["owner"]) if ready else ""


class GatewayProcess(ServiceProcess):
    """A gateway on a port of its own; it comes back on the same one."""

    def __init__(self, name: str, bus_url: str, folder: Path, **extra: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._data = folder
        settings = {
            "GATEWAY_DATA": str(folder),
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_MIN_FREE_BYTES": "0",
            "GATEWAY_SPEED": "50",
            "RAPPORTEUR_MODELS": str(folder / "models"),
            **extra,
        }
        super().__init__(name, "gateway.app", bus_url, folder, settings)

    @property
    def token(self) -> str:
        """The owner's token."""
        return (self._data / "owner.token").read_text().strip()

    async def ready(self) -> None:
        """Return when it answers that it can work."""
        async with httpx.AsyncClient(base_url=self.url) as http:
            while True:
                assert self.alive, self.log_path.read_text()[-2000:]
                try:
                    if (await http.get("/health/ready")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
