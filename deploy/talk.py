"""``rapporteur stream | tail | replay``: commands that talk to a running server through its public API."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from contracts.errors import Unavailable
from contracts.transcript import Segment
from deploy import replay as replaying
from deploy import settings
from deploy.client import FeedMessage, Server, server_for
from deploy.play import Player, decode
from deploy.view import TranscriptView

COMPLETION_TIMEOUT_S = 900.0
_url = click.option("--url", help="Address of the server; default: the one of the data folder.")


class Screen:
    """Live text: finals scroll by, the open words stand below them. ``log`` gets an event for every change."""

    def __init__(self, console: Console, log: TextIO | None, since_start_s: Callable[[], float | None]) -> None:
        self._console = console
        self._live = Live(Text(""), console=console, auto_refresh=False, transient=True)
        self._log = log
        self._since_start_s = since_start_s
        self._last = ("", "")
        self.view = TranscriptView()

    def __enter__(self) -> "Screen":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, message: FeedMessage) -> None:
        """Take a feed message in and show what it changed."""
        changed = self.view.apply(message)
        if changed is not None and changed.rev == 0:
            self._console.print(_line(changed))
        self._live.update(Text(self.view.interim_text, style="dim italic"), refresh=self._live.is_started)
        now = (self.view.final_text, self.view.interim_text)
        at_s = self._since_start_s()
        if self._log is not None and at_s is not None and now != self._last:
            self._log.write(json.dumps({"t": round(at_s, 3), "final": now[0], "interim": now[1]}) + "\n")
            self._log.flush()
        self._last = now


def _line(segment: Segment) -> Text:
    minutes, seconds = divmod(int(segment.start), 60)
    who = f"{segment.speaker}: " if segment.speaker else ""
    return Text.assemble((f"{minutes:02d}:{seconds:02d} ", "dim"), (who, "bold"), segment.text)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_url
@click.option("--realtime/--fast", default=True, help="At the pace of speech (default), or as fast as it is taken.")
@click.option("--events", type=click.Path(dir_okay=False, path_type=Path), help="Write every change of the text here.")
@click.option("--title", help="Title of the meeting; default: the file's name.")
@click.option("--language", help="Language code; default: it is detected.")
@click.option("--speaker", help="Who speaks, when it is one person.")
@click.option("--meeting", help="Add the track to this meeting instead of starting one.")
@click.option("--keep-open", is_flag=True, help="Do not end the meeting afterwards.")
def stream(  # noqa: PLR0913  # one argument for each option of the command
    file: Path, url: str | None, realtime: bool, events: Path | None, title: str | None, language: str | None,
    speaker: str | None, meeting: str | None, keep_open: bool,
) -> None:  # fmt: skip
    """Play the recording FILE as a live track and show the captions as they come."""
    pcm = decode(file)

    async def work(server: Server) -> None:
        room = meeting or await server.start_meeting(title=title or file.stem, language=language)
        track = await server.add_track(room, "mic", speaker=speaker)
        player = Player(server, room, track, pcm, pace=1.0 if realtime else 0.0)
        console = Console(highlight=False)
        with _optional(events) as log, Screen(console, log, lambda: _elapsed_s(player)) as screen:
            await _play_and_follow(server, room, track, player, screen, end=not keep_open)
        console.print(f"[dim]meeting {room}[/]", soft_wrap=True)

    _run(url, work)


async def _play_and_follow(
    server: Server, meeting: str, track: str, player: Player, screen: Screen, *, end: bool
) -> None:
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(_follow(server, meeting, screen, until_track=None if end else track), name="feed")
        await player.play()
        if end:
            await server.call("POST", f"/v1/meetings/{meeting}/end")
        await _at_most(following, COMPLETION_TIMEOUT_S)


async def _at_most(work: Awaitable[None], timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await work
    except TimeoutError as exc:
        raise Unavailable(f"the meeting was not complete after {timeout_s:g} s", source="server") from exc


async def _follow(server: Server, meeting: str, screen: Screen, *, until_track: str | None = None) -> None:
    async for message in server.feed(meeting):
        screen.show(message)
        if until_track is not None and message.type == "track.finished" and _names(message.track, until_track):
            return


def _names(track: Any, wanted: str) -> bool:
    return bool(track == wanted or (isinstance(track, dict) and track.get("track") == wanted))


@click.command()
@click.argument("meeting")
@_url
def tail(meeting: str, url: str | None) -> None:
    """Follow a meeting: captions and notes as they come."""

    async def work(server: Server) -> None:
        await server.call("GET", f"/v1/meetings/{meeting}")
        console = Console(highlight=False)
        with Screen(console, None, lambda: None) as screen:
            async for message in server.feed(meeting):
                if message.type == "snapshot":
                    for segment in message.segments:
                        console.print(_line(segment))
                screen.show(message)
                for item in message.items if message.type == "notes.updated" else ():
                    owner = f" — {item['owner']}" if item.get("owner") else ""
                    console.print(Text(f"      {item.get('kind')}: {item.get('text')}{owner}", style="cyan"))

    _run(url, work)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_url
@click.option("--notes", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Write the notes here.")
@click.option("--speed", type=click.FloatRange(min=0.1), default=20.0, show_default=True, help="Times real time.")
@click.option("--fast", is_flag=True, help="All turns at once.")
@click.option("--title", help="Title of the meeting; default: its id.")
def replay(file: Path, url: str | None, notes: Path, speed: float, fast: bool, title: str | None) -> None:
    """Feed the turns of a transcript through the analyzer of a running server and write its notes."""
    script = replaying.read(file)
    found: list[dict[str, Any]] = []

    async def work(server: Server) -> None:
        meeting = await server.start_meeting(
            title=title or script.id, language=script.language, participants=script.participants
        )
        track = await server.add_track(meeting, "transcript")
        await replaying.send(server, meeting, track, script, pace=0.0 if fast else 1.0 / speed)
        await server.call("POST", f"/v1/meetings/{meeting}/end")
        await _at_most(replaying.completed(server, meeting), COMPLETION_TIMEOUT_S)
        found.extend(await replaying.notes_of(server, meeting))
        Console(highlight=False).print(f"{len(found)} items from meeting {meeting} in {notes}", soft_wrap=True)

    _run(url, work)
    notes.write_text(json.dumps(found, indent=1, ensure_ascii=False))


def _elapsed_s(player: Player) -> float | None:
    return None if player.started_at is None else time.monotonic() - player.started_at


class _optional:  # noqa: N801  # reads as a function
    """The file opened for writing, or None."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("w") if path else None

    def __enter__(self) -> TextIO | None:
        return self._file

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()


def _run(url: str | None, work: Callable[[Server], Coroutine[Any, Any, None]]) -> None:
    async def body() -> None:
        async with server_for(settings.load(os.environ), url) as server:
            await work(server)

    asyncio.run(body())
