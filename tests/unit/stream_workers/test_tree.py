"""Average linkage forms groups inside groups, and holds a small tight one together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_workers.tree import subtrees


def alike(vectors: np.ndarray) -> np.ndarray:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found: np.ndarray = (unit @ unit.T).astype(np.float32)
    return found


@given(st.integers(2, 24), st.integers(0, 99))
def test_every_group_is_there_once_and_lies_inside_or_beside_every_other(count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 8))
    rows = subtrees(alike(vectors), np.ones(count, np.float32))
    assert len(rows) == 2 * count - 2
    assert len({row.tobytes() for row in rows}) == len(rows)
    assert (rows[:count] == np.eye(count, dtype=bool)).all()
    for one in rows:
        assert 0 < one.sum() < count
        for other in rows:
            shared = int((one & other).sum())
            assert shared in (0, one.sum(), other.sum())


def test_a_few_prints_of_one_voice_among_many_of_another_are_one_group() -> None:
    rng = np.random.default_rng(3)
    voices = np.zeros((2, 64))
    voices[0, :8], voices[1, 4:12] = 1.0, 1.0
    truth = np.arange(55) % 8 == 7
    vectors = voices[truth.astype(int)] + 0.15 * rng.normal(size=(55, 64))
    rows = subtrees(alike(vectors), np.full(55, 1.5, np.float32))
    assert any((row == truth).all() for row in rows)
