"""``rapporteur up`` as a test subject: a real supervisor with real children in a folder of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import msgspec

from contracts.settings import models_dir
from deploy.models import present, read_manifest
from deploy.preflight import Address
from tests.servers import free_port

READY_TIMEOUT_S = 120.0


def lacking_models() -> str:
    """Why a box cannot run here, or nothing."""
    root = models_dir(os.environ)
    needed = [m for m in read_manifest() if m.name in ("silero-vad", "whisper-tiny.en")]
    lacking = [m.name for m in needed if not present(m, root)]
    return f"needs {', '.join(lacking)}: rapporteur models pull --tests" if lacking else ""


class Box:
    """One supervisor. It never fetches, uses the smallest speech model and no language model unless told otherwise."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.port = int(settings.pop("PORT", "0")) or free_port()
        own = {
            k: v for k, v in os.environ.items() if not k.startswith(("RAPPORTEUR_", "WORKER_", "ANALYZER_", "GATEWAY_"))
        }
        self.env = own | {
            "RAPPORTEUR_DATA": str(data),
            "RAPPORTEUR_MODELS": str(models_dir(os.environ)),
            "RAPPORTEUR_OFFLINE": "true",
            "PORT": str(self.port),
            "WORKER_MODEL": "tiny.en",
            "ANALYZER_LLM": "ollama",
            **settings,
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "Box":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", "up"],
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return self

    def ready(self) -> Address:
        """Wait until it says where it is and answers."""
        assert self.process
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            file = self.data / "run" / "server.json"
            if file.exists() and self.answers():
                return msgspec.json.decode(file.read_bytes(), type=Address)
            time.sleep(0.1)
        raise AssertionError(f"not ready: {self.process.poll()}; {self.logs()}")

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def logs(self) -> str:
        return "\n".join(p.read_text(errors="replace")[-800:] for p in (self.data / "run" / "logs").glob("*.log"))

    def children(self) -> dict[str, int]:
        """What runs under the supervisor: role -> process id."""
        assert self.process
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                after_name = stat.read_text().rpartition(")")[2].split()
                command = (stat.parent / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if int(after_name[1]) == self.process.pid and after_name[0] != "Z":
                name = next(
                    (
                        r
                        for r in ("gateway.app", "whip", "stream_workers", "analyzer", "nats-server")
                        if r in " ".join(command)
                    ),
                    "",
                )
                found[name] = int(stat.parent.name)
        return found

    def token(self) -> str:
        return (self.data / "owner.token").read_text().strip()

    def api(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token()}"}
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.request(method, url, json=body, headers=headers, timeout=20, trust_env=False)

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send a signal and wait; returns the exit code and what was said."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(number)
        said = self.process.communicate(timeout=60)[1]
        return self.process.returncode, said

    def ends(self) -> tuple[int, str]:
        """Wait until it ends by itself."""
        assert self.process
        said = self.process.communicate(timeout=90)[1]
        return self.process.returncode, said


def wait_until(true: object, timeout_s: float = 60.0) -> None:
    """Wait until ``true()`` holds."""
    deadline = time.monotonic() + timeout_s
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
