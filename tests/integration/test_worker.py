"""A worker against a real nats-server; only the speech model is scripted."""

import asyncio
import contextlib
from pathlib import Path

import numpy as np
import soundfile

from contracts import subjects
from contracts.archive import read_index, track_dir
from contracts.audio import FRAME_SAMPLES, Gap, gap_frame
from contracts.bus import Bus
from contracts.errors import Unavailable
from contracts.settings import BusSettings
from stream_workers.owner import SUSPECT_ATTEMPTS
from tests.fakes.sound import frame, pcm
from tests.fakes.track import FakeTrack
from tests.fakes.transcriber import CYCLE, SPEECH, Job, ScriptedEngine, poison, refuse_first
from tests.integration.workers import running_worker

PATIENCE_S = 30


async def test_a_track_is_transcribed_recorded_trimmed_and_taken_off_the_list(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    track = FakeTrack(bus, offset_s=12.5)
    await track.open()
    async with asyncio.timeout(PATIENCE_S), running_worker(bus_settings, tmp_path):
        await track.speak(100)
        await track.end()
        await track.closed()
    ledger = await track.check()
    assert ledger.epochs == 1
    assert ledger.finals >= 4
    _check_recording(tmp_path / "archive", track)
    left = await bus.read_until(subjects.AUDIO_STREAM, subjects.audio("m1", "t1"), 1, 2**62)
    assert [m.seq for m in left] == [max(track.published)]


def _check_recording(root: Path, track: FakeTrack) -> None:
    entries = read_index(root, track.work.meeting, track.work.track)
    at = 0
    for entry in entries:
        assert entry.start_sample == at
        at += entry.samples
        if entry.file:
            sound, _ = soundfile.read(track_dir(root, "m1", "t1") / entry.file, dtype="int16")
            assert np.array_equal(sound, pcm(entry.start_sample, entry.samples))
    assert at == track.end_sample


async def test_lost_frames_and_gap_frames_become_gaps_and_doubles_are_ignored(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    track = FakeTrack(bus)
    await track.open()
    await track.speak(5)
    await track.send(frame(3), msg_id="again")
    await track.send(gap_frame(1, 5, 5 * FRAME_SAMPLES, Gap(2 * FRAME_SAMPLES, "paused")))
    track.next_seq = 10
    await track.speak(5)
    await track.send_raw(b"garbage", "garbage")
    track.next_seq = 16
    await track.speak(4)
    await track.end()
    async with asyncio.timeout(PATIENCE_S), running_worker(bus_settings, tmp_path):
        await track.closed()
    f = FRAME_SAMPLES
    gaps = ((5 * f, 7 * f, "paused"), (7 * f, 10 * f, "network"), (15 * f, 16 * f, "undecodable"))
    await track.check(gaps)
    recorded = read_index(tmp_path / "archive", "m1", "t1")
    assert tuple((e.start_sample, e.start_sample + e.samples, e.cause) for e in recorded if e.cause) == gaps


async def test_poison_sound_becomes_a_gap_and_other_tracks_go_on(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    sick, healthy = FakeTrack(bus, track="sick"), FakeTrack(bus, track="healthy")
    for track in (sick, healthy):
        await track.open()
        await track.speak(100)
        await track.end()
    engine = ScriptedEngine(fail=lambda job: poison(30)(job) if job.track == "sick" else None)
    async with asyncio.timeout(PATIENCE_S), running_worker(bus_settings, tmp_path, engine):
        await healthy.closed()
        await sick.closed()
    await healthy.check()
    ledger = await sick.ledger()
    assert ledger.finished
    [(start, end, cause)] = ledger.gaps
    assert cause == "undecodable"
    assert start == CYCLE
    assert end >= CYCLE + SPEECH


async def test_a_busy_engine_is_asked_again_and_nothing_is_skipped(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    track = FakeTrack(bus)
    await track.open()
    await track.speak(30)
    await track.end()
    engine = ScriptedEngine(fail=refuse_first(2))
    async with asyncio.timeout(PATIENCE_S), running_worker(bus_settings, tmp_path, engine):
        await track.closed()
    await track.check()


async def test_a_worker_that_loses_its_lease_again_and_again_skips_no_sound(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    track, busy = FakeTrack(bus), True

    def fail(_job: Job) -> None:
        if busy:
            raise Unavailable("busy", source="engine")

    await track.open()
    await track.speak(30)
    await track.end()
    async with asyncio.timeout(2 * PATIENCE_S), running_worker(bus_settings, tmp_path, ScriptedEngine(fail=fail)):
        for times in range(1, SUSPECT_ATTEMPTS + 2):
            await track.taken(times)
            await bus.delete(subjects.LEASE_BUCKET, track.key)
        busy = False
        await track.closed()
    ledger = await track.check()
    assert ledger.epochs > SUSPECT_ATTEMPTS


async def test_a_worker_that_stops_hands_its_tracks_over(bus: Bus, bus_settings: BusSettings, tmp_path: Path) -> None:
    track = FakeTrack(bus)
    await track.open()
    async with asyncio.timeout(PATIENCE_S), contextlib.AsyncExitStack() as stack:
        stop_first = await stack.enter_async_context(running_worker(bus_settings, tmp_path))
        await track.speak(60)
        await track.taken(1)
        await stack.enter_async_context(running_worker(bus_settings, tmp_path))
        stop_first.set()
        await track.taken(2)
        await track.speak(60)
        await track.end()
        await track.closed()
    ledger = await track.check()
    assert ledger.epochs == 2


async def test_a_finished_track_whose_sound_was_removed_is_taken_off_the_list(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    track = FakeTrack(bus)
    await track.open()
    await track.speak(30)
    await track.end()
    async with asyncio.timeout(PATIENCE_S):
        async with running_worker(bus_settings, tmp_path):
            await track.closed()
        await bus.purge(subjects.AUDIO_STREAM, subjects.audio("m1", "t1"))
        await track.open()
        async with running_worker(bus_settings, tmp_path):
            await track.closed()
    ledger = await track.check()
    assert ledger.epochs == 1


async def test_a_track_that_is_taken_off_the_list_is_let_go_at_once(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    track = FakeTrack(bus)
    await track.open()
    async with asyncio.timeout(PATIENCE_S), running_worker(bus_settings, tmp_path):
        await track.speak(30)
        await track.taken(1)
        await bus.delete(subjects.WORK_BUCKET, track.key)
        async with contextlib.aclosing(bus.entries(subjects.LEASE_BUCKET, track.key)) as entries:
            async for entry in entries:
                if entry.value is None:
                    break
