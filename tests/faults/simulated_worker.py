"""Workers in virtual time: the real claims, leases, journal and bus; only the sound is left out."""

import asyncio
import random
from collections.abc import Callable
from itertools import count

import msgspec

from contracts import subjects
from contracts.bus import Bus, Lease
from contracts.errors import Fenced, Unavailable
from contracts.live import TrackWork
from contracts.settings import BusSettings
from contracts.transcript import Checkpoint, TrackAdvanced, TrackFinished
from stream_workers.claims import Claims
from stream_workers.journal import Journal
from stream_workers.keeper import keep
from stream_workers.leases import TrackLeases
from tests.faults.simulated_client import SimulatedClient
from tests.faults.simulation import Call, Clock, Server, VirtualLoop

WORK = TrackWork("m1", "t1", 0.0)
KEY = subjects.track_work("m1", "t1")
_WRITE_EVERY_S = 0.2
_RETRY_S = 0.5


class World:
    """The server, the network between it and the workers, and what was seen that must not be."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.server = Server(self.clock)
        self.late: list[Call] = []
        self.answers: list[Call] = []
        self.complaints: list[str] = []
        self.length = 0
        """Records until the track is finished."""

    def offer(self) -> None:
        """The track is to be transcribed."""
        self.server.put(subjects.WORK_BUCKET, KEY, msgspec.json.encode(WORK), None)

    def pick(self, index: int) -> Call | None:
        """Takes one request from the wire."""
        calls = self.server.calls
        return calls.pop(index % len(calls)) if calls else None

    def take_all(self) -> list[Call]:
        """Takes all requests from the wire."""
        calls, self.server.calls = self.server.calls, []
        return calls

    def deliver_all(self, then: Callable[[], None]) -> None:
        """What is on the wire now arrives, one after the other."""
        for call in self.take_all():
            call.deliver()
            then()

    def deliver_late(self) -> None:
        """Requests whose callers have given up arrive."""
        late, self.late = self.late, []
        for call in late:
            call.deliver()

    def answer_all(self) -> None:
        """Answers that were delayed arrive."""
        answers, self.answers = self.answers, []
        for call in answers:
            call.deliver()

    def pass_time(self, step_s: float) -> None:
        """Time goes on."""
        self.clock.now += step_s
        self.server.tick()


class SimulatedWorker:
    """Claims, writes numbered records until the track is finished, hands over."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name = world, name
        self._life = 0
        self._loop: VirtualLoop | None = None
        self.start()

    def start(self) -> None:
        """A new process."""
        world = self._world
        self._life += 1
        self.owner = f"{self._name}{self._life}"
        self.lease: Lease | None = None
        self.began = False
        self.frozen = False
        self._client = SimulatedClient(world.server, self.owner, self._sending)
        self._bus = Bus(self._client, BusSettings(), world.clock)  # type: ignore[arg-type]
        self._loop = VirtualLoop(world.clock)
        claims = Claims(self.owner, 1, random.Random(self._life))
        leases = TrackLeases(self._bus, self.owner, claims, self._run, world.clock)
        self._task = self._loop.create_task(leases.serve())

    def settle(self) -> None:
        """Whatever can happen in this process happens."""
        if self._loop is not None and not self.frozen:
            self._loop.settle()

    def stop(self) -> None:
        """SIGTERM: a graceful end; it takes as long as the answers do."""
        self._task.cancel()

    def kill(self) -> None:
        """kill -9 and a new start; what was sent is on its way all the same."""
        self.close()
        self.start()

    def close(self) -> None:
        """The process is gone."""
        if self._loop is not None:
            loop, self._loop, self.lease = self._loop, None, None
            self._client.dead = True
            for _ in range(5):  # a graceful end that is under way is cut off as well
                for task in asyncio.all_tasks(loop):
                    task.cancel()
                loop.settle()
            assert self._task.done()
            loop.close()

    @property
    def ended(self) -> bool:
        """Whether it has stopped gracefully."""
        return self._task.done()

    @property
    def trusts_its_lease(self) -> bool:
        """Whether it believes that the track is its own."""
        return self.lease is not None and self.lease.fresh(self._world.clock.now)

    def _sending(self) -> None:
        if not self._client.dead and not self.trusts_its_lease:
            self._world.complaints.append(f"{self.owner} writes without trusting its lease")

    async def _run(self, _work: TrackWork, lease: Lease) -> None:
        self.lease, self.began = lease, False
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(keep(lease, self._world.clock))
                await self._write_all(Journal(self._bus, WORK, lease, self._world.clock))
                keeping.cancel()
        except* Fenced:
            self._check_fenced()
            raise

    def _check_fenced(self) -> None:
        log = self._world.server.log
        if not self._client.dead and self.began and self.trusts_its_lease and log and log[-1].author == self.owner:
            self._world.complaints.append(f"{self.owner} was stopped by its own writing")

    async def _write_all(self, journal: Journal) -> None:
        opened = await journal.open()
        self.began = True
        if not opened.finished:
            for position in count(opened.checkpoint.samples + 1):
                if position > self._world.length:
                    break
                await journal.write(TrackAdvanced("m1", "t1", Checkpoint(samples=position)))
                await asyncio.sleep(_WRITE_EVERY_S)
            await journal.write(TrackFinished("m1", "t1", 0.0, Checkpoint(samples=self._world.length)))
        await self._close_work()

    async def _close_work(self) -> None:
        while True:
            try:
                await self._bus.delete(subjects.WORK_BUCKET, KEY)
            except Unavailable:
                await asyncio.sleep(_RETRY_S)
            else:
                return
