"""The engine's thread, with a scripted model."""

import asyncio
import dataclasses
import threading
import time

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


class Meeting(LevelTranscriber):
    """Does not answer before ``expected`` threads decode at the same time."""

    def __init__(self, expected):
        super().__init__()
        self._all_here = threading.Barrier(expected)

    def decode(self, jobs):
        answers = super().decode(jobs)
        self._all_here.wait(10)
        return answers


async def test_windows_that_wait_are_decoded_side_by_side_and_one_alone_has_all_cores(model):
    narrow = Meeting(2)
    model.go.clear()
    engine = Engine(lambda: model, narrow=lambda: narrow, hands=2)
    engine.start()
    alone = asyncio.ensure_future(engine.submit(job()))
    while not model.batches:  # noqa: ASYNC110 (the engine's thread takes it)
        await asyncio.sleep(0.01)
    both = [asyncio.ensure_future(engine.submit(job(level=601 + i))) for i in range(2)]
    await asyncio.sleep(0)
    assert narrow.batches == []
    model.go.set()
    assert [h.text for h in await asyncio.gather(alone, *both)] == ["w600", "w601", "w602"]
    assert (len(model.batches), [len(b) for b in narrow.batches]) == (1, [1, 1])
    await asyncio.to_thread(engine.close)


async def test_without_a_second_model_one_hand_does_everything(model):
    def load():
        raise Misconfigured("too little memory", source="speech")

    engine = Engine(lambda: model, narrow=load, hands=3)
    engine.start()
    answers = [asyncio.ensure_future(engine.submit(job(level=600 + i))) for i in range(5)]
    assert [h.text for h in await asyncio.gather(*answers)] == [f"w{600 + i}" for i in range(5)]
    await asyncio.to_thread(engine.close)


async def test_a_preview_that_is_not_wanted_any_more_is_left_out_and_slows_nothing_down(model):
    model.go.clear()
    engine = Engine(lambda: model)
    engine.start()
    first = asyncio.ensure_future(engine.submit(job()))
    needless = dataclasses.replace(job(Kind.INTERIM, issued_s=time.monotonic()), wanted=lambda: False)
    second = asyncio.ensure_future(engine.submit(needless))
    await asyncio.sleep(0)
    model.go.set()
    assert await first
    assert await second is None
    assert engine.pace.turnaround_s == 0
    await asyncio.to_thread(engine.close)
