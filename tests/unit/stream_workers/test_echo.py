"""Echo of a call in a microphone: what the call alone explains goes, what somebody says at the microphone stays."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from contracts.transcript import Segment, Word
from stream_workers import echo
from stream_workers.echoless import Compared, EchoJob, compare, echoless
from stream_workers.ports import Advanced, Final, Finished, InterimOut, Output, Pipeline
from stream_workers.timeline import Pcm

DATA = Path(__file__).resolve().parents[2] / "data"
WORK = TrackWork("m", "mic", 1.0, "Ana", call="tab", call_offset_s=0.75)
Sound = NDArray[np.float64]
WORD = SAMPLE_RATE_HZ * 3 // 10


def recorded(name: str, seconds: float) -> Sound:
    sound = soundfile.read(DATA / f"{name}.flac", dtype="float64")[0][: int(seconds * SAMPLE_RATE_HZ)]
    return np.asarray(sound * 0.06 / np.sqrt((sound**2).mean()))


def through(call: Sound, delay_s: float, decay_s: float, level_db: float) -> Sound:
    """The call as a microphone hears it: late, through a small loudspeaker, in a room."""
    rng = np.random.default_rng(3)
    size = int(decay_s * SAMPLE_RATE_HZ)
    tail = rng.normal(size=size) * 10 ** (-3 * np.linspace(0, 1, size))
    tail[0] = 3.0
    size = 2 ** int(np.ceil(np.log2(len(call) + len(tail))))
    hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    speaker = 1 / np.sqrt(1 + (300 / np.maximum(hz, 1)) ** 4) * (1 + 0.5 * np.sin(hz / 700))
    heard = np.fft.irfft(np.fft.rfft(call, size) * np.fft.rfft(tail / np.sqrt((tail**2).sum()), size) * speaker, size)
    return np.concatenate([np.zeros(int(delay_s * SAMPLE_RATE_HZ)), heard])[: len(call)] * 10 ** (level_db / 20)


def pcm(sound: Sound) -> Pcm:
    return np.clip(sound * 32768, -32767, 32767).astype(np.int16)


def judged(mic: Sound, call: Sound) -> list[tuple[int, bool]]:
    """Every 0.3 s of phrases of 3 s: where it begins, and whether it was taken for echo."""
    heard, there, found = pcm(mic), np.pad(pcm(call), 2 * SAMPLE_RATE_HZ), []
    path = echo.Path()
    borders = range(0, len(heard) + 1, 10 * WORD)
    for start, end in pairwise(borders):
        spans = tuple((at, at + WORD) for at in range(start, end, WORD))
        job = EchoJob(TrackWork("m", "mic", 0.0), path, start, heard[start:end], spans)
        first, last = (at + 2 * SAMPLE_RATE_HZ for at in job.call_span())
        answer = compare(job, there[first:last])
        path = answer.path
        found += [(at, is_echo) for (at, _), is_echo in zip(spans, answer.echoes, strict=True)]
    return found


def loud(sound: Sound, at: int) -> float:
    return float((sound[at : at + WORD] ** 2).mean())


@pytest.mark.parametrize(
    ("delay_s", "decay_s", "level_db"), [(0.03, 0.2, -10.0), (0.12, 0.4, -16.0), (0.3, 0.25, -6.0)]
)
def test_what_is_only_echo_goes(delay_s: float, decay_s: float, level_db: float) -> None:
    call = recorded("standup", 45)
    heard = through(call, delay_s, decay_s, level_db)
    rng = np.random.default_rng(0)
    found = [e for at, e in judged(heard + rng.normal(size=len(call)) * 3e-4, call) if loud(heard, at) > 1e-5]
    assert len(found) > 60
    assert np.mean(found) > 0.9


def test_who_speaks_at_the_microphone_stays_also_over_the_call() -> None:
    call, near = recorded("standup", 34), recorded("call", 34)
    heard = through(call, 0.1, 0.3, -16.0)
    found = [e for at, e in judged(heard + near, call) if loud(near, at) > max(4 * loud(heard, at), 1e-4)]
    assert len(found) > 60
    assert np.mean(found) < 0.03


def test_with_headphones_nothing_goes() -> None:
    call, near = recorded("standup", 34), recorded("call", 34)
    assert not any(e for at, e in judged(near, call) if loud(near, at) > 1e-4)


def test_without_a_call_nothing_goes() -> None:
    near = recorded("call", 20)
    assert not any(e for _, e in judged(near, np.zeros_like(near)))


class Scripted:
    """A pipeline whose outputs are given."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = list(outputs)
        self.accounted = 0

    def push(self, pcm: Pcm) -> list[Output]:
        out, self._outputs = self._outputs, []
        return out

    def push_gap(self, samples: int, cause: str) -> list[Output]:
        return []

    def finish(self) -> list[Output]:
        return [Finished(9)]

    def next_job(self, now_s: float) -> None:
        return None

    def complete(self, job: object, result: object) -> list[Output]:
        raise AssertionError("no job was given")


def ran(outputs: Sequence[Output], answer: Callable[[EchoJob], tuple[bool, ...]]) -> list[Output]:
    """What comes out when every comparison is answered like that."""
    made: Pipeline = echoless(lambda work, samples, state: Scripted(outputs))(WORK, 0, b"")
    found = [*made.push(np.zeros(SAMPLE_RATE_HZ * 4, np.int16)), *made.finish()]
    while (job := made.next_job(0.0)) is not None:
        found += made.complete(job, Compared(job.path, answer(job)))
    return found


def segment(*words: tuple[str, float, float]) -> Segment:
    made = tuple(Word(w, s, e) for w, s, e in words)
    text = " ".join(w.w for w in made)
    return Segment(f"mic-{made[0].s}", "mic", made[0].s, made[-1].e, text, made, speaker="Ana", final=True)


def test_only_the_words_that_are_echo_go_and_the_checkpoint_moves_in_any_case() -> None:
    mixed = segment(("Yes,", 0.0, 0.4), ("how", 1.0, 1.2), ("slow", 1.2, 1.6), ("indeed.", 2.0, 2.6))
    gone = segment(("How", 2.7, 3.0), ("slow?", 3.0, 3.4))
    echoes = {mixed.words[1].s, mixed.words[2].s, *(w.s for w in gone.words)}
    out = ran(
        [Final(mixed, 100), Final(gone, 200)],
        lambda job: tuple(a / SAMPLE_RATE_HZ in echoes for a, _ in job.spans),
    )
    assert [type(o) for o in out] == [Final, Final, Advanced, Finished]
    assert [o.segment.text for o in out if isinstance(o, Final)] == ["Yes,", "indeed."]
    assert {o.segment.speaker for o in out if isinstance(o, Final)} == {"Ana"}
    assert [o.samples for o in out if not isinstance(o, InterimOut)] == [0, 100, 200, 9]


def test_open_words_that_are_echo_are_not_shown_and_only_the_newest_are_compared() -> None:
    asked: list[EchoJob] = []

    def answer(job: EchoJob) -> tuple[bool, ...]:
        asked.append(job)
        return (True,) * len(job.spans)

    opens = [InterimOut(segment((w, 0.0, 0.5)), n) for n, w in enumerate(("How", "How slow"))]
    out = ran(opens, answer)
    assert len(asked) <= 1
    assert all(o.segment is None for o in out if isinstance(o, InterimOut))


def test_the_call_is_asked_for_where_the_meeting_was() -> None:
    job = EchoJob(WORK, echo.Path(), SAMPLE_RATE_HZ, np.zeros(SAMPLE_RATE_HZ, np.int16), ())
    first, last = job.call_span()
    ahead = round(echo.MARGIN_S * SAMPLE_RATE_HZ)
    assert first == SAMPLE_RATE_HZ + SAMPLE_RATE_HZ // 4 - ahead
    assert last - first == SAMPLE_RATE_HZ + 2 * ahead
