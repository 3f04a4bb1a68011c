"""Tells a gateway which voices were told apart in a meeting: read from the checkpoints in its log, never stored."""

import msgspec

from contracts import records, subjects
from contracts.bus import Bus
from contracts.errors import Fault
from contracts.voices import HeardVoice, MixedTrack, VoicesReply, VoicesRequest
from stream_workers.labelled import State, label
from stream_workers.voices import PRINTS


class VoiceDesk:
    """Answers requests on ``subjects.VOICES``; needs no model, so any worker can."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._bus.serve(subjects.VOICES, subjects.VOICES_QUEUE, self.answer)

    async def answer(self, data: bytes) -> bytes:
        """The reply to a request; empty when it cannot be read or the bus does not answer."""
        try:
            request = msgspec.json.decode(data, type=VoicesRequest)
            found = [voice for track in request.tracks for voice in await self._heard(request.meeting, track)]
        except (Fault, msgspec.DecodeError, UnicodeError):
            found = []
        return msgspec.json.encode(VoicesReply(PRINTS, tuple(found)))

    async def _heard(self, meeting: str, track: MixedTrack) -> list[HeardVoice]:
        last = await self._bus.last(subjects.MEETING_STREAM, subjects.transcript(meeting, track.track))
        checkpoint = getattr(records.decode(last.data), "checkpoint", None) if last else None
        if checkpoint is None or not checkpoint.state:
            return []
        state = msgspec.msgpack.decode(checkpoint.state, type=State)
        return [HeardVoice(label(track.mixed_before, k.label), k.mean, k.seconds) for k in state.known]
