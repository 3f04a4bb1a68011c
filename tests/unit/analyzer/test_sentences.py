"""A sentence is one however it is cut into finals; half of one is shown after a bounded wait, and grows."""

import random
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.brain import Brain
from analyzer.ops import stands
from analyzer.transcript import Transcript
from analyzer.units import PAUSE_S, sentences
from analyzer.window import OPEN_S, SETTLE_S, Window
from contracts.lifecycle import MeetingEnding, MeetingStarted, TrackAdded
from contracts.notes import NotesCheckpoint, NotesEpoch, NotesUpdated, SegmentCorrected
from contracts.transcript import Segment, SegmentFinal, SegmentRevised, TrackFinished, Word
from tests.unit.analyzer.meetings import WEDNESDAY
from tests.unit.analyzer.test_brain import brain

TALK = (
    ("Ana", "The supplier is waiting for our price list. Who can do it?"),
    ("Tom", "I will send the price list to the supplier at 9 a.m. on Friday. Then we see."),
    ("Ana", "Great, thank you. And the room, well, it is too small for all of us"),
    ("Eve", "I will book the blue room for the whole of next week and tell the school that we need forty chairs."),
    ("Ana", "Good. Tom will call the printer, and he will ask them for a new offer."),
)


def words_of(talk: Sequence[tuple[str, str]]) -> list[tuple[str, Word]]:
    """Who says which word when: three a second, half a second between speakers."""
    found: list[tuple[str, Word]] = []
    clock = 0.0
    for who, text in talk:
        for word in text.split():
            found.append((who, Word(word, round(clock, 2), round(clock + 0.3, 2))))
            clock += 0.33
        clock += 0.5
    return found


def cut(words: list[tuple[str, Word]], cuts: set[int], track: str = "t") -> list[Segment]:
    """The words as finals: cut at ``cuts`` and wherever the speaker changes."""
    groups: list[list[tuple[str, Word]]] = []
    for n, (who, word) in enumerate(words):
        if not groups or n in cuts or groups[-1][-1][0] != who:
            groups.append([])
        groups[-1].append((who, word))
    return [_segment(track, g) for g in groups]


def _segment(track: str, group: list[tuple[str, Word]]) -> Segment:
    words = tuple(w for _, w in group)
    name = f"{track}-{round(1000 * words[0].s)}"
    text = " ".join(w.w for w in words)
    return Segment(name, track, words[0].s, words[-1].e, text, words, speaker=group[0][0], final=True)


class Live(Transcript):
    """A meeting whose finals come one by one."""

    def __init__(self) -> None:
        super().__init__("m")
        self.log: list[object] = []
        self.put(MeetingStarted("m", "Talk", "u", WEDNESDAY, "UTC"))
        self.put(TrackAdded("m", "t", "transcript", 0.0))

    def put(self, record: object) -> None:
        self.log.append(record)
        self.apply(self.seq + 1, record)

    def end(self) -> None:
        self.put(MeetingEnding("m", 0.0))
        self.put(TrackFinished("m", "t", self.end_s))


async def looked(talk: Live, mind: Brain, window: Window, now: float) -> None:
    """All passes that are due."""
    while (view := window.next(talk, talk.checkpoint.meeting_seq, now)) is not None:
        step = await mind.pass_over(view, talk, now)
        talk.put(NotesUpdated("m", NotesCheckpoint(view.upto_seq), step.items))
        now += 0.01


async def live(segments: Sequence[Segment], rng: random.Random | None = None) -> Live:
    """The finals come as they are said; with ``rng`` late, in fits and starts, and to analyzers that are replaced."""
    talk, mind, window = Live(), brain(), Window()
    now = 0.0
    for segment in segments:
        talk.put(SegmentFinal("m", segment))
        now = max(now, segment.end + 2.0 + (rng.choice((0.0, 1.0, 8.0)) if rng else 0.0))
        window.arrived(now)
        if rng is None or rng.random() < 0.7:
            await looked(talk, mind, window, now + (rng.choice((0.1, 6.0)) if rng else 0.1))
        if rng and rng.random() < 0.2:
            mind, window = brain(), Window()
            talk.put(NotesEpoch("m", "another", talk.checkpoint))
    talk.end()
    await looked(talk, mind, window, now + 60.0)
    return talk


def told(talk: Live) -> list[tuple[str, str | None, str | None, str]]:
    """The notes as people read them, with the words that they rest on."""
    found = [(i.text, i.owner, i.due_words, " ".join(e.quote for e in i.evidence)) for i in talk.notes.shown()]
    return sorted(found)


def cuts(words: list[tuple[str, Word]]) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(1, len(words) - 1))


WORDS = words_of(TALK)


@settings(deadline=None)
@given(cuts(WORDS))
def test_any_cutting_of_the_same_words_gives_the_same_sentences(at: set[int]) -> None:
    def said(talk: Live) -> list[tuple[str | None, str, float, float]]:
        return [(u.speaker, u.text, u.start, u.end) for u in talk.units()]

    whole, parts = Live(), Live()
    for talk, segments in ((whole, cut(WORDS, set())), (parts, cut(WORDS, at))):
        for segment in segments:
            talk.put(SegmentFinal("m", segment))
    assert said(parts) == said(whole)
    for unit in parts.units():
        assert all(p.text in parts.heard[p.segment_id].segment.text for p in unit.parts)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(cuts(WORDS), st.integers(0, 2**16))
async def test_any_cutting_and_any_timing_gives_the_same_notes(at: set[int], seed: int) -> None:
    plain = await live(cut(WORDS, set()))
    talk = await live(cut(WORDS, at), random.Random(seed))
    assert told(talk) == told(plain)
    assert len(told(plain)) == 3
    for item in talk.notes.shown():
        assert all(stands(e, talk.heard) for e in item.evidence)


HALVES = ("I will send the price list to", "the supplier by Friday")


def halves(pause_s: float = 0.2, speaker: str = "Tom") -> list[Segment]:
    first = Segment("t-0", "t", 0.0, 1.0, HALVES[0], speaker="Tom", final=True)
    return [first, Segment("t-1", "t", 1.0 + pause_s, 3.0, HALVES[1], speaker=speaker, final=True)]


@pytest.mark.parametrize(
    ("second", "count"),
    [
        (halves()[1], 1),
        (halves(PAUSE_S)[1], 2),
        (halves(speaker="Ana")[1], 2),
        (msgspec.structs.replace(halves()[1], track="u", id="u-1"), 2),
    ],
)
def test_a_pause_another_speaker_and_another_track_end_a_sentence(second: Segment, count: int) -> None:
    talk = Live()
    talk.put(SegmentFinal("m", halves()[0]))
    talk.put(SegmentFinal("m", second))
    assert len(talk.units()) == count


CALL = (("Eve", "Could you call the"), ("Ana", "agency tomorrow?"))


@pytest.mark.parametrize(
    ("said", "breath_s", "sentences_said"),
    [
        (CALL, 0.0, [("Ana", "Could you call the agency tomorrow?")]),
        (
            ((None, "I'm going to do it"), ("Ana", "Tomorrow morning.")),
            0.0,
            [("Ana", "I'm going to do it Tomorrow morning.")],
        ),
        (
            (("Ana", "We could"), (None, "do that."), ("Eve", "No.")),
            0.0,
            [("Ana", "We could do that."), ("Eve", "No.")],
        ),
        (CALL, 0.5, [("Eve", "Could you call the"), ("Ana", "agency tomorrow?")]),
        ((("Eve", "Could you call?"), ("Ana", "maybe")), 0.0, [("Eve", "Could you call?"), ("Ana", "maybe")]),
        ((("Eve", "could you call the"), ("Ana", "yeah")), 0.0, [("Eve", "could you call the"), ("Ana", "yeah")]),
        (
            (("Eve", "I think that we should really"), ("Ana", "no we should not do that now")),
            0.0,
            [("Eve", "I think that we should really"), ("Ana", "no we should not do that now")],
        ),
    ],
)
def test_words_with_another_label_or_none_belong_to_the_sentence_that_they_begin(
    said: tuple[tuple[str | None, str], ...], breath_s: float, sentences_said: list[tuple[str, str]]
) -> None:
    talk, clock = Live(), 0.0
    for n, (who, text) in enumerate(said):
        words = tuple(Word(w, clock + 0.3 * k, clock + 0.3 * (k + 1)) for k, w in enumerate(text.split()))
        talk.put(SegmentFinal("m", Segment(f"t-{n}", "t", words[0].s, words[-1].e, text, words, speaker=who)))
        clock = words[-1].e + breath_s
    assert [(u.speaker, u.text) for u in talk.units()] == sentences_said


def test_a_full_stop_that_a_cut_made_ends_nothing() -> None:
    run = [
        Segment("t-0", "t", 0.0, 1.0, "I'm going to do."),
        Segment("t-1", "t", 1.1, 2.0, "the load test of the checkout by Friday."),
        Segment("t-2", "t", 2.1, 3.0, "Is it late? then we wait."),
    ]
    assert [u.text for u in sentences(run, ["Tom"] * len(run))] == [
        "I'm going to do. the load test of the checkout by Friday.",
        "Is it late?",
        "then we wait.",
    ]


def later(window: Window, talk: Live, step_s: float = 0.5) -> Iterator[float]:
    now = 100.0
    while window.next(talk, talk.checkpoint.meeting_seq, now) is None:
        yield now
        now += step_s


def test_half_a_sentence_waits_for_its_rest_and_not_longer_than_a_bound() -> None:
    talk, window = Live(), Window()
    talk.put(SegmentFinal("m", halves()[0]))
    window.arrived(100.0)
    assert max(later(window, talk)) < 100.0 + SETTLE_S
    others, window = Live(), Window()
    others.put(TrackAdded("m", "u", "transcript", 0.0))
    others.put(SegmentFinal("m", halves()[0]))
    for n in range(4):
        start = 0.5 + n
        others.put(SegmentFinal("m", Segment(f"u-{n}", "u", start, start + 0.5, "Yes.", speaker="Ana", final=True)))
        window.arrived(100.0)
        view = window.next(others, 0, 100.1)
        assert view is None
    others.put(SegmentFinal("m", Segment("u-9", "u", 4.0, 1.0 + OPEN_S, "Fine.", speaker="Ana", final=True)))
    assert window.next(others, 0, 100.1) is not None


async def test_half_a_sentence_that_was_judged_grows_and_keeps_its_id() -> None:
    talk, mind = Live(), brain()
    for segment in halves():
        talk.put(SegmentFinal("m", segment))
        await looked(talk, mind, Window(), 1e6)
    item = next(iter(talk.notes.items.values()))
    assert (len(talk.notes.items), item.due_words) == (1, "by Friday")
    assert item.text == "Send the price list to the supplier"
    assert [e.segment_id for e in item.evidence] == ["t-0", "t-1"]
    assert [(c.what, c.reason) for c in item.history] == [("added", ""), ("changed", "the sentence went on")]


async def test_a_sentence_that_turns_out_to_be_something_else_takes_its_item_back() -> None:
    class Doubting:
        def scores(self, units, vectors):  # type: ignore[no-untyped-def]
            import numpy as np

            found = np.full((len(units), 4), -9.0, np.float32)
            found[:, 0] = [3.0 if u.text == HALVES[0] else -9.0 for u in units]
            return found

    talk, mind = Live(), brain(Doubting())
    for segment in halves():
        talk.put(SegmentFinal("m", segment))
        await looked(talk, mind, Window(), 1e6)
    item = next(iter(talk.notes.items.values()))
    assert (item.status, item.history[-1].reason) == ("withdrawn", "the sentence went on")


@pytest.mark.parametrize("which", [0, 1])
async def test_striking_or_relabelling_either_half_judges_again(which: int) -> None:
    for change in (
        SegmentCorrected("m", f"t-{which}", "u", 1.0, text=""),
        SegmentRevised("m", msgspec.structs.replace(halves()[which], rev=1, speaker="Ana"), "speaker"),
        SegmentCorrected("m", f"t-{which}", "u", 1.0, text="Nothing of the kind."),
    ):
        talk, mind = Live(), brain()
        for segment in halves():
            talk.put(SegmentFinal("m", segment))
        await looked(talk, mind, Window(), 1e6)
        before = talk.notes.shown()[0]
        talk.put(change)
        await looked(talk, mind, Window(), 2e6)
        after = talk.notes.items[before.id]
        assert after != before
        assert all(stands(e, talk.heard) for i in talk.notes.shown() for e in i.evidence)
        assert after.due_words is None or after.status == "withdrawn"


async def test_the_log_read_again_mid_sentence_comes_to_the_same_notes() -> None:
    first = Live()
    first.put(SegmentFinal("m", halves()[0]))
    await looked(first, brain(), Window(), 1e6)
    second = Live()
    for record in first.log[len(second.log) :]:
        second.put(record)
    second.put(SegmentFinal("m", halves()[1]))
    await looked(second, brain(), Window(), 1e6)
    assert [i.text for i in second.notes.shown()] == ["Send the price list to the supplier"]
