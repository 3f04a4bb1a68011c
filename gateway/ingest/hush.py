"""Puts gaps in the place of sound that its person does not want kept. No I/O.

Nothing of a paused or off-the-record person's sound passes, whatever their client sends. What is left out becomes
one gap frame, at the latest every ten seconds.
"""

from contracts.audio import SAMPLE_RATE_HZ, Flag, Frame, Gap, gap_frame

LONGEST_SAMPLES = 10 * SAMPLE_RATE_HZ


class Hush:
    """What of one track's frames may be stored. Give it every frame, in order."""

    def __init__(self) -> None:
        self._gap: Frame | None = None
        """Grows while frames are left out; it carries the number of the last of them."""
        self._cause = ""

    def take(self, frame: Frame, cause: str) -> list[Frame]:
        """The frames to store now. ``cause``: why nothing may be kept (``paused``, ``off_record``), or empty."""
        if not cause or not frame.samples or frame.gap is not None:
            return [*self.flush(), frame]
        done = [] if cause == self._cause else self.flush()
        if frame.is_last:
            return [*done, *self.flush(), _ended(frame)]
        return done + (self.flush() if self._grow(frame, cause) >= LONGEST_SAMPLES else [])

    def flush(self) -> list[Frame]:
        """The gap that is open, if one is."""
        gap, self._gap, self._cause = self._gap, None, ""
        return [] if gap is None else [gap]

    def _grow(self, frame: Frame, cause: str) -> int:
        """Take the frame into the gap; how long that is now."""
        start = frame.pts_samples if self._gap is None else self._gap.pts_samples
        self._cause = cause
        samples = frame.end_samples - start
        self._gap = gap_frame(frame.session, frame.seq, start, Gap(samples, cause))
        return samples


def _ended(frame: Frame) -> Frame:
    return Frame(frame.session, frame.seq, frame.pts_samples, b"", Flag.LAST)
