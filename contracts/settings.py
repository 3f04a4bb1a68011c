"""Environment to frozen structs: a misspelt or wrong setting stops the start with one clear line."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar, get_origin

import msgspec

from contracts.errors import Misconfigured

T = TypeVar("T", bound=msgspec.Struct)


class BusSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the NATS server is (prefix ``BUS_``)."""

    url: str = "nats://127.0.0.1:4222"
    """With user and password when the server wants them."""
    name: str = "rapporteur"
    """Connection name and inbox prefix, one per role."""
    audio_max_bytes: int = 20 * 1024**3
    """Budget of the AUDIO stream; sound beyond it is refused, never dropped silently."""
    meeting_max_bytes: int = 10 * 1024**3
    """Budget of the MEETING stream."""
    replicas: int = 1
    """Copies of each stream; 3 on a cluster."""


def load(prefix: str, kind: type[T], env: Mapping[str, str]) -> T:
    """The settings of ``kind`` from the variables that start with ``prefix``. Raises Misconfigured.

    A tuple is written with commas between its parts.
    """
    given = {k[len(prefix) :].lower(): v for k, v in env.items() if k.startswith(prefix)}
    lists = {f.name for f in msgspec.structs.fields(kind) if get_origin(f.type) is tuple}
    raw = {k: [part.strip() for part in v.split(",") if part.strip()] if k in lists else v for k, v in given.items()}
    try:
        return msgspec.convert(raw, kind, strict=False, dec_hook=_path)
    except msgspec.ValidationError as exc:
        raise Misconfigured(f"setting {prefix}*: {exc}", source="settings") from exc


def _path(kind: type, value: object) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise NotImplementedError(kind)
    return Path(value).expanduser()


def data_dir(env: Mapping[str, str]) -> Path:
    """The data folder: RAPPORTEUR_DATA, or the user's data directory."""
    if env.get("RAPPORTEUR_DATA"):
        return Path(env["RAPPORTEUR_DATA"]).expanduser()
    base = Path(env.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
    return base / "rapporteur"


def models_dir(env: Mapping[str, str]) -> Path:
    """The model folder: RAPPORTEUR_MODELS, or the user's cache directory."""
    if env.get("RAPPORTEUR_MODELS"):
        return Path(env["RAPPORTEUR_MODELS"]).expanduser()
    base = Path(env.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return base / "rapporteur" / "models"


def cpu_count() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
