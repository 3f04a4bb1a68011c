"""Grouping voiceprints: the number of people comes out of the data."""

import numpy as np
import pytest

from stream_workers.clusters import Limits, Prints, group


def prints(
    people: int, each: int, *, near: float = 0.1, spread: float = 0.8, seed: int = 1
) -> tuple[Prints, list[int]]:
    """Prints of ``people`` voices in turn; ``near`` is how alike the voices are."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=192)
    voices = [np.sqrt(near) * common + np.sqrt(1 - near) * rng.normal(size=192) for _ in range(people)]
    truth = [i % people for i in range(people * each)]
    vectors = np.stack([voices[i] + spread * rng.normal(size=192) for i in truth]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    at_s = np.arange(len(truth), dtype=np.float32) * 4
    return Prints(vectors, np.full(len(truth), 1.5, np.float32), at_s), truth


@pytest.mark.parametrize("people", [1, 2, 3, 5, 8])
def test_the_number_of_people_is_found_without_being_told(people: int) -> None:
    given, truth = prints(people, 10)
    found = group(given, Limits())
    assert len(set(found.tolist())) == people
    assert len(set(zip(truth, found.tolist(), strict=True))) == people


def test_two_voices_of_one_family_are_told_apart_when_there_is_enough_of_both() -> None:
    given, _ = prints(2, 20, near=0.55, spread=0.6)
    assert group(given, Limits()).max() == 1


@pytest.mark.parametrize("seed", range(5))
def test_one_voice_is_never_cut_in_two(seed: int) -> None:
    given, _ = prints(1, 40, spread=1.0, seed=seed)
    assert group(given, Limits()).max() == 0


def test_prints_of_one_breath_alone_do_not_make_a_second_person() -> None:
    given, _ = prints(1, 6)
    together = Prints(given.vectors, given.weights, np.zeros(6, np.float32))
    assert group(together, Limits()).max() == 0


def test_more_people_than_allowed_are_not_made() -> None:
    given, _ = prints(5, 10)
    assert group(given, Limits(), at_most=3).max() <= 2
