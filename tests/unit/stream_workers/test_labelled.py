"""Finals wait for their label, are cut where the speaker changes, and are mended later."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ
from contracts.live import TrackWork
from contracts.transcript import Segment, Word
from stream_workers.cut import cut
from stream_workers.decode import DecodeJob, Kind
from stream_workers.diarizer import ActivityJob, PrintJob
from stream_workers.labelled import label, labelled
from stream_workers.ports import Final, Finished, Laned, Output, Pipeline, Revised
from stream_workers.timeline import Pcm

STEP = 960


def segment(*words: tuple[str, float, float], text: str | None = None) -> Segment:
    made = tuple(Word(w, s, e) for w, s, e in words)
    return Segment(f"t-{made[0].s}", "t", made[0].s, made[-1].e, text or " ".join(w.w for w in made), made, final=True)


class Scripted:
    """A speech pipeline that finalises each segment half a second after its end."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = list(segments)
        self._position = 0
        self.accounted = 0

    def push(self, pcm: Pcm) -> list[Output]:
        self._position += len(pcm)
        outputs: list[Output] = []
        while self._segments and self._segments[0].end + 0.5 <= self._position / SAMPLE_RATE_HZ:
            outputs.append(Final(self._segments.pop(0), self._position, b"inner"))
        return outputs

    def push_gap(self, samples: int, cause: str) -> list[Output]:
        self._position += samples
        return []

    def finish(self) -> list[Output]:
        return [*(Final(s, self._position) for s in self._segments), Finished(self._position)]

    def next_job(self, now_s: float) -> None:
        return None

    def complete(self, job: Any, result: Any) -> list[Output]:
        raise AssertionError("no job was given")


class Loudness:
    """Voices for tests: who speaks is told by how loud it is (one level per person)."""

    def __init__(self, *levels: float) -> None:
        rng = np.random.default_rng(0)
        self._levels = levels
        self._prints = rng.normal(size=(len(levels), 192))

    def answer(self, job: ActivityJob | PrintJob, sound: NDArray[np.float32]) -> object:
        if isinstance(job, ActivityJob):
            centres = (495.5 + 270 * np.arange((len(job.sound) - 991) // 270 + 1)).astype(int)
            level = np.abs(job.sound[centres])
            return np.stack([np.isclose(level, x, atol=0.01) for x in (*self._levels, 9.0, 9.0)][:3], axis=1)
        prints = []
        for piece, features in zip(job.pieces, job.features, strict=True):
            person = int(np.argmin([abs(abs(sound[(piece.start + piece.end) // 2]) - x) for x in self._levels]))
            noise = np.random.default_rng(piece.start).normal(size=192)
            vector = self._prints[person] + 0.5 * noise
            prints.append(None if features is None else (vector / np.linalg.norm(vector)).astype(np.float32))
        return prints


def run(pipeline: Pipeline, sound: NDArray[np.float32], voices: Loudness) -> list[tuple[int, Output]]:
    """Every output with the media sample at which it came out."""
    found: list[tuple[int, Output]] = []

    def work(at: int) -> None:
        while (job := pipeline.next_job(0.0)) is not None:
            found.extend((at, o) for o in pipeline.complete(job, voices.answer(job, sound)))

    for start in range(0, len(sound), STEP):
        found += [(start + STEP, o) for o in pipeline.push((sound[start : start + STEP] * 32768).astype(np.int16))]
        work(start + STEP)
    found += [(len(sound), o) for o in pipeline.finish()]
    work(len(sound))
    return found


def talk(*turns: tuple[float, float]) -> NDArray[np.float32]:
    """(seconds, level) after each other; the sign alternates, so that it is not constant."""
    parts = [np.full(int(s * SAMPLE_RATE_HZ), level, np.float32) for s, level in turns]
    sound = np.concatenate(parts)
    sound[1::2] *= -1
    return sound


def build(segments: Sequence[Segment], speaker: str | None = None, state: bytes = b"") -> Pipeline:
    make = labelled(lambda work, samples, inner: Scripted(segments))
    return make(TrackWork("m", "t", 0.0, speaker), 0, state)


def test_a_final_carries_its_label_within_a_second() -> None:
    segments = [segment(("one", 0.2, 3.8)), segment(("two", 4.2, 7.8)), segment(("three", 8.2, 11.8))]
    sound = talk((4, 0.2), (4, 0.6), (4, 0.2), (2, 0.0))
    outputs = run(build(segments), sound, Loudness(0.2, 0.6))
    finals = [(at, o.segment) for at, o in outputs if isinstance(o, Final)]
    assert [s.text for _, s in finals] == ["one", "two", "three"]
    assert [s.speaker for _, s in finals] == ["Speaker 1", "Speaker 2", "Speaker 1"]
    assert all(at / SAMPLE_RATE_HZ - s.end <= 1.5 for at, s in finals)


def test_words_whose_times_lie_in_a_pause_are_of_whoever_speaks_beside_it() -> None:
    segments = [segment(("one", 0.2, 3.8)), segment(("yes", 4.1, 4.3)), segment(("far", 6.0, 6.4))]
    outputs = run(build(segments), talk((4, 0.2), (4, 0.0), (4, 0.2)), Loudness(0.2))
    said = {o.segment.text: o.segment.speaker for _, o in outputs if isinstance(o, Final)}
    assert said == {"one": "Speaker 1", "yes": "Speaker 1", "far": None}


class Counting(Loudness):
    """Counts the looks of the activity model."""

    looks = 0

    def answer(self, job: ActivityJob | PrintJob, sound: NDArray[np.float32]) -> object:
        self.looks += isinstance(job, ActivityJob)
        return super().answer(job, sound)


def test_in_a_crowd_voices_are_looked_at_less_often_and_labels_stay() -> None:
    turns = [(2.5, 0.2), (3.0, 0.6), (2.0, 0.2), (4.0, 0.6), (6.0, 0.2), (2.0, 0.0)]
    ends = [2.3, 5.3, 7.3, 11.3, 17.3]
    segments = [segment((f"n{n}", 0.2 + (ends[n - 1] if n else 0), end)) for n, end in enumerate(ends)]
    found, looks = [], []
    for crowded in (False, True):
        voices = Counting(0.2, 0.6)
        make = labelled(lambda work, samples, inner: Scripted(segments), lambda crowd=crowded: crowd)
        outputs = run(make(TrackWork("m", "t", 0.0), 0, b""), talk(*turns), voices)
        found.append({o.segment.text: o.segment.speaker for _, o in outputs if isinstance(o, Final | Revised)})
        looks.append(voices.looks)
    first, second = ([{t for t, s in f.items() if s == f[n]} for n in ("n0", "n1")] for f in found)
    assert first == second == [{"n0", "n2", "n4"}, {"n1", "n3"}]
    assert looks[1] < 0.7 * looks[0]


class Decoding(Scripted):
    """Asks once for the words of its only segment."""

    def push(self, pcm: Pcm) -> list[Output]:
        self._position += len(pcm)
        return []

    def next_job(self, now_s: float) -> DecodeJob | None:
        size = round(self._segments[0].end * SAMPLE_RATE_HZ) if self._segments else 0
        return DecodeJob("t", Kind.FINAL, 0, np.zeros(size, np.int16), 8.0) if 0 < size < self._position else None

    def complete(self, job: Any, result: Any) -> list[Output]:
        return [Final(self._segments.pop(0), self._position)]


def test_voices_are_looked_at_while_words_are_decoded_so_that_the_final_need_not_wait() -> None:
    inner = Decoding([segment(("one", 0.2, 3.8))])
    pipeline = labelled(lambda work, samples, state: inner)(TrackWork("m", "t", 0.0), 0, b"")
    assert isinstance(pipeline, Laned)
    words, voices = pipeline.lanes
    sound, known = talk((5, 0.2)), Loudness(0.2, 0.6)
    pipeline.push((sound * 32768).astype(np.int16))
    job = words(0.0)
    while (look := voices(0.0)) is not None:
        assert pipeline.complete(look, known.answer(look, sound)) == []
    found = pipeline.complete(job, None)
    assert [o.segment.speaker for o in found if isinstance(o, Final)] == ["Speaker 1"]


def test_a_segment_of_two_people_is_cut_where_the_voice_changes() -> None:
    both = segment(("Shall", 0.5, 1.0), ("we?", 1.0, 3.9), ("Yes,", 4.1, 5.0), ("we", 5.0, 6.0), ("shall.", 6.0, 7.9))
    outputs = run(build([both]), talk((4, 0.2), (4, 0.6), (2, 0.0)), Loudness(0.2, 0.6))
    finals = [o for _, o in outputs if isinstance(o, Final)]
    assert [(f.segment.text, f.segment.speaker) for f in finals] == [
        ("Shall we?", "Speaker 1"),
        ("Yes, we shall.", "Speaker 2"),
    ]
    assert len({f.segment.id for f in finals}) == 2
    assert finals[0].samples == 0, "a restart between the two repeats both"


def test_a_track_of_one_known_person_is_left_alone() -> None:
    assert isinstance(build([segment(("one", 0, 1))], speaker="Anna"), Scripted)


def test_everything_comes_out_in_order_when_the_track_ends_early() -> None:
    outputs = [o for _, o in run(build([segment(("hm", 0.0, 0.1))]), talk((0.1, 0.2)), Loudness(0.2, 0.6))]
    assert [type(o) for o in outputs] == [Final, Finished]


def test_labels_go_on_after_a_restart() -> None:
    sound = talk((4, 0.2), (4, 0.6), (4, 0.2), (2, 0.0))
    segments = [segment(("one", 0.2, 3.8)), segment(("two", 4.2, 7.8)), segment(("three", 8.2, 11.8))]
    last = [o for _, o in run(build(segments), sound, Loudness(0.2, 0.6)) if isinstance(o, Final)][-1]
    again = talk((4, 0.6), (2, 0.0))
    outputs = run(build([segment(("four", 0.2, 3.8))], state=last.state), again, Loudness(0.2, 0.6))
    assert [o.segment.speaker for _, o in outputs if isinstance(o, Final)] == ["Speaker 2"]
    assert len(last.state) < 4096


def test_a_revision_keeps_the_words_and_raises_the_revision() -> None:
    # Two short words of a second person look like the first until there is more of them.
    turns = [(4.0, 0.2)] + [(1.0, 0.6), (3.0, 0.2)] * 4 + [(6.0, 0.6), (2.0, 0.0)]
    segments, at = [], 0.0
    for seconds, level in turns[:-1]:
        segments.append(segment((f"w{level}", at + 0.1, at + seconds - 0.1)))
        at += seconds
    outputs = [o for _, o in run(build(segments), talk(*turns), Loudness(0.2, 0.6))]
    told = {}
    for output in outputs:
        if isinstance(output, Final | Revised):
            assert output.segment.rev >= told.get(output.segment.id, output.segment).rev
            told[output.segment.id] = output.segment
    labels = {(s.text, s.speaker) for s in told.values()}
    assert len(labels) == 2


def test_words_that_become_final_one_by_one_are_labelled_like_those_that_come_together() -> None:
    turns = [(3.0, 0.2), (3.0, 0.6), (3.0, 0.2), (3.0, 0.6), (2.0, 0.0)]
    starts = [at + 0.1 + 0.7 * k for at in (0.0, 3.0, 6.0, 9.0) for k in range(4)]
    segments = [segment((f"{start}", start, start + 0.7)) for start in starts]
    outputs = [o for _, o in run(build(segments), talk(*turns), Loudness(0.2, 0.6))]
    newest = {o.segment.id: o.segment for o in outputs if isinstance(o, Final | Revised)}
    labels = [[newest[s.id].speaker for s in segments[n : n + 4]] for n in range(0, 16, 4)]
    assert labels == [["Speaker 1"] * 4, ["Speaker 2"] * 4] * 2


def test_text_of_parts_is_taken_from_the_whole() -> None:
    whole = segment(("你", 0, 1), ("好", 1, 2), ("嗯", 2, 3), text="你好，嗯")
    parts = cut(whole, lambda s, e: "A" if e <= 2 else "B")
    assert [p.text for p in parts] == ["你好，", "嗯"]


def test_unknown_words_follow_their_neighbours_and_blips_are_smoothed() -> None:
    whole = segment(("a", 0, 1), ("b", 1, 2), ("c", 2, 2.2), ("d", 2.2, 3))
    labels = {0: None, 1: "A", 2: "B", 2.2: "A"}
    assert [p.speaker for p in cut(whole, lambda s, e: labels[s])] == ["A"]


def test_labels_of_two_tracks_of_a_meeting_are_never_the_same() -> None:
    assert [label(0, 0), label(1, 0), label(2, 1)] == ["Speaker 1", "Speaker B1", "Speaker C2"]


def test_who_says_how_many_people_there_are_gets_no_more_labels() -> None:
    segments = [segment(("one", 0.2, 3.8)), segment(("two", 4.2, 7.8)), segment(("three", 8.2, 11.8))]
    sound = talk((4, 0.2), (4, 0.4), (4, 0.6), (2, 0.0))
    told: list[set[str | None]] = []
    for people in (None, 2):
        make = labelled(lambda work, samples, inner: Scripted(segments))
        outputs = run(make(TrackWork("m", "t", 0.0, people=people), 0, b""), sound, Loudness(0.2, 0.4, 0.6))
        newest = {o.segment.id: o.segment.speaker for _, o in outputs if isinstance(o, Final | Revised)}
        told.append(set(newest.values()))
    assert len(told[0]) == 3
    assert len(told[1]) <= 2
