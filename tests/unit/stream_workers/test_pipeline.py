"""The pipeline as a whole, with a scripted voice detector and model."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import BadInput
from contracts.live import TrackWork
from stream_workers.decode import Hypothesis, Kind
from stream_workers.offline import outputs, transcribe
from stream_workers.pipeline import Pipeline
from stream_workers.ports import Advanced, Final, Finished, GapOut, InterimOut
from stream_workers.speech_settings import SpeechSettings
from tests.fakes.speech import LevelTranscriber, LoudVad, Mumbled, spoken

pytestmark = pytest.mark.unit

plans = st.lists(st.tuples(st.integers(1, 30), st.integers(5, 250)), min_size=1, max_size=4)
contexts = st.sampled_from([SpeechSettings(), SpeechSettings(context_s=6.0), SpeechSettings(full_prompt=False)])
models = st.sampled_from([LevelTranscriber, Mumbled])


def pipeline(config: SpeechSettings, samples: int = 0, state: bytes = b"", language: str | None = "en") -> Pipeline:
    return Pipeline(TrackWork("m", "t", 0.0, language=language), samples, state, vad=LoudVad(), settings=config)


@settings(max_examples=8, deadline=None)
@given(plans, contexts, models, st.integers(200, 40_000))
def test_any_chunking_of_the_same_sound_gives_the_same_finals(plan, config, model, step):
    sound = spoken(plan)
    whole = transcribe(sound, pipeline(config), model())
    parts = [o.segment for o in outputs(sound, pipeline(config), model(), step) if isinstance(o, Final)]
    assert parts == whole


@settings(max_examples=5, deadline=None)
@given(plans, contexts, models)
def test_replay_from_any_checkpoint_gives_the_same_finals_with_the_same_ids(plan, config, model):
    sound = spoken(plan)
    first = list(outputs(sound, pipeline(config, language=None), model()))
    for i, output in enumerate(first):
        later = [o.segment for o in first[i + 1 :] if isinstance(o, Final)]
        again = pipeline(config, output.samples, output.state, None)
        assert transcribe(sound[output.samples :], again, model()) == later


@settings(max_examples=8, deadline=None)
@given(plans, contexts, models)
def test_every_word_is_final_once_and_in_order(plan, config, model):
    sound = spoken(plan)
    segments = transcribe(sound, pipeline(config), model())
    words = [int(w.w[1:]) for s in segments for w in s.words]
    assert words == sorted(set(words))
    assert len(words) >= 0.9 * sum(n for n, _ in plan)
    assert len({s.id for s in segments}) == len(segments)
    assert all(a.end <= b.start + 1e-6 for a, b in itertools.pairwise(segments))


@settings(max_examples=4, deadline=None)
@given(st.integers(1, 150))
def test_speech_without_a_pause_is_written_within_thirty_seconds(syllables):
    sound, p, model = spoken([(syllables, 10)]), pipeline(SpeechSettings()), LevelTranscriber()
    for start in range(0, len(sound), 16_000):
        p.push(sound[start : start + 16_000])
        while (job := p.next_final(0.0)) is not None:
            p.complete(job, model.decode([job])[0])
        assert min(len(sound), start + 16_000) - p.accounted <= 30 * 16_000


def test_a_track_ends_with_finished_at_its_last_sample():
    sound = spoken([(7, 33)])
    last = list(outputs(sound, pipeline(SpeechSettings()), LevelTranscriber()))[-1]
    assert isinstance(last, Finished)
    assert last.samples == len(sound)


def test_silence_moves_the_checkpoint_and_makes_no_words():
    found = list(outputs(np.zeros(60 * 16_000, np.int16), pipeline(SpeechSettings()), LevelTranscriber()))
    moves = [o.samples for o in found if isinstance(o, Advanced)]
    assert not any(isinstance(o, Final) for o in found)
    assert max(b - a for a, b in zip([0, *moves], [*moves, 60 * 16_000], strict=True)) <= 10 * 16_000


def test_a_gap_comes_after_the_words_before_it_and_nothing_is_carried_over():
    p, model = pipeline(SpeechSettings()), LevelTranscriber()
    found = [*p.push(spoken([(8, 0)])), *p.push_gap(10**9, "network")]
    while (job := p.next_final(0.0)) is not None:
        found += p.complete(job, model.decode([job])[0])
    found += [*p.push(spoken([(8, 100)])), *p.finish()]
    while (job := p.next_final(0.0)) is not None:
        found += p.complete(job, model.decode([job])[0])
    kinds = [type(o) for o in found if not isinstance(o, InterimOut)]
    assert kinds == [Final, GapOut, Final, Finished]
    assert found[-1].samples == 10**9 + 2 * 8 * 3_200 + 16_000


def test_previews_come_while_somebody_speaks_and_end_with_the_final():
    p, model, shown = pipeline(SpeechSettings()), LevelTranscriber(), []
    sound = spoken([(9, 100)])
    for start in range(0, len(sound), 960):
        p.push(sound[start : start + 960])
        job = p.next_job(0.0)
        if job:
            shown += [o for o in p.complete(job, model.decode([job])[0]) if isinstance(o, InterimOut)]
    texts = [o.segment.text if o.segment else "" for o in shown]
    assert len(texts) >= 4
    assert texts[-1] == ""
    assert texts[0].startswith("w501")


def test_a_skipped_preview_changes_nothing():
    p = pipeline(SpeechSettings())
    p.push(spoken([(6, 0)]))
    job = p.next_job(0.0)
    assert job is not None
    assert job.kind is Kind.INTERIM
    assert p.complete(job, None) == []


def test_a_phrase_is_judged_by_its_own_words_not_by_those_of_its_context():
    config = SpeechSettings(context_s=12.0)
    sound = spoken([(18, 30), (6, 30), (18, 60)])
    assert sum(len(s.words) for s in transcribe(sound, pipeline(config), LevelTranscriber())) == 42


class Forgetful(LevelTranscriber):
    """Leaves out everything after the first second when a window is long."""

    def decode(self, jobs):
        return [
            Hypothesis(h.words[:2], h.language, h.languages) if len(j.pcm) > 5 * 16_000 else h
            for j, h in zip(jobs, super().decode(jobs), strict=True)
        ]


def test_a_phrase_that_the_model_leaves_out_after_its_context_is_heard_again_alone():
    config = SpeechSettings(context_s=12.0)
    sound = spoken([(15, 60), (15, 60)])
    segments = transcribe(sound, pipeline(config), Forgetful())
    assert sum(len(s.words) for s in segments) == 30


def test_after_a_cut_in_mid_speech_nothing_is_looked_at_that_was_heard_already():
    p, model, heard = pipeline(SpeechSettings()), LevelTranscriber(), 0
    sound = spoken([(60, 40)])
    for start in range(0, len(sound), 512):
        p.push(sound[start : start + 512])
        while (job := p.next_final(0.0)) is not None:
            end = job.start + len(job.pcm)
            assert job.kind is Kind.FINAL or end > heard
            heard = max(heard, end)
            p.complete(job, model.decode([job])[0])
    assert heard >= 60 * 3_200


class Skips(LevelTranscriber):
    """Leaves out the second to the twentieth word of a long window."""

    def decode(self, jobs):
        return [
            dataclasses.replace(h, words=(*h.words[:1], *h.words[20:])) if len(j.pcm) > 5 * 16_000 else h
            for j, h in zip(jobs, super().decode(jobs), strict=True)
        ]


def test_a_reading_that_skips_what_is_known_is_not_trusted_with_what_is_new():
    sound = spoken([(15, 60), (15, 60)])
    segments = transcribe(sound, pipeline(SpeechSettings(context_s=12.0)), Skips())
    assert [w.w for s in segments for w in s.words] == [f"w{501 + i}" for i in range(30)]


def test_the_language_is_found_once_and_stays():
    sound, model = spoken([(12, 60)] * 4), LevelTranscriber()
    transcribe(sound, pipeline(SpeechSettings(), language=None), model)
    asked = [job.language for batch in model.batches for job in batch if job.kind is Kind.FINAL]
    assert asked[0] is None
    assert asked[-1] == "en"


def test_a_state_of_another_checkpoint_is_refused():
    sound = spoken([(12, 60)] * 2)
    final = next(o for o in outputs(sound, pipeline(SpeechSettings()), LevelTranscriber()) if isinstance(o, Final))
    with pytest.raises(BadInput):
        pipeline(SpeechSettings(), final.samples + 512, final.state)
    with pytest.raises(BadInput):
        pipeline(SpeechSettings(), final.samples, b"\x01nonsense")


def test_a_look_that_becomes_needless_while_the_engine_has_it_is_still_answered():
    p, model = pipeline(SpeechSettings()), LevelTranscriber()
    sound = spoken([(12, 0), (60, 50)])
    at = next(end for end in range(0, len(sound), 512) if not p.push(sound[end : end + 512]) and p.next_final(0.0))
    look = p.next_final(0.0)
    assert look is not None
    assert look.kind is Kind.LOOK
    rest = [*p.push(sound[at + 512 :]), *p.complete(look, model.decode([look])[0]), *p.finish()]
    while (job := p.next_final(0.0)) is not None:
        rest += p.complete(job, model.decode([job])[0])
    assert isinstance(rest[-1], Finished)
    assert len({w.w for o in rest if isinstance(o, Final) for w in o.segment.words}) == 72


class ReadsHintsAloud(LevelTranscriber):
    """Says the first two hints instead of the words as long as it is given any."""

    def decode(self, jobs):
        answers = super().decode(jobs)
        return [self._echo(job, heard) if job.hotwords else heard for job, heard in zip(jobs, answers, strict=True)]

    def _echo(self, job, heard):
        hints = job.hotwords.split(", ")[:2]
        words = [dataclasses.replace(w, text=f" {hint},") for w, hint in zip(heard.words, hints, strict=False)]
        return dataclasses.replace(heard, words=tuple(words))


def test_a_model_that_reads_its_hints_aloud_is_asked_again_without_them():
    sound = spoken([(6, 60), (8, 60)])
    work = TrackWork("m", "t", 0.0, language="en", vocabulary=("Daniela", "Kenji"))
    hinted = Pipeline(work, 0, b"", vad=LoudVad(), settings=SpeechSettings())
    plain = transcribe(sound, pipeline(SpeechSettings()), LevelTranscriber())
    heard = transcribe(sound, hinted, ReadsHintsAloud())
    assert [w.w for s in heard for w in s.words] == [w.w for s in plain for w in s.words]


def test_phrases_that_wait_in_a_crowd_are_read_together_and_no_word_is_lost():
    work, model = TrackWork("m", "t", 0.0, language="en"), LevelTranscriber()
    crowded = Pipeline(work, 0, b"", vad=LoudVad(), settings=SpeechSettings(), pressed=lambda behind_s: True)
    sound = spoken([(10, 60)] * 6)
    found = [*crowded.push(sound), *crowded.finish()]
    while (job := crowded.next_final(0.0)) is not None:
        found += crowded.complete(job, model.decode([job])[0])
    finals = [o.segment for o in found if isinstance(o, Final)]
    assert [w.w for s in finals for w in s.words] == [f"w{501 + i}" for i in range(60)]
    assert len(finals) == 2
    assert all(s.end - s.start <= 10 for s in finals)
    assert isinstance(found[-1], Finished)
