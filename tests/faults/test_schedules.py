"""Leases and fenced writing under every order of answers, losses, freezes and deaths that hypothesis finds."""

import asyncio
import os

import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.bus import Bus, Lease
from contracts.errors import Fenced, Unavailable
from contracts.live import TrackWork
from contracts.records import decode
from contracts.settings import BusSettings
from contracts.transcript import Checkpoint, TrackAdvanced, TrackEpoch
from stream_workers.journal import Journal
from stream_workers.keeper import keep
from tests.faults.simulation import Call, Clock, Server, SimulatedClient, VirtualLoop

WORK = TrackWork("m1", "t1", 0.0)
WORKERS = 3
FULL = os.environ.get("FAULTS_FULL") == "1"
INDEX = st.integers(0, 30)


class SimulatedWorker:
    """Claims, writes numbered records, hands over; the code of a real worker with the sound left out."""

    def __init__(self, server: Server, clock: Clock, name: str) -> None:
        self._server, self._clock, self._name = server, clock, name
        self._life = 0
        self.frozen = False
        self.lease: Lease | None = None
        self._loop: VirtualLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self.start()

    def start(self) -> None:
        """A new process."""
        self._life += 1
        self.owner = f"{self._name}{self._life}"
        self._client = SimulatedClient(self._server)
        self._bus = Bus(self._client, BusSettings(), self._clock)  # type: ignore[arg-type]
        self._loop = VirtualLoop(self._clock)
        self._task = self._loop.create_task(self._live())
        self.frozen = False

    def settle(self) -> None:
        if self._loop is not None and not self.frozen:
            self._loop.settle()

    def stop(self) -> None:
        """SIGTERM: a graceful end; it takes as long as the answers do."""
        if self._task is not None:
            self._task.cancel()

    def kill(self) -> None:
        """kill -9 and a new start; what was sent is on its way all the same."""
        self.close()
        self.start()

    def close(self) -> None:
        """The process is gone."""
        if self._loop is not None:
            loop, self._loop, self.lease = self._loop, None, None
            assert self._task is not None
            self._client.dead = True
            self._task.cancel()
            loop.settle()
            assert self._task.done()
            loop.close()

    @property
    def ended(self) -> bool:
        return self._task is not None and self._task.done()

    async def _live(self) -> None:
        while True:
            lease = self.lease = self._bus.lease("track.m1.t1", self.owner)
            try:
                if await lease.acquire():
                    await self._own(lease)
            except* (Fenced, Unavailable):
                pass
            finally:
                await lease.release()
            await asyncio.sleep(0.5)

    async def _own(self, lease: Lease) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep(lease, self._clock))
            journal = Journal(self._bus, WORK, lease, self._clock)
            position = (await journal.open()).checkpoint.samples
            while True:
                position += 1
                await journal.write(TrackAdvanced("m1", "t1", Checkpoint(samples=position)))
                await asyncio.sleep(0.2)


class Schedules(RuleBasedStateMachine):
    """Three workers, one track, one unreliable network."""

    def __init__(self) -> None:
        super().__init__()
        structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
        self.clock = Clock()
        self.server = Server(self.clock)
        self.late: list[Call] = []
        self.workers = [SimulatedWorker(self.server, self.clock, name) for name in "abc"[:WORKERS]]
        self._settle()

    def _settle(self) -> None:
        for worker in self.workers:
            worker.settle()
            if worker.ended:
                worker.kill()
                worker.settle()

    def _pick(self, index: int) -> int | None:
        return index % len(self.server.calls) if self.server.calls else None

    @rule(index=INDEX)
    def deliver(self, index: int) -> None:
        if (n := self._pick(index)) is not None:
            self.server.calls.pop(n).deliver()
            self._settle()

    @rule(rounds=st.integers(1, 20), step_s=st.sampled_from([0.0, 0.05, 0.3]))
    def all_is_well(self, rounds: int, step_s: float) -> None:
        for _ in range(rounds):
            for call in list(self.server.calls):
                self.server.calls.remove(call)
                call.deliver()
                self._settle()
            self.clock.now += step_s
            self._settle()

    @rule(index=INDEX)
    def lose_the_answer(self, index: int) -> None:
        if (n := self._pick(index)) is not None:
            self.server.calls.pop(n).deliver(heard=False)
            self._settle()

    @rule(index=INDEX)
    def lose_the_request(self, index: int) -> None:
        if (n := self._pick(index)) is not None:
            self.server.calls.pop(n).time_out()
            self._settle()

    @rule(index=INDEX)
    def delay_the_request(self, index: int) -> None:
        """The caller gives up, and the request arrives later all the same."""
        if (n := self._pick(index)) is not None:
            call = self.server.calls.pop(n)
            self.late.append(call)
            call.time_out()
            self._settle()

    @rule()
    def late_requests_arrive(self) -> None:
        for call in self.late:
            call.deliver()
        self.late.clear()
        self._settle()

    @rule(step_s=st.sampled_from([0.05, 0.3, 1.0, 2.5, 3.1, 6.0]))
    def time_passes(self, step_s: float) -> None:
        self.clock.now += step_s
        self._settle()

    @rule(step_s=st.sampled_from([0.1, 1.0, 3.1, 6.0]))
    def the_network_stalls(self, step_s: float) -> None:
        """Everything that is on its way arrives late; the callers learn nothing."""
        self.late += self.server.calls
        for call in self.server.calls:
            call.time_out()
        self.server.calls.clear()
        self.clock.now += step_s
        self._settle()

    @rule(worker=st.integers(0, WORKERS - 1))
    def freeze_or_thaw(self, worker: int) -> None:
        self.workers[worker].frozen = not self.workers[worker].frozen
        self._settle()

    @rule(worker=st.integers(0, WORKERS - 1))
    def kill(self, worker: int) -> None:
        self.workers[worker].kill()
        self._settle()

    @rule(worker=st.integers(0, WORKERS - 1))
    def stop(self, worker: int) -> None:
        self.workers[worker].stop()
        self._settle()

    @invariant()
    def the_log_is_whole(self) -> None:
        position = 0
        for _, _, data in self.server.log:
            record = decode(data)
            assert isinstance(record, TrackEpoch | TrackAdvanced)
            expected = position + isinstance(record, TrackAdvanced)
            assert record.checkpoint.samples == expected, "lost, doubled or out of order"
            position = expected

    @invariant()
    def one_worker_at_most_trusts_its_lease(self) -> None:
        now = self.clock.now
        assert sum(w.lease is not None and w.lease.fresh(now) for w in self.workers) <= 1

    def teardown(self) -> None:
        for worker in self.workers:
            worker.frozen = False
        before = len(self.server.log)
        self.all_is_well(rounds=100, step_s=0.2)
        assert len(self.server.log) > before, "nobody goes on"
        for worker in self.workers:
            worker.close()


TestSchedules = Schedules.TestCase
TestSchedules.settings = settings(
    max_examples=int(os.environ.get("FAULTS_SCHEDULES", "2000" if FULL else "40")),
    stateful_step_count=60,
    deadline=None,
    derandomize="FAULTS_SCHEDULES" not in os.environ and not FULL,
    database=None,
    suppress_health_check=list(HealthCheck),
)
