"""The second reading of a finished track: windows, and what they change."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.transcript import Segment, Word
from stream_workers import again
from stream_workers.decode import HeardWord, Hypothesis, Kind
from stream_workers.guards import GuardRules

pytestmark = pytest.mark.unit
OFFSET_S = 100.0


def segment(start_s: float, words: list[str], step_s: float = 0.4, **more) -> Segment:
    timed = tuple(Word(w, start_s + i * step_s, start_s + (i + 1) * step_s) for i, w in enumerate(words))
    return Segment(f"t-{start_s}", "t", start_s, timed[-1].e, " ".join(words), timed, final=True, language="en", **more)


def heard(stretch: again.Stretch, segments: list[list[str]], step_s: float = 0.4) -> Hypothesis:
    window_s = OFFSET_S + stretch.start / 16_000
    words = [
        HeardWord(f" {text}", s.start + i * step_s - window_s, s.start + (i + 1) * step_s - window_s, 0.9)
        for s, texts in zip(stretch.segments, segments, strict=True)
        for i, text in enumerate(texts)
    ]
    return Hypothesis(tuple(words), "en")


def revised(stretch: again.Stretch, found: Hypothesis, vocabulary: tuple[str, ...] = ()) -> list[Segment]:
    return again.revisions(stretch, found, OFFSET_S, vocabulary, GuardRules())


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(1, 12)), min_size=1, max_size=30))
def test_every_segment_is_in_one_stretch_and_none_is_longer_than_the_model_takes(plan):
    at_s, segments = OFFSET_S, []
    for pause_s, words in plan:
        segments.append(segment(at_s + pause_s, ["w"] * words))
        at_s = segments[-1].end
    found = again.stretches(segments, OFFSET_S)
    assert [s for stretch in found for s in stretch.segments] == segments
    assert all(s.end - s.start <= 30 * 16_000 for s in found)
    assert all(b.segments[0].start >= a.segments[-1].end for a, b in itertools.pairwise(found))


def test_a_word_that_reads_otherwise_revises_its_segment_only_and_keeps_its_speaker():
    one, two = segment(100.5, ["we", "meat", "on", "monday"], speaker="Ann"), segment(102.5, ["at", "nine"])
    [stretch] = again.stretches([one, two], OFFSET_S)
    [better] = revised(stretch, heard(stretch, [["we", "meet", "on", "monday"], ["at", "nine"]]))
    assert (better.id, better.rev, better.text, better.speaker) == (one.id, 1, "we meet on monday", "Ann")
    assert (better.start, better.end) == (one.start, one.end)
    assert all(one.start <= w.s <= w.e <= one.end for w in better.words)


def test_read_alike_nothing_changes():
    [stretch] = again.stretches([segment(100.5, ["we", "meet"]), segment(102.0, ["at", "nine"])], OFFSET_S)
    assert revised(stretch, heard(stretch, [["we", "meet"], ["at", "nine"]])) == []


def test_a_segment_is_never_emptied():
    one, two = segment(100.5, ["we", "meet", "on", "monday"]), segment(102.5, ["yes"])
    [stretch] = again.stretches([one, two], OFFSET_S)
    assert revised(stretch, heard(stretch, [["we", "meet", "on", "monday"], []])) == []


@pytest.mark.parametrize(
    "reading",
    [
        [["we"], []],
        [["we", "we", "we", "we"], ["we", "we", "we", "we"]],
    ],
)
def test_a_reading_that_skips_or_loops_changes_nothing(reading):
    one, two = segment(100.5, ["we", "meet", "on", "monday"]), segment(102.5, ["at", "nine", "sharp", "yes"])
    [stretch] = again.stretches([one, two], OFFSET_S)
    assert revised(stretch, heard(stretch, reading)) == []


def test_hints_read_aloud_change_nothing():
    one = segment(100.5, ["well", "thanks"])
    [stretch] = again.stretches([one], OFFSET_S)
    assert revised(stretch, heard(stretch, [["Ann", "Bob"]]), ("Ann", "Bob")) == []


def test_the_question_is_asked_after_everything_else():
    [stretch] = again.stretches([segment(100.5, ["we"])], OFFSET_S)
    job = again.job(stretch, np.zeros(stretch.end - stretch.start, np.int16), 8, ("Ann",))
    assert (job.kind, job.start, job.language, job.hotwords) == (Kind.AGAIN, stretch.start, "en", "Ann")
