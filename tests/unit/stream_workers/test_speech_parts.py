"""The pure parts of speech: cutting, splitting, guards, the schedule, the language."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_workers.commit import Agreement, EarlyRules, begun_before, new_from, rest_after, spoken_span, sure_words
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis, Kind
from stream_workers.guards import Evidence, GuardRules, believable, echoes, without_loops
from stream_workers.language import LanguageLock
from stream_workers.scheduler import BatchRules, Pace, choose, stale
from stream_workers.tape import Tape
from stream_workers.vad import Cut, CutRules, Cutter

pytestmark = pytest.mark.unit
probabilities = st.lists(st.sampled_from([0.02, 0.2, 0.4, 0.6, 0.97]), max_size=600)


def cuts_of(probs, cutter=None):
    cutter, base, found = cutter or Cutter(), 0, []
    for p in probs:
        for mark in cutter.push(p, 40 * p):
            if isinstance(mark, Cut):
                found.append((base + mark.start, base + mark.end))
                base += mark.end
    return found, base


@given(probabilities)
def test_cuts_cover_the_sound_in_order_and_none_is_empty(probs):
    cuts, base = cuts_of(probs)
    ends = [0, *(end for _, end in cuts)]
    assert all(before <= start <= end and before < end for before, (start, end) in zip(ends, cuts, strict=False))
    assert base <= len(probs)


@given(probabilities)
def test_a_new_cutter_at_any_boundary_finds_the_same_cuts(probs):
    cuts, _ = cuts_of(probs)
    for i, (_, end) in enumerate(cuts[:5]):
        again, _ = cuts_of(probs[end:])
        assert [(a + end, b + end) for a, b in again] == cuts[i + 1 :]


@given(probabilities)
def test_a_phrase_is_never_longer_than_its_limit(probs):
    rules = CutRules()
    cuts, _ = cuts_of(probs)
    assert all(end - start <= rules.longest + rules.pre_roll + 20 for start, end in cuts)


def heard(text, start=0.0, step=0.3, p=0.9):
    return [HeardWord(f" {w}", start + i * step, start + (i + 1) * step, p) for i, w in enumerate(text.split())]


def test_new_words_begin_after_what_is_known_even_when_times_are_off():
    words = heard("we ship on friday and then we rest")
    assert new_from(words, ["We", "ship", "on", "Friday"], 1.2) == 4
    assert new_from(words, ["we", "ship", "on", "friday"], 1.4) == 4
    assert new_from(words, [], 1.2) == 0


def heard_at(text, start_s=0.0, each_s=0.3):
    return [HeardWord(f" {w}", start_s + i * each_s, start_s + (i + 1) * each_s) for i, w in enumerate(text.split())]


def test_words_read_a_little_differently_the_second_time_are_not_said_twice():
    words = heard_at("would make a deformed person appear lovely")
    assert new_from(words, ["would", "make", "a", "deformity"], 1.1) == 4
    assert new_from(heard_at("before coffin warehouses and"), ["before", "coffin", "warehouse"], 0.8) == 3


def test_only_the_end_of_what_was_said_may_be_known():
    assert new_from(heard_at("one two three four five six"), ["three", "four"], 1.2) == 4


def test_a_word_across_a_cut_belongs_to_the_side_where_most_of_it_lies():
    words = heard_at("one two three")
    assert [begun_before(words, end) for end in (0.1, 0.5, 0.8, 2.0)] == [0, 2, 3, 3]


def test_a_pause_counts_to_neither_of_the_words_beside_it():
    known, and_then = HeardWord(" known.", 0.4, 2.0), HeardWord(" as", 2.0, 2.6)
    assert begun_before([known, and_then], 1.0) == 1  # attention gives the pause to the mark
    assert begun_before([HeardWord(" known", 0.4, 0.6), HeardWord(" as", 0.6, 1.2)], 1.0) == 1  # or to what follows
    assert spoken_span(HeardWord(" neighborhood", 0.0, 0.8)) == (0.0, 0.8)


def test_words_are_sure_when_heard_twice_and_not_near_the_end():
    words, rules = heard("we ship on friday and then", p=0.7), EarlyRules(hold_s=0.5, fewest=3)
    assert sure_words(words, ["we", "ship", "on", "friday", "or"], 3.0, rules) == 4
    assert sure_words(words, ["we", "ship", "on", "friday", "and", "then"], 1.8, rules) == 4
    assert sure_words(words, ["we", "sip"], 3.0, rules) == 0
    assert sure_words(heard("we ship on friday", p=0.2), ["we", "ship", "on", "friday"], 9.0, rules) == 0


def test_certain_words_need_not_be_heard_again():
    rules = EarlyRules(hold_s=0.5, fewest=3)
    words = [*heard("we", p=0.6), *heard("ship on friday", 0.3, p=0.95), *heard("and then", 1.2, p=0.7)]
    assert sure_words(words, [], 3.0, rules) == 4
    assert sure_words(words, [], 1.5, rules) == 3
    assert sure_words(heard("we ship on friday", p=0.7), [], 3.0, rules) == 0


def test_what_was_shown_beyond_the_final_words_stays():
    assert rest_after(["we", "ship", "on", "friday"], ["we", "sip", "on", "Friday", "and", "then"]) == 4
    assert rest_after([], ["and"]) == 0


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=8), max_size=8))
def test_the_number_of_stable_words_never_falls_within_a_phrase(hypotheses):
    agreement, before = Agreement(), 0
    for words in hypotheses:
        now = agreement.push(words)
        assert now >= before
        before = now


def test_noise_that_the_model_is_not_sure_of_is_not_believed():
    evidence, rules = Evidence(2.0, 0.9), GuardRules()
    assert believable(Hypothesis(logprob=-0.3), 5, evidence, rules)
    assert not believable(Hypothesis(logprob=-1.1, no_speech=0.8), 5, evidence, rules)
    assert not believable(Hypothesis(compression=3.0), 5, evidence, rules)
    assert not believable(Hypothesis(logprob=-0.3), 40, evidence, rules)


def test_a_loop_is_said_once_and_a_threefold_no_stays():
    assert [w.text for w in without_loops(heard("no no no"))] == [" no"] * 3
    assert len(without_loops(heard("thank you " * 9))) == 2
    assert len(without_loops(heard("a b c d e"))) == 5


def job(kind, issued_s, seconds=2.0, **more):
    pcm = np.zeros(int(seconds * 16_000), np.int16)
    return DecodeJob("t", kind, 0, pcm, 8.0 if kind is Kind.FINAL else 2.0, language="en", issued_s=issued_s, **more)


def test_finals_come_first_the_oldest_first_and_like_lengths_together():
    waiting = [job(Kind.INTERIM, 1.0), job(Kind.FINAL, 3.0), job(Kind.FINAL, 2.0), job(Kind.FINAL, 1.0, 14.0)]
    assert choose(waiting, BatchRules()) == [3]
    assert choose(waiting[:3], BatchRules()) == [2, 1]
    assert choose(waiting[:1], BatchRules()) == [0]
    assert choose([], BatchRules()) == []


def test_free_hands_share_what_waits():
    waiting = [job(Kind.FINAL, float(i)) for i in range(5)]
    assert choose(waiting, BatchRules(), hands=2) == [0, 1, 2]
    assert choose(waiting[:2], BatchRules(), hands=2) == [0]


def test_windows_with_words_before_them_share_no_batch():
    told = [job(Kind.FINAL, float(i), prompt="so we") for i in range(3)]
    assert choose(told, BatchRules()) == [0]
    assert choose([job(Kind.FINAL, 0.0), *told], BatchRules()) == [0]


def test_a_preview_whose_words_are_about_to_be_read_for_good_is_given_up():
    waiting = [job(Kind.INTERIM, 0.0, wanted=lambda: False), job(Kind.FINAL, 0.0, wanted=lambda: False)]
    assert stale(waiting, 0.1, BatchRules()) == [0]


@given(st.lists(st.tuples(st.sampled_from(list(Kind)), st.floats(0, 9), st.floats(0.1, 25)), max_size=30))
def test_a_batch_is_bounded_and_of_one_kind(waiting):
    jobs = [job(kind, at, seconds) for kind, at, seconds in waiting]
    chosen = choose(jobs, BatchRules())
    assert bool(chosen) == bool(jobs)
    assert len(chosen) <= BatchRules().most
    assert len({jobs[i].kind for i in chosen}) <= 1
    if any(j.kind is Kind.FINAL for j in jobs):
        assert jobs[chosen[0]].kind is Kind.FINAL


def test_interims_give_up_waiting_and_finals_never_do():
    waiting = [job(Kind.INTERIM, 0.0), job(Kind.FINAL, 0.0), job(Kind.LOOK, 0.0)]
    assert stale(waiting, 2.0, BatchRules()) == [0]
    assert stale(waiting, 9999.0, BatchRules()) == [0, 2]


def test_the_pace_slows_down_with_slow_answers_and_recovers_by_itself():
    pace = Pace()
    assert pace.interval_s == pace.least_s
    for _ in range(20):
        pace.done(2.0)
    assert pace.thinned
    for _ in range(40):
        pace.done(0.1)
    assert pace.interval_s == pace.least_s


@given(st.lists(st.tuples(st.sampled_from(["en", "de", "fr"]), st.floats(0.3, 1.0), st.floats(0.2, 5.0)), max_size=12))
def test_a_locked_language_never_changes(phrases):
    lock, locked = LanguageLock(), None
    for code, p, seconds in phrases:
        lock = lock.vote(((code, p), ("xx", 1 - p)), seconds)
        assert locked in (None, lock.locked)
        locked = lock.locked


@given(st.lists(st.integers(0, 30_000), max_size=12))
def test_a_tape_gives_back_what_was_put_on_it(sizes):
    tape, all_sound = Tape(100), np.zeros(0, np.int16)
    for i, size in enumerate(sizes):
        sound = np.full(size, i, np.int16)
        tape.append(sound)
        all_sound = np.concatenate([all_sound, sound])
        tape.forget(100 + len(all_sound) // 2)
        low = 100 + len(all_sound) // 2
        assert tape.end == 100 + len(all_sound)
        assert np.array_equal(tape.cut(low, tape.end), all_sound[low - 100 :])


def test_names_read_from_the_hints_are_noticed_and_single_names_are_not() -> None:
    names = ("Daniela", "Kenji Sato", "Omar")
    assert echoes([" Daniela,", " Kenji"], names)
    assert echoes([" and", " Sato,", " Omar."], names)
    assert not echoes([" Daniela", " asked", " Omar"], names)
    assert not echoes([" Kenji", " Sato"], names)
    assert not echoes([" Daniela"], ())


def test_a_crowd_that_keeps_the_model_busy_makes_work_cheaper_until_there_is_room_again():
    pace = Pace()
    for second in range(20):
        pace.worked(0.98, second + 0.98, tracks=6)
    assert pace.pressed
    for second in range(20, 40):
        pace.worked(0.2, second + 0.2, tracks=6)
    assert not pace.pressed


def test_rare_previews_alone_make_nothing_cheaper_for_a_track_that_keeps_up():
    pace = Pace()
    for _ in range(20):
        pace.done(2.0)
    assert not pace.presses(1.0)
    assert pace.presses(6.0)
    for second in range(20):
        pace.worked(0.98, second + 0.98, tracks=6)
    assert pace.presses(0.0)


def test_one_track_that_catches_up_is_no_crowd():
    pace = Pace()
    for second in range(60):
        pace.worked(1.0, second + 1.0, tracks=2)
    assert not pace.pressed


def test_a_preview_says_no_run_of_words_twice():
    twice = heard("nothing surprising in this nothing surprising in this")
    assert len(without_loops(twice)) == 8
    assert len(without_loops(twice, strict=True)) == 4
    assert len(without_loops(heard("no no yes"), strict=True)) == 3
