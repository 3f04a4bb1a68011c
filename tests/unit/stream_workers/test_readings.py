"""Which readings of a phrase may stand."""

import msgspec
import numpy as np
import pytest

from contracts.live import TrackWork
from stream_workers import readings
from stream_workers.decode import HeardWord, Hypothesis
from stream_workers.guards import Evidence
from stream_workers.listening import Spoken
from stream_workers.memory import Early, Memory, Phrase
from stream_workers.readings import Reading
from stream_workers.speech_settings import SpeechSettings
from stream_workers.tape import Tape

pytestmark = pytest.mark.unit
SECOND = 16_000
WORK = TrackWork("m", "t", 0.0, language="en", vocabulary=("Ann", "Bob"))


def phrase(start_s: float, end_s: float, heard_s: float | None = None) -> Spoken:
    tape = Tape(0)
    tape.append(np.zeros(30 * SECOND, np.int16))
    first, last, beyond = (int(s * SECOND) for s in (start_s, end_s, heard_s or end_s))
    return Spoken(first, first, last, beyond, b"", b"", Evidence(end_s - start_s, 1.0), tape)


def memory(words: tuple[str, ...] = (), early: Early | None = None) -> Memory:
    before = Phrase(0, 0, 4 * SECOND, b"", words)
    return Memory(4 * SECOND, b"", (before,), early=early or Early())


def said(text: str, start_s: float, p: float = 0.9, logprob: float = -0.1) -> Hypothesis:
    words = tuple(HeardWord(f" {w}", start_s + 0.3 * i, start_s + 0.3 * (i + 1), p) for i, w in enumerate(text.split()))
    return Hypothesis(words, "en", logprob=logprob)


def stands(reading: Reading, act: Spoken, heard: Hypothesis, known: Memory) -> bool:
    settings = SpeechSettings()
    job = readings.phrase_job(act, reading, WORK, known, settings, pressed=False)
    return readings.good(reading, act, job, heard, readings.split(act, job, heard, known), known, settings)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (said("at nine on monday", 0.3), True),
        (said("at nine on monday", 0.3, p=0.6), False),
        (said("at nine on monday", 0.3, p=0.1), False),
        (said("at", 0.3), False),
        (said("", 0.3), False),
    ],
)
def test_a_quick_reading_stands_when_it_is_likely_in_every_word_and_leaves_nothing_out(heard, expected):
    assert stands(Reading.QUICK, phrase(4.0, 6.5), heard, memory((" we", " meet"))) is expected


def test_a_quick_reading_of_a_phrase_that_is_written_already_stands_without_new_words():
    known = memory(early=Early((" at", " nine"), int(4.95 * SECOND)))
    assert stands(Reading.QUICK, phrase(4.0, 5.2), said("at nine", 0.3), known)


def test_a_full_reading_that_skips_what_is_known_does_not_stand():
    known = memory((" we", " meet", " again", " here"))
    assert stands(Reading.FULL, phrase(4.0, 6.5), said("we meet again here at nine on monday", 2.8), known)
    assert not stands(Reading.FULL, phrase(4.0, 6.5), said("at nine on monday", 4.3), known)


def test_each_reading_hears_what_it_needs():
    known = memory((" we", " meet"))
    act = phrase(4.0, 6.5, 8.0)
    quick, full, alone = (
        readings.phrase_job(act, reading, WORK, known, SpeechSettings(), pressed=False) for reading in Reading
    )
    assert (quick.start, quick.seconds, quick.beam, quick.prompt) == (4 * SECOND, 4.0, 1, "we meet")
    assert (full.start, full.seconds, full.prompt) == (0, 8.0, "")
    assert full.beam > 1
    told = msgspec.structs.replace(known, said=(" then",))
    full = readings.phrase_job(act, Reading.FULL, WORK, told, SpeechSettings(), pressed=False)
    assert full.prompt == "then"
    assert (alone.start, alone.seconds, alone.hotwords) == (4 * SECOND, 2.5, "")


def test_while_there_is_more_to_do_than_fits_a_phrase_is_read_once_and_cheaply():
    assert readings.first_reading(memory(), SpeechSettings(), pressed=False) is Reading.QUICK
    assert readings.first_reading(memory().read(clear=False), SpeechSettings(), pressed=False) is Reading.FULL
    assert readings.first_reading(memory(), SpeechSettings(), pressed=True) is Reading.FULL
    job = readings.phrase_job(phrase(4.0, 6.5), Reading.FULL, WORK, memory(), SpeechSettings(), pressed=True)
    assert (job.start, job.seconds, job.beam) == (4 * SECOND, 2.5, 1)
