"""Transcripts as input: their turns become final segments of a running server, its notes come back."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec

from contracts.errors import BadInput
from deploy.client import Server

BATCH = 200
_KEPT = ("kind", "text", "owner", "due", "due_words", "status", "evidence", "id", "confidence")


class Speaker(msgspec.Struct, frozen=True):
    """Who a speaker label stands for."""

    role: str | None = None
    name: str | None = None


class Turn(msgspec.Struct, frozen=True):
    """What one person said in one go; meeting seconds."""

    speaker: str
    start: float
    end: float
    text: str


class Script(msgspec.Struct, frozen=True):
    """A transcript: speakers by label, and turns. Anything else in the file is ignored."""

    id: str
    turns: tuple[Turn, ...]
    speakers: dict[str, Speaker] = {}
    language: str = "en"

    def name(self, label: str) -> str:
        """What a speaker is called: the name, else the role, else the label."""
        speaker = self.speakers.get(label) or Speaker()
        return speaker.name or speaker.role or label

    @property
    def participants(self) -> tuple[str, ...]:
        """Everybody who speaks, once, in the order of the file."""
        return tuple(dict.fromkeys(self.name(label) for label in self.speakers))


def read(path: Path) -> Script:
    """The transcript in ``path``, its turns in time order. Raises BadInput."""
    try:
        script = msgspec.json.decode(path.read_bytes(), type=Script)
    except (OSError, msgspec.DecodeError) as exc:
        raise BadInput(f"{path} is no transcript: {exc}", source="file") from exc
    return msgspec.structs.replace(script, turns=_apart(sorted(script.turns, key=lambda t: t.start)))


def _apart(turns: list[Turn]) -> tuple[Turn, ...]:
    """The turns with no two starting at the same instant: an id of a segment is made from its start."""
    found: list[Turn] = []
    for turn in turns:
        start = max(turn.start, found[-1].start + 0.001) if found else turn.start
        found.append(msgspec.structs.replace(turn, start=round(start, 3), end=round(max(turn.end, start + 0.001), 3)))
    return tuple(found)


async def send(server: Server, meeting: str, track: str, script: Script, *, pace: float) -> None:
    """Send all turns; each when it ended, ``pace`` times as slowly as it was spoken (0 = at once)."""
    path = f"/v1/meetings/{meeting}/segments"
    started = time.monotonic()
    turns = [
        {"speaker": script.name(t.speaker), "start": t.start, "end": t.end, "text": t.text}
        for t in script.turns
        if t.text
    ]
    position = 0
    while position < len(turns):
        heard_s = (time.monotonic() - started) / pace if pace else float("inf")
        due = [t for t in turns[position : position + BATCH] if float(str(t["end"])) <= heard_s]
        if due:
            await server.call("POST", path, {"track": track, "segments": due})
            position += len(due)
        else:
            await asyncio.sleep(max(0.05, (float(str(turns[position]["end"])) - heard_s) * pace))
    await server.call("POST", path, {"track": track, "segments": [], "last": True})


async def completed(server: Server, meeting: str) -> None:
    """Returns when the meeting is complete."""
    async for _ in server.feed(meeting):
        pass


async def notes_of(server: Server, meeting: str) -> list[dict[str, Any]]:
    """The items of a meeting that count, with their evidence."""
    answer = await server.call("GET", f"/v1/meetings/{meeting}/notes")
    items = answer.get("items", []) if isinstance(answer, dict) else answer
    alive = [i for i in items if not i.get("deleted") and not i.get("merged_into") and i.get("status") != "withdrawn"]
    return [{k: i.get(k) for k in _KEPT if k in i or k in ("owner", "due", "evidence")} for i in alive]
