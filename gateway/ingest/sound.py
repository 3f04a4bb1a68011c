"""Decoded packets to frames of the audio format: one media clock, silence, concealment, marked gaps. No I/O.

The RTP clock says where sound belongs. A jump of it without lost packets is a sender that was silent (DTX): silence.
A short loss is covered by the fading last 20 ms, because a hole in the middle of a word costs more words than it
hides; a longer one becomes a gap frame, which the transcript shows.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from contracts.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Flag, Frame, Gap, gap_frame
from gateway.ingest.jitter import Item, Lost, Packet, Restart

Pcm = NDArray[np.int16]
Decode = Callable[[bytes], Pcm]
"""One Opus packet to 16 kHz mono."""
TICKS_PER_SAMPLE = 3
"""RTP counts 48 kHz."""
CONCEALED_SAMPLES = SAMPLE_RATE_HZ // 5
"""A longer loss is a gap."""
SILENCE_MAX_SAMPLES = 60 * SAMPLE_RATE_HZ
"""A longer pause of the sender is a gap too: nobody wants an hour of zeros."""
_UNIT = SAMPLE_RATE_HZ // 50
_FADE = 0.6


class Sound:
    """The media of one track from one sender."""

    def __init__(self, session: int, decode: Decode, seq: int = 0, pts_samples: int = 0) -> None:
        self._session = session
        self._decode = decode
        self._seq = seq
        self._pts = pts_samples
        """Media time of the next frame."""
        self._rest: Pcm = np.zeros(0, np.int16)
        self._next_tick: int | None = None
        self._lost = False
        self._tail: Pcm = np.zeros(_UNIT, np.int16)

    def push(self, items: list[Item]) -> list[Frame]:
        """The frames that are complete now."""
        frames: list[Frame] = []
        for item in items:
            if isinstance(item, Lost):
                self._lost = True
            elif isinstance(item, Restart):
                self._next_tick = None
            else:
                frames += self._packet(item)
        return frames

    def skip(self, samples: int, cause: str) -> list[Frame]:
        """Sound that is known to be missing before what comes next."""
        return [*self._cut(everything=True), self._gap(samples, cause)] if samples > 0 else []

    def finish(self) -> list[Frame]:
        """The rest of the sound, and the frame that ends the track."""
        return [*self._cut(everything=True), self._frame(b"", Flag.LAST)]

    def _packet(self, packet: Packet) -> list[Frame]:
        frames: list[Frame] = []
        missing = 0 if self._next_tick is None else (packet.timestamp - self._next_tick) // TICKS_PER_SAMPLE
        if missing > 0:
            frames += self._missing(missing)
        self._lost = False
        pcm = self._decode(packet.payload) if packet.payload else self._tail[:0]
        self._next_tick = packet.timestamp + len(pcm) * TICKS_PER_SAMPLE
        if len(pcm):
            self._tail = pcm[-_UNIT:]
            self._rest = np.concatenate([self._rest, pcm])
        return frames + self._cut()

    def _missing(self, samples: int) -> list[Frame]:
        if self._lost and samples <= CONCEALED_SAMPLES:
            self._rest = np.concatenate([self._rest, self._concealed(samples)])
            return []
        if not self._lost and samples <= SILENCE_MAX_SAMPLES:
            self._rest = np.concatenate([self._rest, np.zeros(samples, np.int16)])
            return self._cut()
        return [*self._cut(everything=True), self._gap(samples, "network" if self._lost else "paused")]

    def _concealed(self, samples: int) -> Pcm:
        """The last sound again and again, there and back, fading."""
        units = -(-samples // max(1, len(self._tail)))
        loop = [self._tail[:: -1 if n % 2 == 0 else 1] * _FADE ** (n + 1) for n in range(units)]
        return np.concatenate(loop)[:samples].astype(np.int16)

    def _cut(self, *, everything: bool = False) -> list[Frame]:
        frames = []
        while len(self._rest) >= FRAME_SAMPLES or (everything and len(self._rest)):
            part, self._rest = self._rest[:FRAME_SAMPLES], self._rest[FRAME_SAMPLES:]
            frames.append(self._frame(part.astype("<i2").tobytes()))
        return frames

    def _frame(self, payload: bytes, flags: Flag = Flag.NONE) -> Frame:
        return self._numbered(Frame(self._session, self._seq, self._pts, payload, flags))

    def _gap(self, samples: int, cause: str) -> Frame:
        return self._numbered(gap_frame(self._session, self._seq, self._pts, Gap(samples, cause)))

    def _numbered(self, frame: Frame) -> Frame:
        self._seq += 1
        self._pts = frame.end_samples
        return frame
