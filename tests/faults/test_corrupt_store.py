"""A disk that gives back other bytes than were written: nothing altered is taken for sound; what is gone is a gap."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from contracts import subjects
from contracts.audio import FRAME_SAMPLES, Frame, decode_frame
from contracts.bus import Bus
from contracts.settings import BusSettings
from tests.fakes.sound import frame
from tests.fakes.track import FakeTrack
from tests.faults.conftest import Report, StartWorker
from tests.servers import NatsServer

PATIENCE_S = 60
BEFORE, AFTER = 100, 40
Harm = Callable[[Path, random.Random], None]


def _flip_a_byte(messages: Path, rng: random.Random) -> None:
    block = messages / "1.blk"
    data = bytearray(block.read_bytes())
    data[rng.randrange(len(data) // 4, len(data) // 2)] ^= 1 << rng.randrange(8)
    block.write_bytes(data)


def _cut_the_block(messages: Path, rng: random.Random) -> None:
    block = messages / "1.blk"
    block.write_bytes(block.read_bytes()[: -rng.randrange(5_000, 20_000)])


def _cut_the_index(messages: Path, rng: random.Random) -> None:
    index = messages / "index.db"
    index.write_bytes(index.read_bytes()[: index.stat().st_size // 2])


HARMS: dict[str, tuple[Harm, bool]] = {
    "a byte after a clean stop": (_flip_a_byte, True),
    "a byte after kill -9": (_flip_a_byte, False),
    "a block that is too short": (_cut_the_block, True),
    "an index that is too short": (_cut_the_index, True),
}


@pytest.mark.parametrize("what", HARMS)
async def test_f23_damaged_sound_is_a_gap_and_never_other_sound(
    tmp_path: Path, start_worker: StartWorker, report: Report, what: str
) -> None:
    harm, clean = HARMS[what]
    folder = tmp_path / "store"
    folder.mkdir()
    server = NatsServer(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(server.kill)
        server.start()
        await server.ready()
        bus = await Bus.connect(BusSettings(url=server.url, audio_max_bytes=2**26, meeting_max_bytes=2**26))
        await bus.set_up()
        track = FakeTrack(bus)
        await track.open()
        await track.speak(BEFORE)
        if clean:
            server.stop()
        else:
            server.kill()
        harm(folder / "jetstream/jetstream/$G/streams/AUDIO/msgs", random.Random(23))
        server.start()
        await server.ready()
        lost = await _spoken_on_and_written(bus, track, lambda: start_worker("a", server.url))
        await bus.close()
    report("F23", damage=what, frames=BEFORE + AFTER, gone=lost, altered=0)


async def _spoken_on_and_written(bus: Bus, track: FakeTrack, start: Callable[[], object]) -> int:
    """The frames that are gone, once the track is finished and its log was found to be true."""
    await track.speak(AFTER)
    await track.end()
    track.published = await _unaltered(bus)
    start()
    async with asyncio.timeout(PATIENCE_S):
        await track.closed()
    gaps = _holes([f.seq for f in track.published.values()])
    await track.check(gaps)
    lost = sum(end - start for start, end, _ in gaps) // FRAME_SAMPLES
    assert lost <= BEFORE
    return lost


async def _unaltered(bus: Bus) -> dict[int, Frame]:
    """What the bus still has; every frame of it as it was published."""
    stored = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio("m1", "t1"), 1, 2**62)
    found = {message.seq: decode_frame(message.data) for message in stored}
    assert all(f == frame(f.seq, last=not f.payload) for f in found.values())
    return found


def _holes(seqs: list[int]) -> tuple[tuple[int, int, str], ...]:
    return tuple(((a + 1) * FRAME_SAMPLES, b * FRAME_SAMPLES, "network") for a, b in pairwise([-1, *seqs]) if b - a > 1)
