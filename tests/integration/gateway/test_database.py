"""The database survives that its users are cancelled, and runs its migrations once."""

import asyncio
import contextlib
import random
from pathlib import Path

from gateway.store.database import Database
from gateway.store.views import get_cursor, set_cursor


async def test_cancelling_anywhere_leaves_no_lock_and_no_half_transaction(tmp_path: Path) -> None:
    database = Database.at("", tmp_path)
    await database.migrate()
    await database.migrate()
    done = 0

    async def count() -> None:
        nonlocal done
        while True:
            async with database.reading() as session:
                seen = await get_cursor(session, "c")
            async with database.writing() as session:
                assert await get_cursor(session, "c") == seen
                await set_cursor(session, "c", seen + 1)
                await set_cursor(session, "d", seen + 1)
            done += 1

    dice = random.Random(7)
    for _ in range(60):
        task = asyncio.create_task(count())
        await asyncio.sleep(dice.random() * 0.02)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)
        assert task.cancelled()
    async with database.writing() as session:
        assert await get_cursor(session, "c") == await get_cursor(session, "d") >= done
    await database.close()


async def test_a_timeout_around_a_transaction_is_a_timeout(tmp_path: Path) -> None:
    database = Database.at("", tmp_path)
    await database.migrate()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            for n in range(1000):
                async with database.writing() as session:
                    await set_cursor(session, "c", n)
    async with database.writing() as session:
        await set_cursor(session, "c", 7)
    await database.close()
