"""The end of a meeting while things break: it can not overtake the last words, and a restart completes it."""

import asyncio

from contracts import subjects
from contracts.bus import Bus
from contracts.lifecycle import MeetingCompleted, MeetingEnding
from contracts.notes import NotesCheckpoint, RecapReady
from contracts.recap import Recap
from contracts.records import decode, encode
from contracts.transcript import TrackFinished
from tests.faults.conftest import Report, StartGateway, StartWorker
from tests.faults.processes import GatewayProcess
from tests.faults.test_gateway_faults import PATIENCE_S, Meeting, check_all, owner_of, recorded


async def test_an_end_that_a_killed_gateway_interrupts_is_completed_with_the_last_words(
    bus: Bus, start_gateway: StartGateway, start_worker: StartWorker, report: Report
) -> None:
    frames = 150
    gateway = start_gateway("gateway")
    start_worker("worker")
    async with recorded(bus, gateway, frames) as meeting:
        await meeting.watch.more_finals(1)
        async with owner_of(gateway) as http:
            (await http.post(f"/v1/meetings/{meeting.id}/end")).raise_for_status()
        waiting = frames - meeting.microphone.captured
        gateway.kill()
        await asyncio.sleep(0.5)
        gateway.start()
        await gateway.ready()
    await check_all(bus, meeting, frames)
    recap = RecapReady(meeting.id, Recap("Fault", "It was ended."), NotesCheckpoint())
    await bus.append(subjects.notes(meeting.id), encode(recap), msg_id=subjects.new_id())
    async with asyncio.timeout(PATIENCE_S):
        await _completed(gateway, meeting)
    await _in_order(bus, meeting)
    report("end interrupted", frames=frames, said_after_the_end_was_asked_for=waiting)


async def _completed(gateway: GatewayProcess, meeting: Meeting) -> None:
    async with owner_of(gateway) as http:
        while (await http.get(f"/v1/meetings/{meeting.id}")).json()["state"] != "completed":  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def _in_order(bus: Bus, meeting: Meeting) -> None:
    """Ending was asked for, then the track was finished, then the meeting was complete; each once."""
    everything = await bus.read_until(subjects.MEETING_STREAM, subjects.everything(meeting.id), 1, 2**62)
    ends = [
        type(r) for m in everything if isinstance(r := decode(m.data), MeetingEnding | TrackFinished | MeetingCompleted)
    ]
    assert ends == [MeetingEnding, TrackFinished, MeetingCompleted]
