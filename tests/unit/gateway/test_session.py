"""The ingest session: whatever happens on the way, frames are stored once, in order, and holes are explicit."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.audio import FRAME_SAMPLES, Flag, Frame, Gap, gap_frame
from contracts.errors import BadInput, Conflict, Fenced
from gateway.ingest.protocol import WINDOW_FRAMES, Nack
from gateway.ingest.session import AudioSession, HighWater

SESSION = 7


def frame(seq: int, *, last: bool = False, pts: int | None = None) -> Frame:
    at = seq * FRAME_SAMPLES if pts is None else pts
    return Frame(SESSION, seq, at, bytes(2 * FRAME_SAMPLES), Flag.LAST if last else Flag.NONE)


def session(mark: HighWater | None = None) -> AudioSession:
    return AudioSession(mark or HighWater(), SESSION, gap_wait_s=2.0)


def covered(stored: list[Frame]) -> list[tuple[int, int]]:
    return [(f.pts_samples, f.end_samples) for f in stored]


@st.composite
def journeys(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A number of frames, and the order in which they arrive: shifted by up to 10, some twice, some never."""
    count = draw(st.integers(1, 60))
    lost = draw(st.sets(st.integers(0, count - 2), max_size=count // 3)) if count > 1 else set()
    shifts = draw(st.lists(st.integers(0, 10), min_size=count, max_size=count))
    sent = sorted((n for n in range(count) if n not in lost), key=lambda n: (n + shifts[n], n))
    twice = draw(st.lists(st.sampled_from(sent), max_size=20))
    for n in twice:
        sent.insert(draw(st.integers(sent.index(n), len(sent))), n)
    return count, sent


@given(journeys())
@settings(max_examples=120, deadline=None)
def test_frames_are_stored_once_in_order_and_holes_are_explicit(journey: tuple[int, list[int]]) -> None:
    count, sent = journey
    core, stored, now = session(), list[Frame](), 0.0
    for seq in sent:
        now += 0.01
        stored += core.receive(frame(seq, last=seq == count - 1), now)[0]
    for _ in range(count):
        now += 2.1
        stored += core.tick(now)
    seqs = [f.seq for f in stored]
    assert seqs == sorted(set(seqs))
    spans = covered(stored)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))
    sound = {f.seq for f in stored if f.gap is None}
    assert sound == set(sent)
    assert sum(f.gap.samples for f in stored if f.gap) == FRAME_SAMPLES * (count - len(set(sent)))
    assert core.ended


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 10**6)), max_size=200))
@settings(max_examples=80, deadline=None)
def test_no_order_of_numbers_and_stamps_breaks_the_order_of_the_store(sent: list[tuple[int, int]]) -> None:
    core, stored = session(), list[Frame]()
    for n, (seq, pts) in enumerate(sent):
        stored += core.receive(frame(seq, pts=pts), n * 0.5)[0] + core.tick(n * 0.5 + 0.1)
    assert [f.seq for f in stored] == sorted({f.seq for f in stored})
    assert all(a.end_samples <= b.pts_samples for a, b in itertools.pairwise(stored))


def test_a_hole_is_asked_for_once_and_becomes_a_gap_after_two_seconds() -> None:
    core = session()
    assert core.receive(frame(0), 0.0) == ([frame(0)], None)
    assert core.receive(frame(3), 0.1) == ([], Nack(1, 2))
    assert core.receive(frame(4), 0.2) == ([], None)
    assert core.tick(2.0) == []
    ready = core.tick(2.11)
    assert [f.seq for f in ready] == [1, 3, 4]
    assert ready[0] == gap_frame(SESSION, 1, FRAME_SAMPLES, Gap(2 * FRAME_SAMPLES, "network"))


def test_a_hole_that_is_filled_in_time_leaves_no_trace() -> None:
    core = session()
    core.receive(frame(1), 0.0)
    assert [f.seq for f in core.receive(frame(0), 1.9)[0]] == [0, 1]
    assert core.tick(10.0) == []


def test_a_second_hole_is_asked_for_too() -> None:
    core = session()
    assert core.receive(frame(1), 0.0)[1] == Nack(0, 0)
    core.receive(frame(0), 0.1)
    assert core.receive(frame(3), 0.2)[1] == Nack(2, 2)


def test_held_frames_are_bounded() -> None:
    core = session()
    stored: list[Frame] = []
    for seq in range(1, WINDOW_FRAMES + 1):
        stored += core.receive(frame(seq), 0.0)[0]
    assert [f.seq for f in stored] == list(range(WINDOW_FRAMES + 1))
    assert stored[0].gap is not None


def test_acknowledgements_cover_what_is_stored_and_nothing_else() -> None:
    core = session()
    frames = [f for n in range(10) for f in core.receive(frame(n), 0.0)[0]]
    assert core.ack(flush=True) is None
    for f in frames[:7]:
        core.stored(f)
    assert core.ack(flush=False) is None
    ack = core.ack(flush=True)
    assert ack is not None
    assert (ack.upto, ack.stored_s) == (6, 0.42)


def test_a_client_that_missed_an_acknowledgement_is_told_again() -> None:
    core = session()
    core.stored(core.receive(frame(0), 0.0)[0][0])
    first = core.ack(flush=True)
    assert core.ack(flush=True) is None
    assert core.receive(frame(0), 1.0) == ([], None)
    assert core.ack(flush=True) == first


def test_the_same_session_goes_on_where_the_store_ends() -> None:
    core = session(HighWater.of(frame(41), 9))
    assert (core.resume_from, core.pts_samples) == (42, 42 * FRAME_SAMPLES)
    assert core.receive(frame(41), 0.0) == ([], None)
    assert core.receive(frame(42), 0.0)[0] == [frame(42)]


def test_a_newer_session_starts_at_zero_and_never_before_the_stored_media() -> None:
    core = AudioSession(HighWater.of(frame(41), 9), SESSION + 1, gap_wait_s=2.0)
    assert core.resume_from == 0
    late = Frame(SESSION + 1, 0, 0, bytes(4))
    assert core.receive(late, 0.0)[0][0].pts_samples == 42 * FRAME_SAMPLES


def test_what_a_stored_gap_stands_for_is_not_laid_after_it() -> None:
    gap = gap_frame(SESSION, 1, FRAME_SAMPLES, Gap(3 * FRAME_SAMPLES, "network"))
    core = session(HighWater.of(gap, 9))
    stored = [f for n in (2, 3, 4, 5) for f in core.receive(frame(n), 0.0)[0]]
    assert [(f.seq, f.pts_samples) for f in stored] == [(4, 4 * FRAME_SAMPLES), (5, 5 * FRAME_SAMPLES)]
    ack = core.ack(flush=True)
    assert ack is not None
    assert ack.upto == 3


def test_an_older_session_is_fenced_and_an_ended_track_is_closed() -> None:
    with pytest.raises(Fenced):
        AudioSession(HighWater(session=SESSION + 1), SESSION, gap_wait_s=2.0)
    with pytest.raises(Conflict):
        session(HighWater.of(frame(3, last=True), 1))


def test_frames_of_another_session_and_endless_tracks_are_refused() -> None:
    core = session()
    with pytest.raises(BadInput):
        core.receive(Frame(SESSION + 1, 0, 0, bytes(4)), 0.0)
    with pytest.raises(BadInput):
        core.receive(frame(0, pts=25 * 3600 * 16_000), 0.0)


def test_what_follows_the_last_frame_is_ignored() -> None:
    core = session()
    core.stored(core.receive(frame(0, last=True), 0.0)[0][0])
    assert core.finished
    assert core.receive(frame(1), 0.1) == ([], None)
