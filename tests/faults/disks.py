"""Small and treacherous disks for tests; they need the right to mount."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DISK_BYTES = 96 * 1024**2


class CannotMount(Exception):
    """This machine does not let the tests mount a disk."""


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        raise CannotMount(f"no right to mount a disk here ({command[0]})") from exc


@contextlib.contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A file system in memory of ``size_bytes``."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@dataclass(frozen=True)
class PowerCutDisk:
    """A file system in a file. What the file holds is what has reached the disk; the rest is in memory only."""

    backing: Path
    path: Path

    def cut(self) -> "DiskImage":
        """What a computer finds on this disk whose power fails now."""
        image = self.backing.with_suffix(".cut")
        _run("cp", "--sparse=always", str(self.backing), str(image))
        return DiskImage(image)


@dataclass(frozen=True)
class DiskImage:
    """A disk after a power failure."""

    file: Path

    @contextlib.contextmanager
    def mounted(self) -> Iterator[Path]:
        """The file system, repaired from its journal."""
        with _mounted(self.file, self.file.with_suffix(".after")) as path:
            yield path


@contextlib.contextmanager
def power_cut_disk(folder: Path) -> Iterator[PowerCutDisk]:
    """A fresh ext4 disk that writes to its medium only what it is forced to."""
    folder.mkdir(parents=True, exist_ok=True)
    backing = folder / "disk.img"
    with backing.open("wb") as file:
        file.truncate(DISK_BYTES)
    _run("mkfs.ext4", "-q", str(backing))
    with _mounted(backing, folder / "disk") as path:
        yield PowerCutDisk(backing, path)


@contextlib.contextmanager
def _mounted(image: Path, at: Path) -> Iterator[Path]:
    at.mkdir()
    _run("mount", "-o", "loop,commit=300", str(image), str(at))
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=False)
