"""The generated configuration runs, and each role may write only its own logs."""

import asyncio
import os
import stat
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from contracts import subjects
from contracts.bus import Bus, stream_of
from contracts.errors import Fault
from contracts.settings import BusSettings
from deploy import natsconf
from deploy.natsconf import NatsPlan
from tests.servers import nats_binary


@asynccontextmanager
async def running(folder: Path, max_store_bytes: int) -> AsyncIterator[NatsPlan]:
    plan = natsconf.plan(folder, os.environ | {"NATS_SERVER_BIN": nats_binary()}, max_store_bytes)
    natsconf.write(plan, folder / "nats.conf")
    process = subprocess.Popen(  # noqa: ASYNC220  # returns at once
        [plan.binary, "-c", folder / "nats.conf"], stderr=subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient() as http:
            for _ in range(100):
                try:
                    if (await http.get(plan.health_url)).is_success:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)
        yield plan
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def planned(tmp_path: Path) -> AsyncIterator[NatsPlan]:
    async with running(tmp_path, 2 * 1024**3) as plan:
        yield plan


async def connect(plan: NatsPlan, role: str) -> Bus:
    bus = await Bus.connect(BusSettings(url=plan.url(role), name=role, audio_max_bytes=10**8, meeting_max_bytes=10**8))
    await bus.set_up()
    return bus


def test_only_this_user_can_read_the_passwords(tmp_path: Path) -> None:
    plan = natsconf.plan(tmp_path, os.environ | {"NATS_SERVER_BIN": nats_binary()}, 10**9)
    natsconf.write(plan, tmp_path / "nats.conf")
    assert stat.S_IMODE((tmp_path / "nats.conf").stat().st_mode) == 0o600


ALLOWED = {
    "gateway": (subjects.audio("m", "t"), subjects.transcript("m", "t"), subjects.edits("m"), subjects.lifecycle("m")),
    "worker": (subjects.transcript("m", "t"),),
    "analyzer": (subjects.notes("m"),),
}
EVERY_LOG = (*ALLOWED["gateway"], subjects.notes("m"))


@pytest.mark.parametrize("role", sorted(ALLOWED))
async def test_a_role_writes_its_own_logs_and_no_others(planned: NatsPlan, role: str) -> None:
    bus = await connect(planned, role)
    foreign = sorted(set(EVERY_LOG) - set(ALLOWED[role]))
    try:
        for subject in ALLOWED[role]:
            assert await bus.append(subject, b"{}", msg_id=f"{role}-{subject}") > 0
        attempts = [bus.append(subject, b"{}", msg_id=f"{role}-{subject}") for subject in foreign]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert all(isinstance(outcome, Fault) for outcome in outcomes)
        assert [await bus.last(stream_of(subject), subject) for subject in foreign] == [None] * len(foreign)
    finally:
        await bus.close()


@pytest.mark.parametrize("role", sorted(ALLOWED))
async def test_every_role_can_lease_and_read(planned: NatsPlan, role: str) -> None:
    bus = await connect(planned, role)
    try:
        lease = bus.lease(subjects.meeting_work("m"), role)
        assert await lease.acquire()
        await lease.renew()
        await lease.release()
        await bus.put(subjects.WORK_BUCKET, subjects.meeting_work("m"), b"x")
        assert await bus.snapshot(subjects.WORK_BUCKET)
        reader = bus.reader(subjects.MEETING_STREAM, subjects.MEETING_ALL)
        assert await reader.fetch(timeout_s=0.1) == []
        await reader.close()
    finally:
        await bus.close()


async def test_setting_up_again_on_a_store_that_just_holds_the_budgets_is_fine(tmp_path: Path) -> None:
    async with running(tmp_path, 220 * 10**6) as plan:
        for role in ("gateway", "worker", "analyzer"):
            bus = await connect(plan, role)
            await bus.close()


async def test_a_budget_that_shrank_is_taken_over_by_the_gateway_and_does_not_stop_the_others(tmp_path: Path) -> None:
    async with running(tmp_path, 2 * 1024**3) as plan:
        first = await connect(plan, "gateway")
        smaller = BusSettings(url=plan.url("gateway"), name="gateway", audio_max_bytes=10**7, meeting_max_bytes=10**7)
        again = await Bus.connect(smaller)
        await again.set_up()
        assert (await again.used_bytes(subjects.AUDIO_STREAM))[1] == 10**7
        await first.close()
        await again.close()
