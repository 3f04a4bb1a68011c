"""Measure the notes of a running server: ``python -m tests.eval.bench_notes [--stream FILE] [--replay FILE]…``.

``--stream`` plays a recording at the pace of speech and tells how long after it was said each item was on the feed;
``--replay`` sends all turns of a transcript at once, or at ``--pace``. Both tell how long after the end the recap was
there, and what it cost the machine is up to what else runs on it: give it an idle one. Start the server first
(``rapporteur up``).
"""

import argparse
import asyncio
import os
import time
from pathlib import Path
from typing import Any

from deploy import replay as replaying
from deploy import settings
from deploy.client import FeedMessage, Server, server_for
from deploy.play import Player, decode

COMPLETION_TIMEOUT_S = 600.0


class Seen:
    """When things came on the feed of one meeting, in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self.items: dict[str, tuple[float, dict[str, Any]]] = {}
        self.better: dict[str, float] = {}
        self.recap_at: float | None = None

    def take(self, message: FeedMessage, now: float) -> None:
        """One message."""
        if message.type == "recap.ready":
            self.recap_at = now
        for item in message.items if message.type == "notes.updated" else ():
            if item["id"] not in self.items:
                self.items[item["id"]] = (now, item)
            elif item["text"] != self.items[item["id"]][1]["text"]:
                self.better[item["id"]] = now


async def follow(server: Server, meeting: str, seen: Seen) -> None:
    """Take in the feed until the recap is there."""
    async for message in server.feed(meeting):
        seen.take(message, time.monotonic())
        if seen.recap_at is not None:
            return


async def streamed(server: Server, file: Path) -> str:
    """Play ``file`` and tell when its items were shown."""
    meeting = await server.start_meeting(title=file.stem, language="en")
    track = await server.add_track(meeting, "mic")
    player, seen = Player(server, meeting, track, decode(file), pace=1.0), Seen()
    async with asyncio.timeout(COMPLETION_TIMEOUT_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(server, meeting, seen))
        await player.play()
        await server.call("POST", f"/v1/meetings/{meeting}/end")
        ended = time.monotonic()
    began = player.started_at or ended
    waits = sorted(at - began - min(e["end"] for e in item["evidence"]) for at, item in seen.items.values())
    return f"{file.name}: {_waits(waits)}, recap {_after(seen, ended)}, {len(seen.better)} texts improved by then"


async def replayed(server: Server, file: Path, pace: float) -> str:
    """Send the transcript in ``file``, ``pace`` times as slowly as it was spoken, and tell when its recap was there."""
    script = replaying.read(file)
    meeting = await server.start_meeting(title=script.id, participants=script.participants)
    track = await server.add_track(meeting, "transcript")
    seen = Seen()
    async with asyncio.timeout(COMPLETION_TIMEOUT_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(server, meeting, seen))
        began = time.monotonic()
        await replaying.send(server, meeting, track, script, pace=pace)
        await server.call("POST", f"/v1/meetings/{meeting}/end")
        ended = time.monotonic()
    first = min((at for at, _ in seen.items.values()), default=began) - began
    last = max((at for at, _ in seen.items.values()), default=began) - began
    minutes = script.turns[-1].end / 60
    shown = f"{len(seen.items)} items, the first after {first:.1f} s, the last after {last:.1f} s"
    return f"{file.name} ({minutes:.0f} minutes): {shown}, recap {_after(seen, ended)}"


def _waits(waits: list[float]) -> str:
    if not waits:
        return "no items"
    p95 = waits[min(len(waits) - 1, int(0.95 * len(waits)))]
    return f"{len(waits)} items, said to shown p50 {waits[len(waits) // 2]:.1f} s, p95 {p95:.1f} s"


def _after(seen: Seen, ended: float) -> str:
    return "missing" if seen.recap_at is None else f"{seen.recap_at - ended:.1f} s after the end"


async def bench(args: argparse.Namespace) -> None:
    """Measure one after the other."""
    async with server_for(settings.load(os.environ), args.url) as server:
        for file in args.replay:
            print(await replayed(server, file, args.pace), flush=True)
        for file in args.stream:
            print(await streamed(server, file), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="address of the server; default: the one of the data folder")
    parser.add_argument("--stream", type=Path, action="append", default=[], help="a recording, at the pace of speech")
    parser.add_argument("--replay", type=Path, action="append", default=[], help="a transcript, all turns at once")
    parser.add_argument(
        "--pace", type=float, default=0.0, help="of the transcript: 0.05 = twenty times as fast as spoken"
    )
    asyncio.run(bench(parser.parse_args()))


if __name__ == "__main__":
    main()
