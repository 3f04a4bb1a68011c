"""Workers that die, freeze and are cut off: the log of a track stays exact."""

import asyncio
import random
import signal
import time
from collections.abc import Sequence

from contracts.bus import Bus
from tests.faults.conftest import Report, StartWorker
from tests.faults.processes import WorkerProcess
from tests.faults.proxy import FaultProxy, Mode
from tests.faults.talk import PATIENCE_S, talk
from tests.servers import NatsServer


def _process_of(owner: str, workers: Sequence[WorkerProcess]) -> WorkerProcess:
    return next(w for w in workers if w.owner == owner)


async def test_f1_a_killed_worker_loses_no_word(
    bus: Bus, start_worker: StartWorker, report: Report, full_size: bool
) -> None:
    kills = 20 if full_size else 3
    rng = random.Random(1)
    workers = [start_worker("a"), start_worker("b")]
    takeovers: list[float] = []
    killed: list[str] = []
    async with talk(bus, PATIENCE_S * (6 if full_size else 1)) as talking:
        watch = talking.watch
        for _ in range(kills):
            await watch.more_finals(1)
            await asyncio.sleep(rng.uniform(0.0, 1.3))
            victim = _process_of(watch.owner, workers)
            owner, killed_at = victim.owner, time.monotonic()
            killed.append(owner)
            victim.kill()
            takeovers.append((await watch.new_owner(owner)).at - killed_at)
            victim.start()
    ledger = await talking.check()
    overtaken = [str(event["owner"]) for worker in workers for event in worker.events("track.lost")]
    replaced = watch.owners[:-1]
    assert sorted(replaced) == sorted(killed + overtaken), "an owner was replaced that neither died nor lost its lease"
    takeovers.sort()
    report(
        "F1",
        kills=kills,
        frames=talking.track.next_seq,
        finals=ledger.finals,
        owners=ledger.epochs,
        overtaken_alive=len(overtaken),
        takeover_p50_s=round(takeovers[len(takeovers) // 2], 2),
        takeover_max_s=round(takeovers[-1], 2),
    )


async def test_f2_a_frozen_worker_writes_nothing_when_it_wakes(
    bus: Bus, start_worker: StartWorker, report: Report, full_size: bool
) -> None:
    frozen_s = 10.0 if full_size else 4.5
    workers = [start_worker("a"), start_worker("b")]
    async with talk(bus) as talking:
        watch = talking.watch
        await watch.more_finals(1)
        zombie = _process_of(watch.owner, workers)
        zombie.signal(signal.SIGSTOP)
        frozen_at = time.monotonic()
        taken = await watch.new_owner(zombie.owner)
        await asyncio.sleep(max(0.0, frozen_at + frozen_s - time.monotonic()))
        zombie.signal(signal.SIGCONT)
        woken_at = time.monotonic()
        await zombie.logged("track.lost")
        lost_s = time.monotonic() - woken_at
        await watch.more_finals(2)
        assert watch.owner == taken.owner
    ledger = await talking.check()
    assert ledger.epochs == 2
    assert zombie.alive
    report("F2", frozen_s=frozen_s, takeover_s=round(taken.at - frozen_at, 2), zombie_gave_up_s=round(lost_s, 2))


async def test_a_worker_that_slept_goes_on_where_it_was_when_nobody_took_its_track(
    bus: Bus, start_worker: StartWorker, report: Report
) -> None:
    worker = start_worker("a")
    async with talk(bus) as talking:
        await talking.watch.more_finals(1)
        worker.signal(signal.SIGSTOP)
        await asyncio.sleep(4.0)
        worker.signal(signal.SIGCONT)
        await worker.logged("lease.regained")
        await talking.watch.more_finals(2)
    ledger = await talking.check()
    assert ledger.epochs == 1
    assert len(worker.events("track.taken")) == 1
    report("lease lapsed", asleep_s=4.0, owners=ledger.epochs, finals=ledger.finals)


async def test_f6_a_cut_off_worker_stops_before_another_starts(
    bus: Bus, nats_server: NatsServer, start_worker: StartWorker, report: Report, full_size: bool
) -> None:
    cut_s = 10.0 if full_size else 4.5
    async with FaultProxy(nats_server.port) as proxy, talk(bus) as talking:
        watch = talking.watch
        cut_off = start_worker("a", proxy.url)
        await watch.more_finals(1)
        start_worker("b")
        await watch.more_finals(1)
        assert watch.owner == cut_off.owner
        proxy.mode = Mode.BLACKHOLE
        cut_at = time.monotonic()
        taken = await watch.new_owner(cut_off.owner)
        [lapsed] = cut_off.events("lease.lapsed")
        await asyncio.sleep(max(0.0, cut_at + cut_s - time.monotonic()))
        proxy.mode = Mode.PASS
        await cut_off.logged("track.lost")
        await watch.more_finals(2)
    ledger = await talking.check()
    assert ledger.epochs == 2
    assert lapsed
    assert not cut_off.events("lease.regained")
    report("F6", cut_s=cut_s, takeover_s=round(taken.at - cut_at, 2))
