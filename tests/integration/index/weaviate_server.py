"""A real Weaviate for tests: the one at WEAVIATE_URL, or a ``weaviate-server`` from PATH on free ports."""

import contextlib
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.index.weaviate import WeaviatePlace
from tests.servers import free_port

KEY = "test-key"


@contextlib.contextmanager
def running_weaviate(folder: Path) -> Iterator[WeaviatePlace]:
    """The server's place; skips with the reason when there is none."""
    if url := os.environ.get("WEAVIATE_URL"):
        yield WeaviatePlace(
            url, os.environ.get("WEAVIATE_API_KEY", ""), int(os.environ.get("WEAVIATE_GRPC_PORT", "50051"))
        )
        return
    binary = shutil.which("weaviate-server")
    if binary is None:
        pytest.skip("no Weaviate: set WEAVIATE_URL or put weaviate-server on PATH")
    http, grpc = free_port(), free_port()
    process = subprocess.Popen(
        [binary, "--host", "127.0.0.1", "--port", str(http), "--scheme", "http"],
        env=_environment(folder, grpc),
        stdout=(folder / "weaviate.log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        _wait(f"http://127.0.0.1:{http}/v1/.well-known/ready", process, folder / "weaviate.log")
        yield WeaviatePlace(f"http://127.0.0.1:{http}", KEY, grpc)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def _environment(folder: Path, grpc: int) -> dict[str, str]:
    ports = {name: str(free_port()) for name in ("CLUSTER_GOSSIP_BIND_PORT", "CLUSTER_DATA_BIND_PORT", "RAFT_PORT")}
    return os.environ | ports | {
        "PERSISTENCE_DATA_PATH": str(folder / "data"),
        "RAFT_INTERNAL_RPC_PORT": str(free_port()),
        "RAFT_BOOTSTRAP_EXPECT": "1",
        "CLUSTER_HOSTNAME": "node1",
        "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
        "GRPC_PORT": str(grpc),
        "DEFAULT_VECTORIZER_MODULE": "none",
        "AUTHENTICATION_APIKEY_ENABLED": "true",
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": KEY,
        "AUTHENTICATION_APIKEY_USERS": "rapporteur",
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
        "AUTHORIZATION_ADMINLIST_ENABLED": "true",
        "AUTHORIZATION_ADMINLIST_USERS": "rapporteur",
        "DISABLE_TELEMETRY": "true",
        "GO_PROFILING_DISABLE": "true",
        "PROMETHEUS_MONITORING_ENABLED": "false",
    }  # fmt: skip


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        assert process.poll() is None, log.read_text()[-2000:]
        time.sleep(0.2)
    raise TimeoutError(log.read_text()[-2000:])
