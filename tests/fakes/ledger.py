"""The checker of every fault test: each published sample is in exactly one final, gap or pause, in order."""

from collections import deque
from dataclasses import dataclass

from contracts import subjects
from contracts.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame
from contracts.bus import Bus, Stored
from contracts.records import TranscriptRecord, decode
from contracts.transcript import (
    Checkpoint,
    SegmentFinal,
    TrackAdvanced,
    TrackEpoch,
    TrackFinished,
    TrackGap,
)
from tests.fakes.sound import MODULUS
from tests.fakes.transcriber import is_speech, next_cut


@dataclass
class Ledger:
    """What the log of one track says."""

    finals: int = 0
    epochs: int = 0
    words: int = 0
    gaps: tuple[tuple[int, int, str], ...] = ()
    position: int = 0
    finished: bool = False


async def records_of(bus: Bus, meeting: str, track: str) -> list[Stored]:
    """The log of one track."""
    subject = subjects.transcript(meeting, track)
    return await bus.read_until(subjects.MEETING_STREAM, subject, 1, 2**62)


def samples(seconds: float) -> int:
    """Media seconds as samples, exactly: all times of the scripted sound are whole milliseconds."""
    return round(seconds * SAMPLE_RATE_HZ)


def read_ledger(stored: list[Stored], published: dict[int, Frame], offset_s: float = 0.0) -> Ledger:
    """Check the log against what was published (AUDIO sequence to frame); raises AssertionError."""
    ledger = Ledger()
    before = Checkpoint()
    waiting = deque(sorted(published.items()))
    for message in stored:
        record = decode(message.data)
        assert not ledger.finished, f"{type(record).__name__} after TrackFinished"
        checkpoint: Checkpoint = record.checkpoint  # type: ignore[union-attr]
        assert checkpoint is not None
        if isinstance(record, TrackEpoch):
            assert checkpoint == before, "a new owner began elsewhere than where the log ends"
            ledger.epochs += 1
            continue
        _check_sequence(checkpoint, waiting, before)
        _check_record(record, ledger, offset_s)  # type: ignore[arg-type]
        before = checkpoint
        assert ledger.position == checkpoint.samples, f"{record} does not reach its checkpoint"
    return ledger


def _check_record(record: TranscriptRecord, ledger: Ledger, offset_s: float) -> None:
    match record:
        case SegmentFinal(segment=segment):
            at = ledger.position
            for word in segment.words:
                start, end = samples(word.s - offset_s), samples(word.e - offset_s)
                assert start == at, f"word at {start}, the log ends at {at}: lost, doubled or out of order"
                assert int(word.w) == start // FRAME_SAMPLES % MODULUS == (end - 1) // FRAME_SAMPLES % MODULUS
                at = end
                ledger.words += 1
            ledger.position = at
            ledger.finals += 1
        case TrackGap(start=gap_start, end=gap_end, cause=cause):
            start, end = samples(gap_start - offset_s), samples(gap_end - offset_s)
            assert start == ledger.position, "a gap must begin where the log ends"
            assert end > start
            ledger.gaps += ((start, end, cause),)
            ledger.position = end
        case TrackAdvanced(checkpoint=checkpoint):
            assert not is_speech(ledger.position), "words were skipped"
            assert checkpoint.samples <= next_cut(ledger.position)
            ledger.position = checkpoint.samples
        case TrackFinished(end=end):
            assert samples(end - offset_s) == ledger.position
            ledger.finished = True
        case _:
            raise AssertionError(f"unexpected {record}")


def _check_sequence(checkpoint: Checkpoint, waiting: deque[tuple[int, Frame]], before: Checkpoint) -> None:
    """``audio_seq`` is the last frame behind which nothing of the account is missing; those leave ``waiting``."""
    assert checkpoint.audio_seq >= before.audio_seq
    while waiting and waiting[0][0] <= checkpoint.audio_seq:
        _, frame = waiting.popleft()
        assert frame.end_samples <= checkpoint.samples, "a frame counts as accounted for and is not"


def check_complete(ledger: Ledger, end: int, gaps: tuple[tuple[int, int, str], ...] = ()) -> None:
    """The whole track is in the log, with exactly these gaps."""
    assert ledger.finished
    assert ledger.position == end
    assert ledger.gaps == gaps
