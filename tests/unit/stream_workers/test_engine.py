"""The engine's thread, with a scripted model."""

import asyncio

import numpy as np
import pytest

from contracts.errors import Misconfigured, Unavailable
from stream_workers.decode import DecodeJob, Kind
from stream_workers.engine import Engine
from tests.fakes.speech import LevelTranscriber

pytestmark = pytest.mark.unit


def job(kind=Kind.FINAL, level=600, issued_s=0.0):
    return DecodeJob("t", kind, 0, np.full(16_000, level, np.int16), 8.0, language="en", issued_s=issued_s)


@pytest.fixture
def model():
    return LevelTranscriber()


@pytest.fixture
def engine(model):
    engine = Engine(lambda: model, clock=lambda: 0.0)
    engine.start()
    yield engine
    model.go.set()
    engine.close()


async def test_jobs_that_wait_together_are_decoded_together(engine, model):
    model.go.clear()
    answers = [asyncio.ensure_future(engine.submit(job(level=600 + i))) for i in range(5)]
    await asyncio.sleep(0)
    model.go.set()
    heard = await asyncio.gather(*answers)
    assert [h.text for h in heard] == [f"w{600 + i}" for i in range(5)]
    assert len(model.batches) <= 2


async def test_an_interim_that_waited_too_long_is_skipped(engine):
    assert await engine.submit(job(Kind.INTERIM, issued_s=-5.0)) is None
    assert await engine.submit(job(Kind.FINAL, issued_s=-5.0)) is not None


async def test_a_failure_of_the_model_reaches_only_those_who_asked(model):
    class Sick(LevelTranscriber):
        def decode(self, jobs):
            if any(j.pcm[0] == 666 for j in jobs):
                raise RuntimeError("sick")
            return super().decode(jobs)

    engine = Engine(Sick)
    engine.start()
    with pytest.raises(RuntimeError):
        await engine.submit(job(level=666))
    assert (await engine.submit(job(level=700))).text == "w700"
    engine.close()


async def test_a_model_that_cannot_be_loaded_is_reported_to_everyone():
    def load():
        raise Misconfigured("no such model", source="speech")

    engine = Engine(load)
    waiting = asyncio.ensure_future(engine.submit(job()))
    await asyncio.sleep(0)
    engine.start()
    with pytest.raises(Misconfigured):
        await waiting
    with pytest.raises(Misconfigured):
        await engine.submit(job())
    assert engine.stats.trouble


async def test_what_waits_when_the_engine_closes_is_refused(model):
    engine = Engine(lambda: model)
    waiting = asyncio.ensure_future(engine.submit(job()))
    await asyncio.sleep(0)
    engine.close()
    with pytest.raises(Unavailable):
        await engine.submit(job())
    waiting.cancel()
