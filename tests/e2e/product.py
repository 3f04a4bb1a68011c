"""The product as ``make run`` starts it: its own data folder, a free port, the models of this machine."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contracts.settings import models_dir
from deploy import models

ROOT = Path(__file__).resolve().parents[2]
READY_S = 120.0
STOP_S = 60.0


@dataclass
class Product:
    """A running product; ``link`` signs one browser in, once."""

    port: int
    link: str
    data: Path
    process: asyncio.subprocess.Process
    cookies: list[Any] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    def child(self, module: str) -> int:
        """The process id of the child that runs ``module``."""
        parents = [self.process.pid]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) in parents and module in (stat.parent / "cmdline").read_text():
                return int(stat.parent.name)
        raise AssertionError(f"{module} does not run")


def need_models() -> None:
    """Skips the test where the default models are not on this machine."""
    root = models_dir(os.environ)
    wanted = (model for model in models.read_manifest() if model.fetch == "default")
    missing = [model.name for model in wanted if not models.present(model, root)]
    if missing:
        pytest.skip(f"models are not on this machine: {', '.join(missing)} (rapporteur models pull)")


@asynccontextmanager
async def product(data: Path, **settings: str) -> AsyncIterator[Product]:
    """Starts it with these settings, waits until it is ready, and stops it in order."""
    need_models()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **os.environ,
        "RAPPORTEUR_DATA": str(data),
        "PORT": str(port),
        "RAPPORTEUR_OFFLINE": "true",
        "COLUMNS": "400",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "up", cwd=ROOT, env=env, stderr=asyncio.subprocess.PIPE
    )
    reading: asyncio.Task[None] | None = None
    try:
        link = await _link(process)
        reading = asyncio.create_task(_read_on(process), name="product.stderr")
        yield Product(port, link, data, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
        if reading is not None:
            await reading


async def _link(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = []
    async with asyncio.timeout(READY_S):
        while line := await process.stderr.readline():
            said.append(line.decode())
            if found := re.search(r"https?://\S+/signin\?code=\S+", said[-1]):
                return found.group(0)
    raise AssertionError("it did not start:\n" + "".join(said))


async def _read_on(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.readline():
        pass
