"""``rapporteur import``: recordings that exist already become meetings, by the resumable upload of the public API."""

import asyncio
import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from contracts.errors import BadInput, Conflict, Unavailable
from deploy import settings
from deploy.client import Server, server_for

POLL_S = 0.5
PATIENCE = 20
"""Broken connections in a row before an upload is given up."""


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", help="Address of the server; default: the one of the data folder.")
@click.option("--title", help="Title of the meeting; default: the file's name.")
@click.option("--language", help="Language code; default: it is detected.")
def import_(files: tuple[Path, ...], url: str | None, title: str | None, language: str | None) -> None:
    """Turn the recordings FILES into meetings, faster than real time."""
    console = Console(highlight=False)

    async def body() -> None:
        async with server_for(settings.load(os.environ), url) as server:
            for file in files:
                meeting = await bring(server, file, console, title=title, language=language)
                console.print(f"{file.name}: meeting {meeting}", soft_wrap=True)

    asyncio.run(body())


async def bring(server: Server, file: Path, console: Console, *, title: str | None, language: str | None) -> str:
    """Upload ``file`` and wait until its meeting is complete; returns the meeting's id. Raises Faults."""
    size = (await asyncio.to_thread(file.stat)).st_size
    wanted = {"name": file.name, "size_bytes": size, "title": title, "language": language}
    status = await server.call("POST", "/v1/uploads", {k: v for k, v in wanted.items() if v is not None})
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(f"sending {file.name}"[:24], total=max(1, size))
        status = await _send(server, file, status, bars, bar)
        bars.update(bar, description="transcribing", total=None)
        while status["state"] not in ("done", "failed"):
            await asyncio.sleep(POLL_S)
            status = await server.call("GET", f"/v1/uploads/{status['upload']}")
        if status["state"] == "failed":
            raise BadInput(f"{file.name}: {status['detail']}", source="file")
        async for _ in server.feed(str(status["meeting"])):
            pass
    return str(status["meeting"])


async def _send(server: Server, file: Path, status: dict[str, Any], bars: Progress, bar: TaskID) -> dict[str, Any]:
    path, misses = f"/v1/uploads/{status['upload']}", 0
    while status["state"] == "receiving" and status["offset"] < status["size_bytes"]:
        chunk = await asyncio.to_thread(_read, file, status["offset"], status["chunk_bytes"])
        try:
            status = await server.send_bytes(path, chunk, offset=status["offset"])
            misses = 0
        except (Unavailable, Conflict):
            misses += 1
            if misses >= PATIENCE:
                raise
            await asyncio.sleep(POLL_S)
            status = await _where(server, path, status)
        bars.update(bar, completed=status["offset"])
    return status


async def _where(server: Server, path: str, status: dict[str, Any]) -> dict[str, Any]:
    """How far the server says the upload is; what was known when it does not answer yet."""
    try:
        found: dict[str, Any] = await server.call("GET", path)
    except Unavailable:
        return status
    return found


def _read(file: Path, offset: int, count: int) -> bytes:
    with file.open("rb") as source:
        source.seek(offset)
        return source.read(count)
