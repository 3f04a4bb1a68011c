"""The second pass of a worker against a real nats-server; only the speech model is scripted."""

import asyncio
from pathlib import Path

import pytest

from contracts import subjects
from contracts.bus import Bus
from contracts.errors import Unavailable
from contracts.records import decode
from contracts.settings import BusSettings
from contracts.transcript import SegmentFinal, SegmentRevised, TrackFinished
from stream_workers import rereader
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis
from stream_workers.guards import GuardRules
from tests.fakes.track import FakeTrack
from tests.fakes.transcriber import Job, ScriptedEngine, is_speech, words_of
from tests.integration.workers import running_worker

PATIENCE_S = 30


@pytest.fixture(autouse=True)
def _scripted_words_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereader, "GuardRules", lambda: GuardRules(words_per_second=50.0))


class Better(ScriptedEngine):
    """Reads every second word otherwise when it is asked again; ``refuses`` answers first say that it is busy."""

    def __init__(self, refuses: int = 0) -> None:
        super().__init__()
        self.refuses = refuses

    async def submit(self, job: Job | DecodeJob) -> object:
        if isinstance(job, Job):
            return await super().submit(job)
        if self.refuses:
            self.refuses -= 1
            raise Unavailable("busy", source="engine")
        words = [w for w in words_of(0, job.pcm) if w.w != "0" and is_speech(job.start + round(w.s * 16_000))]
        return Hypothesis(
            tuple(HeardWord(f" {w.w}x" if i % 2 else f" {w.w}", w.s, w.e, 0.9) for i, w in enumerate(words)), "en"
        )


async def records(bus: Bus, track: FakeTrack) -> list[object]:
    subject = subjects.transcript(track.work.meeting, track.work.track)
    return [decode(m.data) for m in await bus.read_until(subjects.MEETING_STREAM, subject, 1, 2**62)]


async def recorded(bus: Bus, settings: BusSettings, data: Path, engine: ScriptedEngine) -> FakeTrack:
    track = FakeTrack(bus, offset_s=12.5)
    await track.open()
    async with asyncio.timeout(PATIENCE_S), running_worker(settings, data, engine, second_pass="base"):
        await track.speak(100)
        await track.end()
        await track.closed()
    return track


async def test_a_finished_track_is_read_again_and_revised(bus: Bus, bus_settings: BusSettings, tmp_path: Path) -> None:
    found = await records(bus, await recorded(bus, bus_settings, tmp_path, Better(refuses=1)))
    first = {r.segment.id: r.segment for r in found if isinstance(r, SegmentFinal)}
    again = [r for r in found if isinstance(r, SegmentRevised)]
    assert {r.segment.id for r in again} == first.keys()
    for record in again:
        old = first[record.segment.id]
        assert (record.reason, record.segment.rev) == ("second_pass", 1)
        assert (record.segment.start, record.segment.end) == (old.start, old.end)
        assert set(record.segment.text.replace("x", "").split()) >= set(old.text.split()[1:-1])
        assert "x" in record.segment.text
    assert sum(isinstance(r, TrackFinished) for r in found) == 1
    assert len({r.checkpoint for r in found[-len(again) - 1 :]}) == 1


async def test_a_pass_that_was_cut_off_is_finished_by_the_next_owner_and_says_nothing_twice(
    bus: Bus, bus_settings: BusSettings, tmp_path: Path
) -> None:
    track = await recorded(bus, bus_settings, tmp_path, Better())
    before = await records(bus, track)
    await track.open()
    async with asyncio.timeout(PATIENCE_S), running_worker(bus_settings, tmp_path, Better(), second_pass="base"):
        await track.closed()
    assert await records(bus, track) == before
