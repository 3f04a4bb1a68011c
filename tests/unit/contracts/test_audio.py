"""Frames: what is encoded comes back, and nothing else is accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.audio import HEADER_BYTES, Flag, Frame, Gap, decode_frame, encode_frame, gap_frame
from contracts.errors import BadInput, TooLarge

frames = st.builds(
    Frame,
    session=st.integers(0, 2**32 - 1),
    seq=st.integers(0, 2**32 - 1),
    pts_samples=st.integers(0, 10**9),
    payload=st.binary(min_size=1, max_size=1000).map(lambda b: b + b),
)


@given(frames)
def test_a_frame_survives_the_wire(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@given(st.binary(max_size=200))
def test_garbage_is_refused_with_a_fault(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode_frame(data)


@given(frames, st.integers(0, 10**6), st.integers(0, 7))
def test_a_flipped_payload_bit_is_noticed(frame: Frame, where: int, bit: int) -> None:
    data = bytearray(encode_frame(frame))
    data[HEADER_BYTES + where % len(frame.payload)] ^= 1 << bit
    with pytest.raises(BadInput):
        decode_frame(bytes(data))


def test_oversized_and_odd_frames_are_refused() -> None:
    with pytest.raises(TooLarge):
        decode_frame(bytes(64 * 1024 + 1))
    with pytest.raises(BadInput):
        decode_frame(encode_frame(Frame(1, 0, 0, b"abc")))
    with pytest.raises(BadInput):
        decode_frame(encode_frame(Frame(1, 0, 0)))


def test_a_gap_covers_its_samples_and_the_last_frame_may_be_empty() -> None:
    gap = decode_frame(encode_frame(gap_frame(1, 2, 960, Gap(4800, "sleep"))))
    assert (gap.samples, gap.end_samples, gap.gap) == (4800, 5760, Gap(4800, "sleep"))
    assert decode_frame(encode_frame(Frame(1, 3, 5760, b"", Flag.LAST))).is_last
