"""The line of media time: whatever frames come, each sample is laid once, in order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contracts.audio import FRAME_SAMPLES, Flag, Frame, Gap, encode_frame, gap_frame
from stream_workers.timeline import FILL_SAMPLES, End, Hole, Piece, Sound, Timeline
from tests.fakes.sound import frame, pcm


def _laid(timeline: Timeline, frames: list[Frame]) -> list[Piece]:
    return [p for seq, f in enumerate(frames, timeline.newest_seq + 1) for p in timeline.push(seq, encode_frame(f))]


def test_a_repeated_frame_is_laid_once() -> None:
    pieces = _laid(Timeline(0), [frame(0), frame(0), frame(1)])
    assert [p.start for p in pieces] == [0, FRAME_SAMPLES]


def test_a_lost_frame_is_a_hole_in_the_network() -> None:
    pieces = _laid(Timeline(0), [frame(0), frame(2)])
    assert pieces[1] == Hole(FRAME_SAMPLES, FRAME_SAMPLES, "network")


def test_a_jump_in_time_without_a_lost_frame_is_sleep() -> None:
    pieces = _laid(Timeline(0), [frame(0), frame(1, pts=160_000)])
    assert pieces[1] == Hole(FRAME_SAMPLES, 160_000 - FRAME_SAMPLES, "sleep")


def test_a_tiny_jump_is_filled_with_silence() -> None:
    pieces = _laid(Timeline(0), [frame(0), frame(1, pts=FRAME_SAMPLES + FILL_SAMPLES)])
    assert isinstance(pieces[1], Sound)
    assert not pieces[1].pcm.any()
    assert len(pieces[1].pcm) == FILL_SAMPLES


def test_a_restart_within_a_frame_lays_the_rest_of_it() -> None:
    timeline = Timeline(FRAME_SAMPLES + 100, audio_seq=1)
    [piece] = timeline.push(2, encode_frame(frame(1)))
    assert isinstance(piece, Sound)
    assert piece.start == FRAME_SAMPLES + 100
    assert np.array_equal(piece.pcm, pcm(FRAME_SAMPLES + 100, FRAME_SAMPLES - 100))


def test_nothing_comes_after_the_last_frame() -> None:
    pieces = _laid(Timeline(0), [frame(0), frame(1, last=True), frame(2)])
    assert pieces[1:] == [End(FRAME_SAMPLES, 2)]


def test_a_frame_is_complete_when_all_its_samples_are_and_the_last_one_never() -> None:
    timeline = Timeline(0)
    _laid(timeline, [frame(0), frame(1), frame(1), frame(2, last=True)])
    assert timeline.complete(FRAME_SAMPLES - 1) == 0
    assert timeline.complete(FRAME_SAMPLES) == 1
    assert timeline.complete(2 * FRAME_SAMPLES) == 3
    assert timeline.complete(10 * FRAME_SAMPLES) == 3


PTS = st.integers(0, 40 * FRAME_SAMPLES)
SOUND = st.builds(
    lambda at, n, seq, session: Frame(session, seq, at, pcm(at, n).astype("<i2").tobytes()),
    PTS,
    st.integers(1, 2 * FRAME_SAMPLES),
    st.integers(0, 2**32 - 1),
    st.integers(0, 3),
)
GAP_SAMPLES = st.integers(1, 50_000)
GAP = st.builds(lambda at, n, seq: gap_frame(1, seq, at, Gap(n, "paused")), PTS, GAP_SAMPLES, st.integers(0, 9))
MESSAGE = st.one_of(SOUND.map(encode_frame), GAP.map(encode_frame), st.binary(max_size=64))


@given(st.lists(MESSAGE, max_size=30), st.integers(0, 10_000))
def test_any_frames_make_one_unbroken_line(messages: list[bytes], start: int) -> None:
    timeline, at = Timeline(start), start
    for seq, data in enumerate(messages, 1):
        for piece in timeline.push(seq, data):
            assert piece.start == at
            assert not isinstance(piece, End)
            assert piece.end > at
            if isinstance(piece, Sound) and piece.pcm.any():
                assert np.array_equal(piece.pcm, pcm(piece.start, len(piece.pcm)))
            at = piece.end
    assert timeline.position == at


@given(st.lists(MESSAGE, max_size=20), st.data())
def test_a_restart_at_any_sample_lays_the_same_rest(messages: list[bytes], data: st.DataObject) -> None:
    whole = Timeline(0)
    for seq, message in enumerate(messages, 1):
        whole.push(seq, message)
    cut = data.draw(st.integers(0, whole.position))
    audio_seq = _complete_at(messages, cut)
    again = Timeline(cut, audio_seq)
    for seq, message in enumerate(messages[audio_seq:], audio_seq + 1):
        again.push(seq, message)
    assert again.position == max(cut, whole.position)


def _complete_at(messages: list[bytes], cut: int) -> int:
    timeline = Timeline(0)
    for seq, message in enumerate(messages, 1):
        timeline.push(seq, message)
    return timeline.complete(cut)


def test_an_empty_last_frame_after_a_jump_shows_the_hole() -> None:
    last = Frame(1, 5, 5 * FRAME_SAMPLES, b"", Flag.LAST)
    pieces = _laid(Timeline(0), [frame(0), last])
    assert pieces[1:] == [Hole(FRAME_SAMPLES, 4 * FRAME_SAMPLES, "network"), End(5 * FRAME_SAMPLES, 2)]
