"""One meeting: holds its lease, reads its log, makes passes, writes notes with fenced appends, ends with the recap."""

import asyncio
import contextlib
import time

from analyzer.aside import Aside
from analyzer.brain import Brain, Step
from analyzer.models import Models
from analyzer.transcript import Transcript
from analyzer.window import View, Window
from contracts import log, records, subjects
from contracts.bus import Bus
from contracts.bus.lease import Lease
from contracts.errors import Fenced, Unavailable
from contracts.live import AnalyzerHealth, MeetingWork, encode_live
from contracts.notes import NotesCheckpoint, NotesEpoch, NotesRecord, NotesUpdated, RecapReady

RENEW_S = 1.0
FETCH_S = 0.5
HEALTH_S = 5.0
CHAPTERS_S = 20.0
"""After the end of a meeting the model writes chapters for so long; the recap waits for the others in plain words."""
WITHIN_S = 75.0
"""The recap is to be there so long after the end; its summary gets the rest of it, SUMMARY_S at least."""
SUMMARY_S = 30.0
IMPROVE_S = 90.0
"""After the recap the model improves items for at most so long."""


class Session:
    """The analyzer's work on one meeting, while the lease lasts."""

    def __init__(self, bus: Bus, work: MeetingWork, owner: str, models: Models, brain: Brain) -> None:
        self._bus = bus
        self._work = work
        self._meeting = work.meeting
        self._owner = owner
        self._models = models
        self._brain = brain
        self._transcript = Transcript(work.meeting)
        self._window = Window()
        self._subject = subjects.notes(work.meeting)
        self._reader = bus.reader(subjects.MEETING_STREAM, subjects.everything(work.meeting))
        self._last_own = 0
        self._written = 0
        self._id = subjects.new_id()
        self._health_at = float("-inf")
        self._log = log.get(meeting=work.meeting)

    async def run(self) -> bool:
        """Work until the notes are complete. True when they are; False when another owner has the meeting."""
        lease = self._bus.lease(subjects.meeting_work(self._meeting), self._owner)
        if not await lease.acquire():
            return False
        complete = False
        try:
            async with asyncio.TaskGroup() as tasks:
                keeper = tasks.create_task(_keep(lease), name=f"lease:{self._meeting}")
                await self._work_through(tasks)
                keeper.cancel()
            complete = True
        except* Fenced:
            self._log.info("meeting.lost")
        finally:
            await self._reader.close()
            await lease.release()
        return complete

    async def _work_through(self, tasks: asyncio.TaskGroup) -> None:
        await self._take()
        transcript = self._transcript
        aside = Aside(self._brain, transcript, tasks)
        while not transcript.deleted:
            await self._read(FETCH_S)
            view = self._window.next(transcript, transcript.checkpoint.meeting_seq, time.monotonic())
            if view is not None:
                await self._pass(view)
            elif transcript.drained:
                aside.drop()
                await self._finish()
                await self._let_go()
                await self._improve(aside)
                return
            await self._publish(await aside.done(time.time()))
            aside.go_on(self._models.llm)
            await self._tell(time.monotonic(), "busy" if view else "ok")
        aside.drop()
        await self._let_go()

    async def _let_go(self) -> None:
        """Nothing of this meeting must be done; from here on a key in the bucket is a new wish."""
        await self._bus.delete(subjects.WORK_BUCKET, subjects.meeting_work(self._meeting))

    async def _take(self) -> None:
        """Fence older owners off: from here on only our appends to the notes succeed."""
        last = await self._bus.last(subjects.MEETING_STREAM, self._subject)
        self._last_own = last.seq if last else 0
        if last is not None:
            await self._read_to(last.seq)
        await self._append(NotesEpoch(self._meeting, self._owner, self._transcript.checkpoint))
        self._log.info("meeting.taken", seq=self._last_own)

    async def _read(self, timeout_s: float) -> None:
        for stored in await self._reader.fetch(timeout_s=timeout_s, batch=256):
            before = len(self._transcript.heard)
            self._transcript.apply(stored.seq, records.decode(stored.data))
            if len(self._transcript.heard) != before:
                self._window.arrived(time.monotonic() - min(60.0, max(0.0, time.time() - stored.at)))

    async def _read_to(self, seq: int) -> None:
        while self._transcript.seq < seq:
            await self._read(FETCH_S)

    async def _append(self, record: NotesRecord) -> None:
        self._written += 1
        # Unique per session: a worker that takes a meeting again must not repeat the ids of its earlier session,
        # or the server would take its records for retries and drop them.
        msg_id = f"{self._id}-{self._written}"
        data = records.encode(record)
        self._last_own = await self._bus.append(self._subject, data, msg_id=msg_id, expect_last=self._last_own)
        await self._read_to(self._last_own)

    async def _pass(self, view: View) -> None:
        began = time.monotonic()
        await self._tell(began, "busy")
        step = await self._brain.pass_over(view, self._transcript, time.time())
        await self._publish(step, view.upto_seq)
        seconds = round(time.monotonic() - began, 2)
        self._log.info("pass.made", units=len(view.fresh), items=len(step.items), seconds=seconds, upto=view.upto_seq)

    async def _publish(self, step: Step | None, done_seq: int | None = None) -> None:
        """Append what ``step`` changes; ``done_seq`` moves the checkpoint, None leaves it where it is."""
        if step is None or (done_seq is None and step == Step()):
            return
        done = self._transcript.checkpoint.meeting_seq if done_seq is None else done_seq
        await self._append(NotesUpdated(self._meeting, NotesCheckpoint(done), step.items, step.summary, step.chapters))

    async def _finish(self) -> None:
        """The last chapters and the recap, soon: what the model has no time for is told in the words that were said."""
        transcript = self._transcript
        if transcript.notes.recap is not None and not self._work.recap:
            return
        began = time.monotonic()
        while True:
            model = self._models.llm if time.monotonic() - began < CHAPTERS_S else None
            step = await self._brain.part(transcript, model, over=True)
            if step is None:
                break
            await self._publish(step)
        template = self._work.recap or "general"
        left_s = max(SUMMARY_S, WITHIN_S - (time.monotonic() - began))
        recap = await self._brain.recap(transcript, self._models.llm, time.time(), template, left_s)
        await self._publish(Step(summary=recap.summary))
        await self._append(RecapReady(self._meeting, recap, transcript.checkpoint))
        items, seconds = len(transcript.notes.shown()), round(time.monotonic() - began, 2)
        self._log.info("recap.written", chapters=len(recap.chapters), items=items, seconds=seconds)

    async def _improve(self, aside: Aside) -> None:
        """Better words for items that still wait for them, now that nobody waits for anything else."""
        until = time.monotonic() + IMPROVE_S
        key = subjects.meeting_work(self._meeting)
        while not self._transcript.deleted and time.monotonic() < until:
            aside.go_on(self._models.llm)
            if aside.idle or key in await self._bus.snapshot(subjects.WORK_BUCKET, key):
                break
            await aside.settled(FETCH_S)
            await self._read(0.05)
            await self._publish(await aside.done(time.time()))
        aside.drop()

    async def _tell(self, now: float, state: str) -> None:
        """Tell the page how the notes are doing, on a change of state at once, else every HEALTH_S."""
        if now - self._health_at < HEALTH_S and state != "busy":
            return
        self._health_at = now
        if self._models.llm is None:
            state = "loading"
        elif self._brain.llm_failed:
            state = "down"
        waiting = self._transcript.arrived_after(self._transcript.checkpoint.meeting_seq)
        lag_s = self._transcript.end_s - waiting[0].segment.end if waiting else 0.0
        health = AnalyzerHealth(self._meeting, state, round(max(0.0, lag_s), 1), self._models.detail)
        await self._bus.publish_live(subjects.live(self._meeting, "analyzer"), encode_live(health))


async def _keep(lease: Lease) -> None:
    """Hold the lease until another owner has it: then Fenced.

    A renewal that comes late, because the machine was busy or the bus away, costs nothing while nobody else took
    the meeting. Appends are fenced, so an owner that was overtaken can not write; a pass is dear and not thrown away.
    """
    while True:
        await asyncio.sleep(RENEW_S)
        with contextlib.suppress(Unavailable):
            try:
                await lease.renew()
            except Fenced:
                if not await lease.acquire():
                    raise
