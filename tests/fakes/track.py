"""A track as a gateway would put it on the bus, with a record of what was published."""

import contextlib

import msgspec

from contracts import subjects
from contracts.audio import FRAME_SAMPLES, Frame, encode_frame
from contracts.bus import Bus
from contracts.live import TrackWork
from contracts.records import decode
from contracts.transcript import TrackEpoch
from tests.fakes.ledger import Ledger, check_complete, read_ledger, records_of
from tests.fakes.sound import frame


class FakeTrack:
    """Publishes numbered frames of one track and checks its log afterwards."""

    def __init__(self, bus: Bus, meeting: str = "m1", track: str = "t1", offset_s: float = 0.0) -> None:
        self._bus = bus
        self.work = TrackWork(meeting, track, offset_s)
        self.key = subjects.track_work(meeting, track)
        self.published: dict[int, Frame] = {}
        self.next_seq = 0

    async def open(self) -> None:
        """Put the track on the work list."""
        await self._bus.put(subjects.WORK_BUCKET, self.key, msgspec.json.encode(self.work))

    async def send(self, sound: Frame, msg_id: str | None = None) -> int:
        """Store one frame; returns its AUDIO sequence."""
        seq = await self.send_raw(encode_frame(sound), msg_id or f"{self.work.track}.{sound.session}.{sound.seq}")
        self.published[seq] = sound
        return seq

    async def send_raw(self, data: bytes, msg_id: str) -> int:
        """Store any bytes as a frame."""
        return await self._bus.append(subjects.audio(self.work.meeting, self.work.track), data, msg_id=msg_id)

    async def speak(self, frames: int) -> None:
        """Store the next ``frames`` frames."""
        for _ in range(frames):
            await self.send(frame(self.next_seq))
            self.next_seq += 1

    async def end(self) -> None:
        """Store the last frame."""
        await self.send(frame(self.next_seq, last=True))

    @property
    def end_sample(self) -> int:
        """Media sample after all that ``speak`` published."""
        return self.next_seq * FRAME_SAMPLES

    async def ledger(self) -> Ledger:
        """The checked log."""
        stored = await records_of(self._bus, self.work.meeting, self.work.track)
        return read_ledger(stored, self.published, self.work.offset_s)

    async def check(self, gaps: tuple[tuple[int, int, str], ...] = ()) -> Ledger:
        """Check that the whole track is in the log; returns it."""
        ledger = await self.ledger()
        check_complete(ledger, self.end_sample, gaps)
        return ledger

    async def taken(self, times: int) -> None:
        """Return when workers have taken the track over ``times`` times in all."""
        reader = self._bus.reader(subjects.MEETING_STREAM, subjects.transcript(self.work.meeting, self.work.track))
        while times > 0:
            for message in await reader.fetch():
                times -= isinstance(decode(message.data), TrackEpoch)
        await reader.close()

    async def closed(self) -> None:
        """Return when a worker has taken the track off the work list."""
        async with contextlib.aclosing(self._bus.entries(subjects.WORK_BUCKET, self.key)) as entries:
            async for entry in entries:
                if entry.value is None:
                    return
