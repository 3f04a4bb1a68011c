"""What somebody missed is told by the lines that say most of it."""

import numpy as np
import pytest

from gateway.index.catching_up import catches_up, telling
from gateway.index.port import Line


@pytest.mark.parametrize(
    ("question", "only"),
    [
        ("What did I miss in the last ten minutes?", True),
        ("What did I miss?", True),
        ("What happened in the last 20 minutes?", True),
        ("Catch me up", True),
        ("What did they decide about the price in the last ten minutes?", False),
        ("What did Ruth say?", False),
    ],
)
def test_who_asks_for_nothing_but_what_there_was_catches_up(question: str, only: bool) -> None:
    assert catches_up(question) is only


def test_the_middle_of_the_talk_is_told_in_its_order_and_short_lines_and_questions_are_not() -> None:
    texts = ("Good morning.", "The price is nine euros for all.", "We sell it for nine euros then.",
             "Is nine euros really a good price?", "My dog ate the whole cake today.")  # fmt: skip
    lines = [Line(f"s{n}", n, n + 1, text) for n, text in enumerate(texts)]
    vectors = np.array([[0.9, 0.1], [1, 0], [0.95, 0.1], [1, 0], [0, 1]], np.float32)
    assert telling(lines, vectors, 2) == [1, 2]
    assert telling(lines, vectors, 9) == [1, 2, 4]
