"""The analyzer on a real bus with the real embedder: from finals to notes and a recap. The writer is scripted."""

import asyncio
import json
import os
from collections.abc import AsyncIterator

import msgspec
import pytest

from analyzer.llm import Answer, Prompt
from analyzer.models import Models
from analyzer.settings import AnalyzerSettings
from analyzer.worker import Worker
from contracts import records, subjects
from contracts.bus import Bus
from contracts.embedder import MODEL_FOLDER, AsyncEmbedder
from contracts.lifecycle import MeetingEnding, MeetingStarted, TrackAdded
from contracts.live import MeetingWork
from contracts.notes import NotesEpoch, NotesUpdated, RecapReady, SegmentCorrected, fold_all
from contracts.recap import Recap
from contracts.records import Record
from contracts.settings import models_dir
from contracts.transcript import Segment, SegmentFinal, TrackFinished
from tests.fakes.language_model import ScriptedModel

FOLDER = models_dir(os.environ)
pytestmark = pytest.mark.skipif(not (FOLDER / MODEL_FOLDER).is_dir(), reason="the embedding model is not downloaded")
M, T = "meeting1", "track1"
LINES = [
    ("Ana", "Good morning everybody, let us start."),
    ("Ana", "The supplier is waiting for our price list."),
    ("Tom", "I will send the price list to the supplier by Friday."),
    ("Ana", "Great, thank you."),
    ("Ana", "That is all for today, goodbye."),
]


def written(prompt: Prompt) -> Answer:
    """Answers with the words of the excerpt's last lines, whatever is asked."""
    if '"title"' in prompt.user:
        return Answer(json.dumps({"title": "Price list", "summary": "Tom sends the price list to the supplier."}))
    if '"summary"' in prompt.user:
        return Answer(json.dumps({"summary": "Tom sends the price list to the supplier."}))
    return Answer(json.dumps({"text": "Send the price list to the supplier"}))


class Log:
    """Writes and reads the records of one meeting."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.count = 0
        self.said = 0

    async def put(self, subject: str, record: Record) -> None:
        self.count += 1
        await self.bus.append(subject, records.encode(record), msg_id=f"test-{self.count}")

    async def start(self) -> None:
        await self.put(subjects.lifecycle(M), MeetingStarted(M, "Prices", "u", 1_790_000_000.0))
        await self.put(subjects.lifecycle(M), TrackAdded(M, T, "transcript", 0.0))
        await self.bus.put(subjects.WORK_BUCKET, subjects.meeting_work(M), msgspec.json.encode(MeetingWork(M)))

    async def say(self, lines: list[tuple[str, str]]) -> None:
        for speaker, text in lines:
            n = self.said
            self.said += 1
            segment = Segment(f"{T}-{n}", T, 5.0 * n, 5.0 * n + 4.0, text, speaker=speaker, final=True)
            await self.put(subjects.transcript(M, T), SegmentFinal(M, segment))

    async def end(self) -> None:
        await self.put(subjects.lifecycle(M), MeetingEnding(M, 0.0))
        await self.put(subjects.transcript(M, T), TrackFinished(M, T, 60.0))

    async def until(self, kind: type[Record]) -> list[Record]:
        """All records up to the first of ``kind``, with an action item if it is one of notes."""
        reader = self.bus.reader(subjects.MEETING_STREAM, subjects.everything(M))
        found: list[Record] = []
        async with asyncio.timeout(60):
            while not any(isinstance(r, kind) and _telling(r) for r in found):
                found += [records.decode(s.data) for s in await reader.fetch(timeout_s=0.5)]
        await reader.close()
        return found


def _telling(record: Record) -> bool:
    return not isinstance(record, NotesUpdated) or any(i.kind == "action" for i in record.items)


@pytest.fixture
async def log(bus: Bus) -> Log:
    return Log(bus)


@pytest.fixture
async def worker(bus: Bus) -> AsyncIterator[Worker]:
    """A running analyzer whose models are loaded."""
    settings = AnalyzerSettings()
    models = Models(settings, FOLDER)
    models.embedder = await AsyncEmbedder.load(FOLDER)
    models.llm = ScriptedModel(written)
    stop = asyncio.Event()
    running = Worker(bus, models, settings)
    task = asyncio.create_task(running.run(stop))
    yield running
    stop.set()
    await task


async def test_words_become_an_action_with_owner_due_date_and_evidence_and_a_recap(log: Log, worker: Worker) -> None:
    await log.start()
    await log.say(LINES)
    await log.end()
    notes = fold_all(await log.until(RecapReady))
    actions = [i for i in notes.shown() if i.kind == "action"]
    assert [(a.text, a.owner, a.due_words) for a in actions] == [
        ("Send the price list to the supplier", "Tom", "by Friday")
    ]
    assert actions[0].evidence[0].quote == LINES[2][1]
    assert notes.recap is not None
    assert notes.recap.chapters[0].title == "Price list"
    assert [t.speaker for t in notes.recap.talk] == ["Ana", "Tom"]


async def test_a_meeting_without_words_gets_a_recap_at_once(log: Log, worker: Worker) -> None:
    await log.start()
    await log.end()
    records_ = await log.until(RecapReady)
    recap: Recap = next(r.recap for r in records_ if isinstance(r, RecapReady))
    assert recap.summary == "Nothing was said in this meeting."
    assert recap.title == "Prices"


async def test_the_open_meeting_is_closed_after_the_recap(log: Log, worker: Worker, bus: Bus) -> None:
    await log.start()
    await log.end()
    await log.until(RecapReady)
    async with asyncio.timeout(10):
        async for entry in bus.entries(subjects.WORK_BUCKET, "meeting.>"):
            if entry.value is None:
                break


async def test_an_item_whose_words_are_struck_is_withdrawn_with_the_reason(log: Log, worker: Worker) -> None:
    await log.start()
    await log.say(LINES)
    await log.until(NotesUpdated)
    await log.put(subjects.edits(M), SegmentCorrected(M, f"{T}-2", "u", 1.0, text=""))
    await log.end()
    notes = fold_all(await log.until(RecapReady))
    item = next(i for i in notes.items.values() if i.kind == "action")
    assert (item.status, item.history[-1].reason) == ("withdrawn", "the cited words were corrected")


async def test_a_worker_that_takes_a_meeting_again_writes_on(log: Log, worker: Worker, bus: Bus) -> None:
    """Its records must not pass for retries of those that it wrote the first time."""
    await log.start()
    await log.say(LINES[:3])
    await log.until(NotesEpoch)
    key = subjects.meeting_work(M)
    await bus.put(subjects.LEASE_BUCKET, key, b"somebody-else")
    await asyncio.sleep(2.5)  # more than one renewal: the session has noticed
    await bus.delete(subjects.LEASE_BUCKET, key)
    await log.say(LINES[3:])
    await log.end()
    found = await log.until(RecapReady)
    assert len([r for r in found if isinstance(r, NotesEpoch)]) == 2
    assert [i.text for i in fold_all(found).shown() if i.kind == "action"] == ["Send the price list to the supplier"]
