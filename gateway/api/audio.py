"""The recording of a meeting as a WAV file that is made while it is read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Stream

from contracts import subjects
from contracts.archive import read_index
from contracts.audio import decode_frame
from contracts.errors import BadInput
from gateway.auth.guard import acting
from gateway.lifecycle import TRANSCRIPT
from gateway.recording import Piece, Recording, archived, not_yet_archived, parse_range
from gateway.services import Injected, Services
from gateway.view import MeetingView, Track

BLOCK_BYTES = 160_000
"""Five seconds."""


@get("/v1/meetings/{meeting:str}/audio.wav", tags=["recording"], summary="The recording, all tracks mixed")
async def recording(request: Request[Any, Any, Any], services: Injected, meeting: FromPath[str]) -> Stream:
    """Mono, 16 kHz, 16 bit. Ranges are served by decoding just that part."""
    view = await services.outline(acting(request), meeting)
    sound = await _recording(services, view)
    headers = {"accept-ranges": "bytes", "cache-control": "private, no-cache"}
    try:
        part = parse_range(request.headers.get("range", ""), sound.size_bytes)
    except BadInput:
        headers |= {"content-range": f"bytes */{sound.size_bytes}"}
        return Stream(iter(()), status_code=416, media_type="audio/wav", headers=headers)
    start, end = part or (0, sound.size_bytes - 1)
    headers["content-length"] = str(end - start + 1)
    if part:
        headers["content-range"] = f"bytes {start}-{end}/{sound.size_bytes}"
    return Stream(_blocks(sound, start, end), status_code=206 if part else 200, media_type="audio/wav", headers=headers)


async def _blocks(sound: Recording, start: int, end: int) -> AsyncIterator[bytes]:
    while start <= end:
        count = min(BLOCK_BYTES, end - start + 1)
        yield await asyncio.to_thread(sound.wav, start, count)
        start += count


async def _recording(services: Services, view: MeetingView) -> Recording:
    pieces: list[Piece] = []
    for track in view.tracks.values():
        if track.source != TRANSCRIPT:
            pieces += await _pieces(services, view.meeting, track)
    return Recording(pieces)


async def _pieces(services: Services, meeting: str, track: Track) -> list[Piece]:
    root = services.settings.archive_path
    entries = await asyncio.to_thread(read_index, root, meeting, track.track)
    pieces = archived(root, meeting, track.track, track.offset_s, entries)
    done = entries[-1] if entries else None
    subject = subjects.audio(meeting, track.track)
    newest = await services.bus.last(subjects.AUDIO_STREAM, subject)
    after = done.audio_seq if done else 0
    if newest is None or newest.seq <= after:
        return pieces
    stored = await services.bus.read_until(subjects.AUDIO_STREAM, subject, after + 1, newest.seq)
    frames = [decode_frame(message.data) for message in stored]
    return pieces + not_yet_archived(track.offset_s, frames, done.start_sample + done.samples if done else 0)
