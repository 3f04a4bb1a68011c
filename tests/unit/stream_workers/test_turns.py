"""Windows of activity become turns of streams."""

import numpy as np
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ
from stream_workers.turns import PIECE_SAMPLES, Stitcher, pairs
from stream_workers.voices import CENTRE_SAMPLES, STEP_SAMPLES

FRAMES = 293


def window(start: int, spoken: dict[int, tuple[float, float]]) -> NDArray[np.bool_]:
    """Column -> (from, to) in media seconds, as a window that starts at ``start``."""
    active = np.zeros((FRAMES, 3), np.bool_)
    at = (start + CENTRE_SAMPLES + np.arange(FRAMES) * STEP_SAMPLES) / SAMPLE_RATE_HZ
    for column, (begin, end) in spoken.items():
        active[:, column] = (at >= begin) & (at < end)
    return active


def test_a_person_keeps_the_stream_when_the_columns_change_places() -> None:
    stitcher = Stitcher()
    first = stitcher.push(0, window(0, {0: (0.5, 1.5), 1: (2.0, 9.0)}), 4 * SAMPLE_RATE_HZ)
    second = stitcher.push(16000, window(16000, {2: (2.0, 9.0), 1: (0.5, 1.5)}), 5 * SAMPLE_RATE_HZ)
    pieces = first + second + stitcher.flush()
    assert len({p.stream for p in pieces if p.start >= 1.9 * SAMPLE_RATE_HZ}) == 1
    assert len({p.stream for p in pieces}) == 2


def test_a_long_turn_is_cut_and_nothing_of_it_is_lost() -> None:
    stitcher = Stitcher()
    pieces = stitcher.push(0, window(0, {0: (0.0, 9.0)}), 5 * SAMPLE_RATE_HZ) + stitcher.flush()
    assert all(p.end - p.start <= PIECE_SAMPLES + STEP_SAMPLES for p in pieces)
    assert sum(p.clean_s for p in pieces) > 4.8


def test_speech_over_speech_is_not_clean() -> None:
    stitcher = Stitcher()
    pieces = stitcher.push(0, window(0, {0: (0.0, 3.0), 1: (2.0, 4.0)}), 5 * SAMPLE_RATE_HZ) + stitcher.flush()
    assert abs(sum(p.clean_s for p in pieces) - 3.0) < 0.2


def test_after_a_gap_streams_begin_anew() -> None:
    stitcher = Stitcher()
    before = stitcher.push(0, window(0, {0: (0.0, 5.0)}), 5 * SAMPLE_RATE_HZ) + stitcher.flush()
    stitcher.skip(20 * SAMPLE_RATE_HZ)
    start = 20 * SAMPLE_RATE_HZ
    after = stitcher.push(start, window(start, {0: (20.0, 25.0)}), 25 * SAMPLE_RATE_HZ) + stitcher.flush()
    assert {p.stream for p in before}.isdisjoint({p.stream for p in after})
    assert min(p.start for p in after) >= start


def test_pairs_take_the_heaviest_first_and_each_once() -> None:
    assert pairs(np.array([[5.0, 4.0], [4.5, 0.0]]), 1.0) == [(0, 0)]
    assert pairs(np.array([[5.0, 4.0], [4.5, 1.0]]), 1.0) == [(0, 0), (1, 1)]
