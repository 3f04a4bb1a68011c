"""Leases and fenced writing under every order of answers, losses, freezes and deaths that hypothesis finds."""

import os
from collections.abc import Callable

import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.records import decode
from contracts.transcript import Checkpoint, TrackAdvanced, TrackEpoch, TrackFinished
from tests.faults.simulated_worker import SimulatedWorker, World
from tests.faults.simulation import Call

WORKERS = 3
FULL = os.environ.get("FAULTS_FULL") == "1"
INDEX = st.integers(0, 30)
WORKER = st.integers(0, WORKERS - 1)
TAKEN_OVER_S = 3.8
"""A dead owner is replaced within the life of a lease and a few answers."""
HANDED_OVER_S = 0.5


class Schedules(RuleBasedStateMachine):
    """Three workers, one track, one unreliable network."""

    def __init__(self) -> None:
        super().__init__()
        structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[lambda *_: ""])
        self.world = World()
        self.server = self.world.server
        self.workers = [SimulatedWorker(self.world, name) for name in "abc"[:WORKERS]]
        self._read = 0
        self._before = Checkpoint()
        self._attempts = 0
        self._owner_of_epoch = ""
        self._finished = False
        self._replacing = True

    @initialize(length=st.sampled_from([3, 8, 10_000]))
    def a_track_is_there(self, length: int) -> None:
        self.world.length = length
        self.world.offer()
        self._settle()

    def _settle(self) -> None:
        for worker in self.workers:
            worker.settle()
            if worker.ended and self._replacing:
                worker.kill()
                worker.settle()
        self.one_worker_at_most_trusts_its_lease()

    # -- the network

    @rule(index=INDEX)
    def deliver(self, index: int) -> None:
        if (call := self.world.pick(index)) is not None:
            call.deliver()
            self._settle()

    @rule(rounds=st.integers(1, 20), step_s=st.sampled_from([0.0, 0.05, 0.3]))
    def all_is_well(self, rounds: int, step_s: float) -> None:
        for _ in range(rounds):
            self.world.answer_all()
            self.world.deliver_all(self._settle)
            self.world.pass_time(step_s)
            self._settle()

    @rule(index=INDEX)
    def lose_the_answer(self, index: int) -> None:
        if (call := self.world.pick(index)) is not None:
            call.reach()
            call.time_out()
            self._settle()

    @rule(index=INDEX)
    def lose_the_request(self, index: int) -> None:
        if (call := self.world.pick(index)) is not None:
            call.time_out()
            self._settle()

    @rule(index=INDEX)
    def delay_the_request(self, index: int) -> None:
        """The caller gives up, and the request arrives later all the same."""
        if (call := self.world.pick(index)) is not None:
            self.world.late.append(call)
            call.time_out()
            self._settle()

    @rule(index=INDEX)
    def delay_the_answer(self, index: int) -> None:
        """The server has done it; the caller waits."""
        if (call := self.world.pick(index)) is not None:
            call.reach()
            self.world.answers.append(call)

    @rule()
    def delayed_answers_arrive(self) -> None:
        self.world.answer_all()
        self._settle()

    @rule()
    def late_requests_arrive(self) -> None:
        self.world.deliver_late()
        self._settle()

    @rule(step_s=st.sampled_from([0.05, 0.3, 1.0, 2.5, 3.1, 6.0]))
    def time_passes(self, step_s: float) -> None:
        self.world.pass_time(step_s)
        self._settle()

    @rule(step_s=st.sampled_from([0.1, 0.7, 1.0, 2.5, 3.1, 6.0]))
    def every_answer_is_slow(self, step_s: float) -> None:
        """Everything on its way reaches the server now, and its answer comes after ``step_s``."""
        for call in self.world.take_all():
            call.reach()
            self.world.answers.append(call)
        self.world.pass_time(step_s)
        self._settle()
        self.world.answer_all()
        self._settle()

    @rule(step_s=st.sampled_from([0.1, 1.0, 3.1, 6.0]))
    def the_network_stalls(self, step_s: float) -> None:
        """Everything that is on its way arrives late; the callers learn nothing."""
        for call in self.world.take_all():
            self.world.late.append(call)
            call.time_out()
        self.world.pass_time(step_s)
        self._settle()

    @rule()
    def the_server_restarts(self) -> None:
        self.server.restart()
        self._settle()

    # -- the workers

    @rule(worker=WORKER)
    def freeze_or_thaw(self, worker: int) -> None:
        self.workers[worker].frozen = not self.workers[worker].frozen
        self._settle()

    @rule(step_s=st.sampled_from([1.0, 3.1, 6.0]))
    def the_owner_freezes_and_the_others_go_on(self, step_s: float) -> None:
        if (owner := self._owner()) is not None:
            owner.frozen = True
            self.all_is_well(rounds=int(step_s / 0.2), step_s=0.2)
            owner.frozen = False
            self.all_is_well(rounds=12, step_s=0.05)

    @rule(times=st.integers(1, 3))
    def owners_die_as_soon_as_they_have_begun(self, times: int) -> None:
        for _ in range(times):
            for _ in range(40):
                self.all_is_well(rounds=1, step_s=0.1)
                if (owner := self._owner()) is not None and self.server.log[-1:] and self._began(owner):
                    owner.kill()
                    break

    def _began(self, owner: SimulatedWorker) -> bool:
        last = self.server.log[-1]
        return last.author == owner.owner and isinstance(decode(last.data), TrackEpoch)

    @rule()
    def the_last_words_of_a_dead_owner_come_while_the_next_one_begins(self) -> None:
        """The next owner has looked where the log ends; then the log grows once more, and its first append is late."""
        if (owner := self._owner()) is None or (word := self._next_word(owner)) is None:
            return
        self.server.calls.remove(word)
        owner.kill()
        for _ in range(60):
            self._settle()
            if any(self._sent_by(worker) for worker in self.workers):
                break
            self.all_is_well(rounds=1, step_s=0.1)
        word.deliver()
        self.all_is_well(rounds=6, step_s=0.1)

    def _next_word(self, owner: SimulatedWorker) -> Call | None:
        """The append that the owner sends next; nothing is answered meanwhile."""
        for _ in range(10):
            if (word := self._sent_by(owner)) is not None:
                return word
            self.world.pass_time(0.1)
            self._settle()
        return None

    def _sent_by(self, worker: SimulatedWorker) -> Call | None:
        return next((call for call in self.server.calls if call.asker == worker.owner and call.kind == "append"), None)

    @rule(worker=WORKER)
    def kill(self, worker: int) -> None:
        self.workers[worker].kill()
        self._settle()

    @rule(worker=WORKER)
    def stop(self, worker: int) -> None:
        self.workers[worker].stop()
        self._settle()

    def _owner(self) -> SimulatedWorker | None:
        return next((w for w in self.workers if w.trusts_its_lease), None)

    # -- what must hold

    @invariant()
    def the_log_is_whole(self) -> None:
        """Each record once and in order, each owner where the last one stopped, nothing after the end."""
        for written in self.server.log[self._read :]:
            record = decode(written.data)
            assert not self._finished, "written after the end"
            if isinstance(record, TrackEpoch):
                self._attempts += 1
                self._owner_of_epoch = written.author
                assert record.checkpoint == self._before, "began elsewhere than where the log ends"
                assert record.attempt == self._attempts, "starts without progress are counted wrongly"
                continue
            assert isinstance(record, TrackAdvanced | TrackFinished)
            assert written.author == self._owner_of_epoch, "written by one who has not begun, or was overtaken"
            self._finished = isinstance(record, TrackFinished)
            expected = self._before.samples + isinstance(record, TrackAdvanced)
            assert record.checkpoint is not None
            assert record.checkpoint.samples == expected, "lost, doubled or out of order"
            self._before, self._attempts = record.checkpoint, 0
        self._read = len(self.server.log)

    @invariant()
    def one_worker_at_most_trusts_its_lease(self) -> None:
        assert sum(worker.trusts_its_lease for worker in self.workers) <= 1

    @invariant()
    def nobody_did_what_it_must_not(self) -> None:
        assert self.world.complaints == []

    def teardown(self) -> None:
        try:
            if self.world.length:
                self._recovers()
        finally:
            for worker in self.workers:
                worker.close()

    def _recovers(self) -> None:
        """When all is well again somebody goes on; an owner that stops or dies is replaced in time."""
        for worker in self.workers:
            worker.frozen = False
        before = len(self.server.log)
        self.all_is_well(rounds=60, step_s=0.2)
        self.the_log_is_whole()
        assert self._finished or len(self.server.log) > before, "nobody goes on"
        for end, limit_s in ((SimulatedWorker.stop, HANDED_OVER_S), (SimulatedWorker.close, TAKEN_OVER_S)):
            if not self._finished:
                self._is_replaced(end, limit_s)
        self.nobody_did_what_it_must_not()

    def _is_replaced(self, end: Callable[[SimulatedWorker], None], limit_s: float) -> None:
        """By another worker: the process itself comes back only later."""
        owner = self._owner()
        assert owner is not None, "nobody owns the track"
        since, self._replacing = self.world.clock.now, False
        end(owner)
        self._settle()
        while not any(w.trusts_its_lease and w.began for w in self.workers if w is not owner) and not self._finished:
            assert self.world.clock.now - since <= limit_s, f"nobody has taken over after {limit_s} s"
            self.all_is_well(rounds=1, step_s=0.02)
            self.the_log_is_whole()
        self._replacing = True
        self.all_is_well(rounds=30, step_s=0.1)
        self.the_log_is_whole()


TestSchedules = Schedules.TestCase
TestSchedules.settings = settings(
    max_examples=int(os.environ.get("FAULTS_SCHEDULES", "2000" if FULL else "100")),
    stateful_step_count=60,
    deadline=None,
    derandomize="FAULTS_SCHEDULES" not in os.environ and not FULL,
    database=None,
    suppress_health_check=list(HealthCheck),
)
