"""Tells people about open tracks that no worker can take yet."""

import asyncio
from typing import NoReturn

import msgspec

from contracts import subjects
from contracts.bus import Bus, Entry
from contracts.errors import Unavailable
from contracts.live import TrackHealth, TrackWork, encode_live

_EVERY_S = 1.0
_decoder = msgspec.json.Decoder(TrackWork)


def work_of(entry: Entry) -> TrackWork | None:
    """The open track in ``entry``; None when it is closed or cannot be read."""
    try:
        return _decoder.decode(entry.value) if entry.value else None
    except msgspec.DecodeError:
        return None


async def report_waiting(bus: Bus, work: TrackWork, detail: str) -> None:
    """Say once that ``work`` waits, and for what."""
    health = TrackHealth(work.meeting, work.track, 0, interims=False, detail=detail)
    await bus.publish_live(subjects.live(work.meeting, work.track), encode_live(health))


async def report_all(bus: Bus, detail: str) -> NoReturn:
    """Say of every open track, each second, that it waits."""
    while True:
        await asyncio.sleep(_EVERY_S)
        try:
            entries = await bus.snapshot(subjects.WORK_BUCKET, subjects.TRACK_WORK_ALL)
        except Unavailable:
            entries = {}
        for entry in entries.values():
            work = work_of(entry)
            if work is not None:
                await report_waiting(bus, work, detail)
