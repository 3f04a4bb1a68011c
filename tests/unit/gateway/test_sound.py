"""Packets become frames on one media clock."""

from itertools import pairwise

import numpy as np

from contracts.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame
from gateway.ingest.jitter import Lost, Packet, Restart
from gateway.ingest.sound import SILENCE_MAX_SAMPLES, Sound

UNIT = 320


def loud(payload: bytes) -> np.ndarray:
    return np.full(UNIT, 1000, np.int16)


def packets(first: int, count: int) -> list[Packet]:
    return [Packet((first + n) * 960, b"x") for n in range(count)]


def joined(frames: list[Frame]) -> np.ndarray:
    return np.concatenate([np.frombuffer(f.payload, "<i2") for f in frames if f.gap is None])


def check_clock(frames: list[Frame]) -> None:
    for seq, (before, after) in enumerate(pairwise(frames)):
        assert (before.seq, after.seq) == (seq, seq + 1)
        assert before.end_samples == after.pts_samples


def test_sound_is_cut_into_whole_frames_and_ends_with_last() -> None:
    sound = Sound(1, loud)
    frames = sound.push(packets(0, 10)) + sound.finish()
    assert [len(f.payload) // 2 for f in frames] == [FRAME_SAMPLES] * 3 + [UNIT, 0]
    assert frames[-1].is_last
    check_clock(frames)


def test_a_silent_sender_leaves_silence_of_the_right_length() -> None:
    sound = Sound(1, loud)
    frames = sound.push(packets(0, 3)) + sound.push(packets(53, 3)) + sound.finish()
    pcm = joined(frames)
    assert len(pcm) == 56 * UNIT
    assert not pcm[3 * UNIT : 53 * UNIT].any()
    check_clock(frames)


def test_a_short_loss_fades_and_keeps_the_clock() -> None:
    sound = Sound(1, loud)
    frames = sound.push([*packets(0, 3), Lost(2), *packets(5, 3)]) + sound.finish()
    pcm = joined(frames)
    assert len(pcm) == 8 * UNIT
    assert 0 < pcm[4 * UNIT - 1] < 1000
    assert all(f.gap is None for f in frames)


def test_a_long_loss_is_a_marked_gap() -> None:
    sound = Sound(1, loud)
    frames = sound.push([*packets(0, 4), Lost(50), *packets(54, 3)]) + sound.finish()
    gaps = [f.gap for f in frames if f.gap]
    assert [(g.samples, g.cause) for g in gaps] == [(SAMPLE_RATE_HZ, "network")]
    assert frames[-1].end_samples == 57 * UNIT
    check_clock(frames)


def test_an_hour_of_pause_is_no_hour_of_zeros() -> None:
    sound = Sound(1, loud)
    frames = sound.push([Packet(0, b"x"), Packet(3 * SILENCE_MAX_SAMPLES * 2, b"x")]) + sound.finish()
    assert [f.gap.cause for f in frames if f.gap] == ["paused"]
    assert frames[-1].end_samples == 2 * SILENCE_MAX_SAMPLES + UNIT


def test_a_sender_that_begins_anew_goes_on_at_the_same_media_time() -> None:
    sound = Sound(1, loud)
    frames = sound.push([*packets(0, 3), Restart(), Packet(10**9, b"x")]) + sound.finish()
    assert len(joined(frames)) == 4 * UNIT
    check_clock(frames)
