"""Order, deadline, gaps and lag of the jitter buffer, under loss, jitter and reordering."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ingest.jitter import DEADLINE_S, JitterBuffer, Lost, Packet, Restart

FRAME_S = 0.02


def run(
    count: int, *, loss: float, jitter_s: float, seed: int, first: int = 0, clock: int = 0
) -> tuple[list[tuple[float, object]], set[int], JitterBuffer]:
    """Send ``count`` packets through a bad network; what came out and when, and which were sent into the void."""
    rng = random.Random(seed)
    lost = {n for n in range(count) if n and rng.random() < loss}
    arrivals = sorted((n * FRAME_S + rng.uniform(0, jitter_s), n) for n in range(count) if n not in lost)
    buffer, out = JitterBuffer(), []
    now = 0.0
    for at, n in arrivals:
        while now + 0.01 < at:
            now += 0.01
            out += [(now, i) for i in buffer.tick(now)]
        now = max(now, at)
        payload = n.to_bytes(4, "big")
        out += [(at, i) for i in buffer.push((first + n) % 2**16, (clock + n * 960) % 2**32, payload, at)]
    out += [(now, i) for i in buffer.finish()]
    return out, lost, buffer


@given(
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 10_000),
    st.sampled_from([0, 0.005, 0.02, 0.05]),
)
@settings(max_examples=60, deadline=None)
def test_without_reordering_only_what_was_lost_is_missing(first: int, clock: int, seed: int, loss: float) -> None:
    out, lost, _ = run(400, loss=loss, jitter_s=0.019, seed=seed, first=first, clock=clock)
    numbers = [int.from_bytes(i.payload, "big") for _, i in out if isinstance(i, Packet)]
    assert numbers == sorted(numbers), "in order"
    trailing = {n for n in lost if n > max(numbers)}
    assert set(range(400)) - set(numbers) == lost
    assert sum(i.packets for _, i in out if isinstance(i, Lost)) == len(lost - trailing)


@given(st.integers(0, 10_000), st.sampled_from([0.005, 0.02, 0.05]))
@settings(max_examples=40, deadline=None)
def test_delay_returns_to_nothing_after_a_loss(seed: int, loss: float) -> None:
    out, lost, _ = run(600, loss=loss, jitter_s=0.0, seed=seed)
    for at, item in out:
        if isinstance(item, Packet):
            number = int.from_bytes(item.payload, "big")
            behind = at - number * FRAME_S
            assert behind <= 0.15
            if not any(n in lost for n in range(max(0, number - 12), number + 1)):
                assert behind < 0.001, "no delay stays when the hole is closed"


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_reordering_within_the_deadline_loses_nothing(seed: int) -> None:
    out, _, buffer = run(400, loss=0.0, jitter_s=0.055, seed=seed)
    numbers = [int.from_bytes(i.payload, "big") for _, i in out if isinstance(i, Packet)]
    assert numbers == list(range(numbers[0], 400)), "all that came after the first one that came"
    assert buffer.late == numbers[0] <= 3


def test_a_jittery_path_gets_a_longer_deadline_and_a_calm_one_a_shorter() -> None:
    _, _, buffer = run(600, loss=0.02, jitter_s=0.1, seed=3)
    assert buffer.late > 0
    assert buffer.deadline_s > DEADLINE_S[0]
    for second in range(60, 160):
        buffer.tick(float(second))
    assert buffer.deadline_s == DEADLINE_S[0]


def test_timestamps_go_on_over_the_wrap() -> None:
    out, _, _ = run(10, loss=0, jitter_s=0, seed=1, first=2**16 - 3, clock=2**32 - 2000)
    stamps = [i.timestamp for _, i in out if isinstance(i, Packet)]
    assert [b - a for a, b in pairwise(stamps)] == [960] * 9


def test_a_sender_that_begins_anew_is_followed() -> None:
    buffer = JitterBuffer()
    buffer.push(10, 0, b"a", 0.0)
    assert buffer.push(30_000, 77, b"b", 0.1) == [Restart(), Packet(77, b"b")]


def test_duplicates_come_out_once() -> None:
    buffer = JitterBuffer()
    assert len(buffer.push(1, 0, b"a", 0.0)) == 1
    assert buffer.push(1, 0, b"a", 0.0) == []
    buffer.push(3, 1920, b"c", 0.02)
    buffer.push(3, 1920, b"c", 0.02)
    assert [i.payload for i in buffer.push(2, 960, b"b", 0.03) if isinstance(i, Packet)] == [b"b", b"c"]


@pytest.mark.parametrize("flood", [5000])
def test_a_flood_behind_a_hole_is_bounded(flood: int) -> None:
    buffer = JitterBuffer()
    buffer.push(0, 0, b"", 0.0)
    out = [i for n in range(2, flood) for i in buffer.push(n % 2**16, n * 960, b"", 0.0)]
    assert sum(isinstance(i, Packet) for i in out) >= flood - 300
