"""From stored frames to one unbroken line of media time; decides without I/O."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.audio import Frame, decode_frame
from contracts.errors import BadInput, TooLarge

FILL_SAMPLES = 320
"""A jump of at most 20 ms, less than any frame, is filled with silence instead of being called a gap."""

Pcm = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples that continue the line at ``start``."""

    start: int
    pcm: Pcm

    @property
    def end(self) -> int:
        """Media sample after the last one."""
        return self.start + len(self.pcm)


@dataclass(frozen=True, slots=True)
class Hole:
    """``samples`` of missing sound that continue the line at ``start``."""

    start: int
    samples: int
    cause: str

    @property
    def end(self) -> int:
        """Media sample after the hole."""
        return self.start + self.samples


@dataclass(frozen=True, slots=True)
class End:
    """The track ends at media sample ``start``; ``audio_seq`` is the last frame."""

    start: int
    audio_seq: int


Piece = Sound | Hole | End


class Timeline:
    """Turns frames into pieces that cover media time from ``samples`` on, each sample once, in order.

    What was covered before is cut off (a replay starts within a frame, a client sends twice); what is missing
    becomes a Hole with its cause; what cannot be read leaves a hole that the next frame shows.
    """

    def __init__(self, samples: int, audio_seq: int = 0) -> None:
        self.position = samples
        """Media sample up to which pieces were given out."""
        self.newest_seq = audio_seq
        """Stream sequence of the newest frame seen."""
        self.ended = False
        self._before: Frame | None = None
        self._unreadable = False
        self._ends: deque[tuple[int, int]] = deque()
        self._complete = audio_seq

    def push(self, audio_seq: int, data: bytes) -> list[Piece]:
        """The pieces that one stored message adds; frames after the last one add nothing."""
        self.newest_seq = audio_seq
        if self.ended:
            return []
        try:
            frame = decode_frame(data)
        except (BadInput, TooLarge):
            self._unreadable = True
            return []
        pieces = self._lay(frame)
        self._before, self._unreadable = frame, False
        if frame.is_last:
            self.ended = True
            pieces.append(End(self.position, audio_seq))
        else:
            self._ends.append((self.position, audio_seq))
        return pieces

    def _lay(self, frame: Frame) -> list[Piece]:
        pieces: list[Piece] = []
        missing = frame.pts_samples - self.position
        if 0 < missing <= FILL_SAMPLES:
            pieces.append(self._moved(Sound(self.position, np.zeros(missing, np.int16))))
        elif missing > 0:
            pieces.append(self._moved(Hole(self.position, missing, self._cause(frame))))
        known = self.position - frame.pts_samples
        if known >= frame.samples:
            return pieces
        gap = frame.gap
        if gap:
            pieces.append(self._moved(Hole(self.position, gap.samples - known, gap.cause)))
        else:
            pieces.append(self._moved(Sound(self.position, np.frombuffer(frame.payload, "<i2")[known:])))
        return pieces

    def _moved(self, piece: Sound | Hole) -> Sound | Hole:
        self.position = piece.end
        return piece

    def _cause(self, frame: Frame) -> str:
        """Why sound is missing before ``frame``: lost on the way, or never captured."""
        before = self._before
        if self._unreadable:
            return "undecodable"
        if before is not None and before.session == frame.session and frame.seq == before.seq + 1:
            return "sleep"
        return "network"

    def complete(self, samples: int) -> int:
        """Sequence of the last frame of which nothing lies behind ``samples``; 0 = none.

        ``samples`` never goes back. The last frame of the track is never complete: a new owner must find it.
        """
        while self._ends and self._ends[0][0] <= samples:
            self._complete = self._ends.popleft()[1]
        return self._complete
