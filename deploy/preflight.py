"""What must be true before anything is started; each failure is one line that says what to do."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from contracts.errors import Conflict, Misconfigured, StorageFull
from deploy.settings import OneBoxSettings

_SOURCE = "supervisor"
AUDIO_BYTES = 20 * 1024**3
MEETING_BYTES = 10 * 1024**3
SPARE_BYTES = 256 * 1024**2


class Address(msgspec.Struct, frozen=True):
    """``<data>/run/server.json``: where the running server of a data folder is."""

    url: str
    pid: int


def read_address(data: Path) -> Address | None:
    """The address that the server of this data folder left, or None."""
    try:
        return msgspec.json.decode((data / "run" / "server.json").read_bytes(), type=Address)
    except (OSError, msgspec.DecodeError):
        return None


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold the data folder for this process alone. Raises Conflict when another server has it."""
    try:
        (data / "run").mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data / "run" / "lock").open("w")
    except OSError as exc:
        raise Misconfigured(f"the data folder {data} cannot be written: {exc.strerror}", source=_SOURCE) from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            there = read_address(data)
            where = f" at {there.url} (process {there.pid})" if there else ""
            raise Conflict(
                f"the data folder {data} is in use by a running Rapporteur{where}; "
                "stop it, or choose another folder with RAPPORTEUR_DATA",
                source=_SOURCE,
            ) from exc
        yield


def check_port(chosen: OneBoxSettings) -> None:
    """Raises Conflict when the port is taken, Misconfigured when the address is not ours."""
    try:
        found = socket.getaddrinfo(chosen.host, chosen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as exc:
        raise Misconfigured(f"RAPPORTEUR_HOST {chosen.host!r} is no address of this machine", source=_SOURCE) from exc
    family, kind, _, _, address = found[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError as exc:
            raise Misconfigured(f"port {chosen.port} may not be used by this user; set PORT=…", source=_SOURCE) from exc
        except OSError as exc:
            raise Conflict(
                f"port {chosen.port} on {chosen.host} is taken; choose another with PORT=…", source=_SOURCE
            ) from exc


def free_beside(chosen: OneBoxSettings) -> int:
    """The next port, or where somebody has that, one that nobody listens on right now."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    for port in (chosen.port + 1, 0):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((chosen.host, port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    return chosen.port + 1


def check_disk(chosen: OneBoxSettings) -> None:
    """Raises StorageFull when less than ``min_free_mb`` is free where the data are."""
    free_mb = shutil.disk_usage(chosen.data).free // 10**6
    if free_mb < chosen.min_free_mb:
        raise StorageFull(
            f"only {free_mb} MB are free at {chosen.data}; {chosen.min_free_mb} MB are needed "
            "(RAPPORTEUR_MIN_FREE_MB, or choose another folder with RAPPORTEUR_DATA)",
            source=_SOURCE,
        )


def bus_budget(data: Path) -> dict[str, int]:
    """Stream budgets that fit this disk, so that a full stream refuses sound before the disk is full."""
    store = data / "jetstream"
    used = sum(p.stat().st_size for p in store.rglob("*") if p.is_file()) if store.exists() else 0
    room = max(SPARE_BYTES, shutil.disk_usage(data).free + used - 2 * SPARE_BYTES)
    return {
        "audio_max_bytes": min(AUDIO_BYTES, room * 6 // 10),
        "meeting_max_bytes": min(MEETING_BYTES, room * 2 // 10),
    }


def write_private(path: Path, data: bytes) -> None:
    """Replace a file that only this user may read."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
    temporary.replace(path)
