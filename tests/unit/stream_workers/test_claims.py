"""Who claims what, and when."""

import random

from contracts.live import TrackWork
from stream_workers.claims import BACK_OFF_S, JITTER_S, RECHECK_S, STEP_S, Claims

LONG = 100.0


def _work(n: int) -> tuple[str, TrackWork]:
    return f"track.m.t{n}", TrackWork("m", f"t{n}", 0.0)


def _claims(capacity: int = 4) -> Claims:
    return Claims("me", capacity, random.Random(1))


def test_an_open_track_that_nobody_holds_is_claimed_once() -> None:
    claims = _claims()
    claims.opened(*_work(1), now=0.0)
    assert [key for key, _ in claims.due(LONG)] == ["track.m.t1"]
    assert claims.due(LONG) == []


def test_a_track_that_somebody_holds_is_left_alone_until_the_lease_ends() -> None:
    claims = _claims()
    claims.held("track.m.t1", "other", 0.0)
    claims.opened(*_work(1), now=0.0)
    assert claims.due(LONG) == []
    claims.held("track.m.t1", None, 5.0)
    assert claims.next_due() >= 5.0
    assert claims.due(LONG)


def test_a_busy_worker_waits_longer_than_an_idle_one() -> None:
    busy, idle = _claims(), _claims()
    for n in (1, 2):
        busy.opened(*_work(n), now=0.0)
    busy.due(LONG)
    for claims in (busy, idle):
        claims.opened(*_work(3), now=0.0)
    assert idle.next_due() <= JITTER_S
    assert busy.next_due() >= 2 * STEP_S


def test_nothing_is_claimed_beyond_the_capacity() -> None:
    claims = _claims(capacity=2)
    for n in range(5):
        claims.opened(*_work(n), now=0.0)
    assert len(claims.due(LONG)) == 2
    assert claims.next_due() == float("inf")
    assert len(claims.waiting(LONG, 1.0)) == 3
    claims.closed("track.m.t0")
    for key in list(claims.mine):
        claims.ended(key, LONG, failed=False)
    assert len(claims.due(LONG + 1)) == 2


def test_a_failing_track_is_tried_again_later_each_time() -> None:
    claims = _claims()
    claims.opened(*_work(1), now=0.0)
    now = 1.0
    for pause_s in BACK_OFF_S:
        claims.due(now)
        claims.ended("track.m.t1", now, failed=True)
        assert claims.next_due() >= now + pause_s
        now += pause_s + 1
    claims.due(now)
    claims.ended("track.m.t1", now, failed=False)
    assert claims.next_due() < now + BACK_OFF_S[0]


def test_a_refused_claim_is_looked_at_again() -> None:
    claims = _claims()
    claims.opened(*_work(1), now=0.0)
    claims.due(1.0)
    claims.refused("track.m.t1", 1.0)
    assert claims.next_due() >= 1.0 + RECHECK_S


def test_a_lease_in_the_own_name_that_nobody_runs_is_taken_back() -> None:
    claims = _claims()
    claims.opened(*_work(1), now=0.0)
    claims.held("track.m.t1", "me", 0.0)
    assert claims.due(LONG)


def test_the_buckets_correct_what_a_watcher_missed() -> None:
    claims = _claims()
    claims.opened(*_work(1), now=0.0)
    claims.opened(*_work(2), now=0.0)
    claims.held("track.m.t2", "dead", 0.0)
    claims.reconcile(dict([_work(2), _work(3)]), {"track.m.t3": "other"}, 1.0)
    assert [key for key, _ in claims.due(LONG)] == ["track.m.t2"]


def test_an_expired_holder_starts_the_wait_again() -> None:
    claims = _claims()
    claims.held("track.m.t1", "other", 0.0)
    claims.opened(*_work(1), now=0.0)
    claims.held("track.m.t1", None, 50.0)
    assert claims.waiting(52.0, 3.0) == []
    assert len(claims.waiting(54.0, 3.0)) == 1


def test_a_track_whose_faster_claimer_leaves_is_claimed_at_once() -> None:
    claims = _claims()
    claims.held("track.m.t1", "first", 0.0)
    claims.opened(*_work(1), now=0.0)
    claims.held("track.m.t1", None, 1.0)
    assert claims.due(1.0 + JITTER_S)
    claims.refused("track.m.t1", 1.0 + JITTER_S)
    claims.held("track.m.t1", "faster", 1.1)
    claims.held("track.m.t1", None, 1.2)
    assert claims.due(1.2 + JITTER_S)


def test_a_track_that_failed_here_waits_although_its_lease_was_given_back() -> None:
    claims = _claims()
    claims.opened(*_work(1), now=0.0)
    assert claims.due(LONG)
    claims.held("track.m.t1", "me", LONG)
    claims.ended("track.m.t1", LONG, failed=True)
    claims.held("track.m.t1", None, LONG + 0.1)
    assert claims.next_due() >= LONG + BACK_OFF_S[0]
