"""A number is found however it was written down."""

import pytest

from gateway.index.words import root, spellings


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("fourteenth", {"fourteenth", "14", "14th", "fourteen"}),
        ("14", {"fourteenth", "14", "14th", "fourteen"}),
        ("21st", {"21st", "21"}),
        ("112", {"112", "112th"}),
        ("sixty", {"sixty", "60", "60th"}),
        ("one", {"one"}),
        ("price", {"price"}),
    ],
)
def test_a_number_has_several_spellings_and_all_of_them_are_the_same(word: str, ways: set[str]) -> None:
    assert set(spellings(word)) == ways
    assert len({root(way) for way in ways}) == 1
