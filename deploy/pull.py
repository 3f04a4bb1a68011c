"""Fetching of several models with progress bars for people and a progress file for the gateway."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from contracts.errors import Fault, Misconfigured
from contracts.service import EXIT_FAULT, EXIT_OK
from deploy import models
from deploy.fetch import DEFAULT_HUB, Fetcher
from deploy.models import Model, State

WRITE_EVERY_S = 0.5
AIR_GAPPED = (
    "Without a network: run `rapporteur models pull` on a machine that has one and copy its model folder here, "
    "or point pip at an internal mirror."
)


class Board:
    """The progress of all wanted models: bars on a terminal, lines elsewhere, and the file that the gateway reads."""

    def __init__(self, wanted: Sequence[Model], root: Path, file: Path | None, console: Console) -> None:
        self._lines: dict[str, models.Progress] = {}
        self._file = file
        self._console = console
        self._written_at = 0.0
        self._bars = Progress(
            TextColumn("{task.description:<28}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console
        )
        self._tasks: dict[str, TaskID] = {}
        for model in wanted:
            self._lines[model.name] = models.progress_of(model, root)
        self._write()

    def __enter__(self) -> "Board":
        if self._console.is_terminal and self.missing:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @property
    def missing(self) -> bool:
        """Whether a wanted model is not here."""
        return any(line.state != "present" for line in self._lines.values())

    def state(self, name: str) -> State:
        """What is known of a model."""
        return self._lines[name].state

    def begin(self, name: str) -> None:
        """A model is being fetched from now on."""
        line = self._lines[name]
        self._tasks[name] = self._bars.add_task(name, total=line.total_bytes)
        if not self._console.is_terminal:
            self._console.print(f"fetching {name} ({line.total_bytes / 1e6:.0f} MB)")
        self._set(name, state="fetching")

    def advance(self, name: str, done_bytes: int) -> None:
        """So many bytes are here; never more than the total is shown."""
        done = min(done_bytes, self._lines[name].total_bytes)
        self._bars.update(self._tasks[name], completed=done)
        self._set(name, done_bytes=done, soon=True)

    def end(self, name: str, fault: Fault | None = None) -> None:
        """A model is here, or could not be had."""
        line = self._lines[name]
        if fault is None:
            self._bars.update(self._tasks[name], completed=line.total_bytes)
            self._set(name, state="present", done_bytes=line.total_bytes)
        else:
            self._set(name, state="failed", detail=fault.detail)

    def _set(self, name: str, *, soon: bool = False, **changes: object) -> None:
        self._lines[name] = msgspec.structs.replace(self._lines[name], **changes)
        if not soon or time.monotonic() - self._written_at > WRITE_EVERY_S:
            self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        if self._file is not None:
            models.replace_file(self._file, msgspec.json.encode(list(self._lines.values())))


def pull(wanted: Sequence[Model], root: Path, *, progress: Path | None = None, console: Console | None = None) -> None:
    """Make all ``wanted`` models present, smallest need first. Raises Misconfigured naming those it could not get.

    One process at a time fetches into ``root``; another waits and then finds the files there.
    """
    console = console or Console(stderr=True)
    fetcher = Fetcher(root, hub=os.environ.get("HF_ENDPOINT") or DEFAULT_HUB)
    failed: list[str] = []
    with Board(wanted, root, progress, console) as board:
        if not board.missing:
            return
        with _only_one(root):
            for model in wanted:
                if board.state(model.name) != "present":
                    failed += _pull_one(fetcher, model, board)
    if failed:
        raise Misconfigured(f"not fetched: {'; '.join(failed)}. {AIR_GAPPED} Folder: {root}", source="models")


def _pull_one(fetcher: Fetcher, model: Model, board: Board) -> list[str]:
    board.begin(model.name)
    try:
        fetcher.fetch(model, lambda done: board.advance(model.name, done))
    except Fault as fault:
        board.end(model.name, fault)
        return [f"{model.name} ({fault.detail})"]
    board.end(model.name)
    return []


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / ".lock").open("w")
    except OSError as exc:
        raise Misconfigured(f"the model folder {root} cannot be written: {exc.strerror}", source="models") from exc
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """``python -m deploy.pull PROGRESS_FILE MODEL_DIR NAME…``: what the one-box supervisor runs beside the services.

    It says itself what is missing, so the reasons go to the progress file only.
    """
    progress, root, *names = sys.argv[1:]
    chosen = [m for m in models.read_manifest() if m.name in names]
    try:
        pull(chosen, Path(root), progress=Path(progress))
    except Fault:
        return EXIT_FAULT
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
