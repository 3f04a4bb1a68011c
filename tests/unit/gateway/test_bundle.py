"""Frames that are stored together mean the same as frames that are stored one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contracts.audio import FRAME_SAMPLES, Flag, Frame, Gap, encode_frame, gap_frame
from gateway.ingest.bundle import LONGEST_SAMPLES, Bundler
from stream_workers.timeline import Hole, Piece, Sound, Timeline

KINDS = st.sampled_from(["sound", "sound", "sound", "sleep", "lost", "gap", "session"])


def _frames(kinds: list[str], *, last: bool) -> list[Frame]:
    """What a session gives out: numbers and media time only rise."""
    found: list[Frame] = []
    session, seq, pts = 1, 0, 0
    for level, kind in enumerate(kinds, 1):
        if kind == "session":
            session, seq = session + 1, 0
        elif kind == "lost":
            seq, pts = seq + 2, pts + 2 * FRAME_SAMPLES
        elif kind == "sleep":
            pts += 5 * FRAME_SAMPLES
        sound = np.full(FRAME_SAMPLES, level, "<i2").tobytes()
        frame = gap_frame(session, seq, pts, Gap(4800, "paused")) if kind == "gap" else Frame(session, seq, pts, sound)
        found.append(frame)
        seq, pts = seq + 1, frame.end_samples
    return [*found, Frame(session, seq, pts, b"", Flag.LAST)] if last else found


def _line(frames: list[Frame]) -> list[Piece]:
    timeline, pieces = Timeline(0), []
    for number, frame in enumerate(frames):
        pieces += timeline.push(number, encode_frame(frame))
    return pieces


def _sound(pieces: list[Piece]) -> list[tuple[int, int]]:
    return [(p.start + i, int(v)) for p in pieces if isinstance(p, Sound) for i, v in enumerate(p.pcm)]


@given(st.lists(KINDS, max_size=30), st.lists(st.integers(1, 8), min_size=1), st.booleans())
def test_a_reader_of_bundles_finds_the_same_sound_and_the_same_gaps(
    kinds: list[str], portions: list[int], last: bool
) -> None:
    frames, bundler, stored = _frames(kinds, last=last), Bundler(), []
    at = 0
    while at < len(frames):
        size = portions[len(stored) % len(portions)]
        stored += bundler.take(frames[at : at + size])
        at += size
    one, together = _line(frames), _line(stored)
    assert _sound(together) == _sound(one)
    assert [p for p in together if isinstance(p, Hole)] == [p for p in one if isinstance(p, Hole)]
    assert type(together[-1]) is type(one[-1]) if one else not together


@given(st.lists(KINDS, min_size=1, max_size=30))
def test_the_newest_bundle_says_what_is_wanted_next(kinds: list[str]) -> None:
    frames, bundler = _frames(kinds, last=False), Bundler()
    for size in range(1, len(frames) + 1):
        (*_, newest) = Bundler().take(frames[:size])
        expected = frames[size - 1]
        assert (newest.session, newest.seq, newest.end_samples) == (
            expected.session,
            expected.seq,
            expected.end_samples,
        )
    assert all(b.samples <= max(LONGEST_SAMPLES, 4800) for b in bundler.take(frames))


def test_neighbours_travel_together_and_what_follows_a_jump_alone() -> None:
    stored = Bundler().take(_frames(["sound"] * 4 + ["sleep"] + ["sound"] * 3, last=True))
    assert [(f.seq, f.samples // FRAME_SAMPLES) for f in stored] == [(0, 1), (3, 3), (4, 1), (7, 3), (8, 0)]
