"""The finals of one sentence are one utterance; nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.transcript import Segment
from gateway.index.passages import LINE_WORDS
from gateway.index.utterances import PAUSE_S, utterances


def said(number: int, start: float, text: str, track: str = "t") -> Segment:
    return Segment(f"s{number}", track, start, start + 1.0, text)


def test_the_finals_of_one_sentence_are_one_utterance() -> None:
    parts = [said(0, 0.0, "We launch on the"), said(1, 1.2, "21st of March."), said(2, 2.4, "Good.")]
    assert [(u.segment, u.start, u.end, u.text) for u in utterances((p, "Ana") for p in parts)] == [
        ("s0", 0.0, 2.2, "We launch on the 21st of March."),
        ("s2", 2.4, 3.4, "Good."),
    ]


def test_another_speaker_a_pause_and_another_track_end_an_utterance() -> None:
    first, later = said(0, 0.0, "We launch on the"), said(1, 1.0, "21st of March.")
    assert len(utterances([(first, "Ana"), (later, "Tom")])) == 2
    assert len(utterances([(first, "Ana"), (said(1, 1.1 + PAUSE_S, "21st."), "Ana")])) == 2
    assert len(utterances([(first, "Ana"), (said(1, 1.0, "21st.", "other"), "Ana")])) == 2


def test_somebody_on_another_track_does_not_cut_a_sentence() -> None:
    parts = [said(0, 0.0, "We launch on the"), said(1, 0.5, "Yes.", "other"), said(2, 1.0, "21st of March.")]
    assert [u.text for u in utterances((p, None) for p in parts)] == ["We launch on the 21st of March.", "Yes."]


WORDS = st.lists(st.sampled_from(["we", "launch", "today.", "yes?", "so"]), min_size=1, max_size=LINE_WORDS)


@given(st.lists(st.tuples(st.floats(0, 3), WORDS, st.sampled_from(["a", "b"])), max_size=20))
def test_every_word_is_in_one_utterance_and_none_is_too_long(heard: list[tuple[float, list[str], str]]) -> None:
    at, parts = 0.0, []
    for number, (pause, words, speaker) in enumerate(heard):
        parts.append((said(number, at, " ".join(words)), speaker))
        at += 1.0 + pause
    found = utterances(parts)
    assert " ".join(u.text for u in found) == " ".join(p.text for p, _ in parts)
    assert all(len(u.text.split()) <= LINE_WORDS for u in found)
    assert [u.start for u in found] == sorted(u.start for u in found)
