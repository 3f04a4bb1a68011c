"""The mood of a part: from words alone, resting on a quote, and none where nothing is felt."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.tone import FELT, Tone
from analyzer.units import Part, Unit
from contracts.errors import Misconfigured

GLAD, CALM, SORE = (4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 4.0)


def tone() -> Tone:
    """Heads that read the tone off the first three numbers of a vector."""
    return Tone(np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], np.float32), np.zeros(3, np.float32))


def unit(number: int, text: str = "That was all we had.") -> Unit:
    return Unit(f"s{number}", 0, "Ana", text, 10.0 * number, 10.0 * number + 5)


def test_a_part_in_which_nothing_is_felt_has_no_mood() -> None:
    assert tone().mood([unit(0), unit(1)], np.array([CALM, CALM], np.float32)) is None
    assert tone().mood([], np.zeros((0, 3), np.float32)) is None


def test_a_word_or_two_are_no_mood() -> None:
    assert tone().mood([unit(0, "Great, thanks.")], np.array([GLAD], np.float32)) is None


def test_the_quote_stands_in_its_segment_and_sounds_like_the_whole() -> None:
    parts = (Part("s1", "We are glad", 10.0, 11.0), Part("s2", "that it went so well.", 11.0, 13.0))
    joined = Unit("s1", 0, "Ana", "We are glad that it went so well.", 10.0, 13.0, parts)
    found = tone().mood([unit(0), joined, unit(3)], np.array([SORE, GLAD, GLAD], np.float32))
    assert found is not None
    assert 0 < found.value < 1
    assert (found.segment_id, found.quote, found.start) == ("s2", "that it went so well.", 11.0)


@given(st.lists(st.sampled_from([GLAD, CALM, SORE]), min_size=1, max_size=30))
def test_a_mood_lies_between_its_ends_and_turns_with_the_words(kinds: list[tuple[float, float, float]]) -> None:
    units = [unit(n) for n in range(len(kinds))]
    there = tone().mood(units, np.array(kinds, np.float32))
    back = tone().mood(units, np.array([k[::-1] for k in kinds], np.float32))
    assert (there is None) == all(k == CALM for k in kinds)
    if there is not None and back is not None:
        assert -1 < there.value < 1
        assert there.value == pytest.approx(-back.value)


def test_the_committed_weights_are_whole_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    scores = Tone.load().scores(np.eye(384, dtype=np.float32))
    assert scores.shape == (384,)
    assert float(np.abs(scores).max()) > FELT
    (tmp_path / "tone.npz").write_bytes(b"no weights")
    with pytest.raises(Misconfigured):
        Tone.load(tmp_path / "tone.npz")
