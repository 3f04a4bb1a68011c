"""One WebRTC sender: connection, order, decoding, storing. Its faults end only itself.

The only place that reaches into aiortc: its audio jitter buffer gives up 100 ms and adds delay for ever at one
lost packet, so it is replaced on the receiver by a tap that hands every packet to our own.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp
from av import AudioResampler, CodecContext, Packet
from av.error import FFmpegError

from contracts import log, subjects
from contracts.audio import SAMPLE_RATE_HZ, Frame, encode_frame
from contracts.bus import Bus
from contracts.errors import BadInput, Fault, StorageFull, Unavailable
from gateway.ingest.hush import Hush
from gateway.ingest.jitter import JitterBuffer
from gateway.ingest.offer import Fragment
from gateway.ingest.session import HighWater
from gateway.ingest.sound import Pcm, Sound

ANSWER_S = 15.0
TICK_S = 0.02
QUEUE_FRAMES = 256
"""About 15 s of sound may wait for the bus; what is older is dropped and marked."""
_RETRY_S = 0.3
GIVE_UP_S = 60.0
_OPUS = "audio/opus"
_TAPPED = "_RTCRtpReceiver__jitter_buffer"


class OpusDecoder:
    """Opus packets to 16 kHz mono; a damaged packet is 20 ms of silence."""

    def __init__(self) -> None:
        self._codec: Any = CodecContext.create("libopus", "r")
        self._codec.sample_rate = 48_000
        self._codec.layout = "stereo"
        self._to_mono = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)

    def __call__(self, payload: bytes) -> Pcm:
        """The sound of one packet."""
        try:
            parts = [r for f in self._codec.decode(Packet(payload)) for r in self._to_mono.resample(f)]
        except FFmpegError:
            return np.zeros(SAMPLE_RATE_HZ // 50, np.int16)
        arrays = [part.to_ndarray().reshape(-1) for part in parts]
        return np.concatenate(arrays).astype(np.int16) if arrays else np.zeros(0, np.int16)


class Tap:
    """Stands where aiortc has its jitter buffer; gives it nothing to decode."""

    def __init__(self, take: Callable[[int, int, bytes], None]) -> None:
        self._take = take

    def add(self, packet: Any) -> tuple[bool, None]:
        """Pass a packet on."""
        self._take(packet.sequence_number, packet.timestamp, packet._data)
        return False, None


class Peer:
    """A sender from its offer to the LAST frame of its track.

    ``stays``: whoever vanishes without a goodbye may come back to the same track; what was lost meanwhile is a gap.
    """

    def __init__(
        self,
        bus: Bus,
        meeting: str,
        track: str,
        configuration: RTCConfiguration | None = None,
        *,
        mark: HighWater | None = None,
        stays: bool = False,
    ) -> None:
        self._bus = bus
        self._mark = mark or HighWater()
        self._stays = stays
        self._ended = not stays
        """Whether the track ends with this peer."""
        self._heard_at = float("-inf")
        self.quiet = ""
        """Why nothing may be kept right now (``paused``, ``off_record``), or empty."""
        self._subject = subjects.audio(meeting, track)
        self._track = track
        self._connection = RTCPeerConnection(configuration)
        self._jitter = JitterBuffer()
        session = max(int(time.time()), self._mark.session + 1)
        self._sound = Sound(session, OpusDecoder(), pts_samples=self._mark.pts_samples)
        self._frames: asyncio.Queue[tuple[Frame | None, str]] = asyncio.Queue(QUEUE_FRAMES)
        """With why each may not be kept; None: nothing more comes from this peer."""
        self._gone = asyncio.Event()
        self._changed = asyncio.Event()
        """Connected, or gone before that."""
        self._log = log.get(part="whip", meeting=meeting, track=track)
        self._connection.on("connectionstatechange", self._state_changed)

    async def answer(self, offer: str) -> str:
        """Our answer, with all our candidates. Raises BadInput for an offer that cannot be answered."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
                self._prepare()
                await self._connection.setLocalDescription(await self._connection.createAnswer())
        except TimeoutError as exc:
            raise Unavailable("no network address was found in time", source="whip") from exc
        except Exception as exc:  # aiortc parses with asserts, index and value errors: all mean a bad offer
            raise BadInput("the offer cannot be answered", source="client") from exc
        return str(self._connection.localDescription.sdp)

    def _prepare(self) -> None:
        for transceiver in self._connection.getTransceivers():
            if transceiver.kind == "audio":
                if not hasattr(transceiver.receiver, _TAPPED):
                    raise Unavailable("this version of aiortc has another receiver", source="whip")
                setattr(transceiver.receiver, _TAPPED, Tap(self._take))
                transceiver.direction = "recvonly"
                able = RTCRtpReceiver.getCapabilities("audio")
                transceiver.setCodecPreferences([c for c in (able.codecs if able else ()) if c.mimeType == _OPUS])
            else:
                transceiver.direction = "inactive"

    async def trickle(self, fragment: Fragment) -> None:
        """Take candidates that the client found later. Raises BadInput."""
        for mid, line in fragment.candidates:
            try:
                candidate = candidate_from_sdp(line)
            except (ValueError, IndexError, AssertionError) as exc:
                raise BadInput("not a candidate", source="client") from exc
            candidate.sdpMid = mid
            await self._connection.addIceCandidate(candidate)
        if fragment.complete:
            await self._connection.addIceCandidate(None)

    def leave(self, *, ends: bool = True) -> None:
        """The client has said goodbye or may not send any more; without ``ends`` somebody else goes on."""
        self._ended = ends or not self._stays
        self._gone.set()
        self._changed.set()

    def heard_within(self, seconds: float, now: float) -> bool:
        """Whether a packet came in the last ``seconds`` before monotonic ``now``, kept or not."""
        return now - self._heard_at <= seconds

    async def run(self, connect_s: float) -> None:
        """Store what comes until the sender is gone, then end the track."""
        began = time.monotonic()
        storing = asyncio.create_task(self._store(), name=f"whip.store:{self._track}")
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(connect_s):
                    await self._changed.wait()
            if self._connection.connectionState == "connected":
                await self._tick()
            self._put(self._sound.push(self._jitter.finish()))
            rest = self._sound.finish()
            self._put(rest if self._ended else rest[:-1])
            if not self._ended:
                await self._frames.put((None, ""))
            await storing
        finally:
            storing.cancel()
            await self._connection.close()
            self._log.info("whip.left", seconds=round(time.monotonic() - began, 1), late=self._jitter.late)

    async def _tick(self) -> None:
        while not self._gone.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._gone.wait()
            self._put(self._sound.push(self._jitter.tick(time.monotonic())))

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state in ("failed", "closed"):
            self._gone.set()
        if state in ("connected", "failed", "closed"):
            self._changed.set()

    def _take(self, sequence: int, timestamp: int, payload: bytes) -> None:
        if self._heard_at < 0:
            self._put(self._sound.skip(self._mark.ago(time.time()), "network"))
        self._heard_at = time.monotonic()
        self._put(self._sound.push(self._jitter.push(sequence, timestamp, payload, time.monotonic())))

    def _put(self, frames: list[Frame]) -> None:
        for frame in frames:
            if self._frames.full():
                self._frames.get_nowait()
            self._frames.put_nowait((frame, self.quiet))

    async def _store(self) -> None:
        """Append in order; the sequence numbers of frames that were dropped show as a hole in the media time."""
        hush, last_seq = Hush(), self._mark.stream_seq
        while True:
            frame, cause = await self._frames.get()
            try:
                for kept in hush.flush() if frame is None else hush.take(frame, cause or self.quiet):
                    last_seq = await self._append(kept, last_seq)
            except Fault as fault:
                self._log.warning("whip.lost", detail=fault.detail)
                self._gone.set()
                return
            if frame is None or frame.is_last:
                return

    async def _append(self, frame: Frame, last_seq: int) -> int:
        msg_id = f"{self._track}:{frame.session}:{frame.seq}"
        since = time.monotonic()
        while True:
            try:
                return await self._bus.append(self._subject, encode_frame(frame), msg_id=msg_id, expect_last=last_seq)
            except (StorageFull, Unavailable):
                if time.monotonic() - since > GIVE_UP_S:
                    raise
                await asyncio.sleep(_RETRY_S)
