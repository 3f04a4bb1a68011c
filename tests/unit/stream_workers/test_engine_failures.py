"""What a failing model means for those who asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np
import pytest

from contracts.errors import Unavailable
from stream_workers.decode import DecodeJob, Hypothesis, Kind
from stream_workers.engine import Engine


class Sick:
    """A model that raises what ``fail`` makes of the jobs, if anything."""

    def __init__(self, fail: Callable[[Sequence[DecodeJob]], Exception | None]) -> None:
        self._fail = fail
        self.batches: list[int] = []

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        self.batches.append(len(jobs))
        error = self._fail(jobs)
        if error:
            raise error
        return [Hypothesis(words=(), language="en") for _ in jobs]


def _job(track: str) -> DecodeJob:
    return DecodeJob(track, Kind.FINAL, 0, np.zeros(16000, np.int16), 1.0, 1)


@pytest.fixture
async def running() -> AsyncIterator[Callable[..., Engine]]:
    """Starts engines and ends them after the test."""
    engines: list[Engine] = []

    def run(model: Sick, spare: Sick | None = None) -> Engine:
        engines.append(Engine(lambda: model, spare=(lambda: spare) if spare else None))
        return engines[-1]

    yield run
    for engine in engines:
        await asyncio.to_thread(engine.close)


async def test_a_window_that_cannot_be_decoded_fails_alone(running: Callable[[Sick], Engine]) -> None:
    model = Sick(lambda jobs: RuntimeError("poison") if any(j.track == "sick" for j in jobs) else None)
    engine = running(model)
    asked = [asyncio.create_task(engine.submit(_job(t))) for t in ("a", "sick", "b")]
    await asyncio.sleep(0)
    engine.start()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(a) for a in answers] == [Hypothesis, RuntimeError, Hypothesis]


async def test_too_little_memory_is_to_be_asked_again_and_is_said(running: Callable[[Sick], Engine]) -> None:
    errors = iter([RuntimeError("CUDA failed: out of memory"), MemoryError(), None])
    engine = running(Sick(lambda jobs: next(errors)))
    engine.start()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await engine.submit(_job("a"))
        assert "memory" in engine.state().detail
    assert await engine.submit(_job("a"))
    assert engine.state().detail == ""


async def test_a_full_device_is_left_for_the_spare_model_and_nothing_is_lost(running: Callable[..., Engine]) -> None:
    full, spare = Sick(lambda jobs: RuntimeError("CUDA failed: out of memory")), Sick(lambda jobs: None)
    engine = running(full, spare)
    asked = [asyncio.create_task(engine.submit(_job(t))) for t in ("a", "b")]
    await asyncio.sleep(0)
    engine.start()
    assert all(isinstance(answer, Hypothesis) for answer in await asyncio.gather(*asked))
    assert full.batches == [2, 1], "a batch is tried one by one before the device is given up"
    assert "CPU" in engine.state().detail
