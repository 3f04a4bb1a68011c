"""Limits, texts, and the table of codes."""

import re

import pytest

from contracts import errors
from contracts.errors import BadInput, Fault, TooMany
from gateway import problems
from gateway.api.schemas import clean, clean_line
from gateway.auth.limits import MAX_KEYS, RateLimit


def test_a_rate_limit_grants_the_burst_then_the_rate() -> None:
    limit = RateLimit(per_s=1.0, burst=3)
    for _ in range(3):
        limit.take("a", 0.0)
    with pytest.raises(TooMany):
        limit.take("a", 0.5)
    limit.take("a", 1.0)
    limit.take("b", 0.0)


def test_a_rate_limit_says_how_long_to_wait() -> None:
    limit = RateLimit(per_s=10.0, burst=10)
    assert limit.wait_s("a", 0.0, 10) == 0
    assert limit.wait_s("a", 0.0, 5) == pytest.approx(0.5)
    assert limit.wait_s("a", 0.5, 5) == 0


def test_a_rate_limit_forgets_the_oldest_keys() -> None:
    limit = RateLimit(1.0, 1)
    for n in range(MAX_KEYS + 10):
        limit.take(str(n), 0.0)
    limit.take("0", 0.0)


@pytest.mark.parametrize("text", ["", "  ", "a\x00b", "a\u202eb", "a\u2066b", "\x1b[31m"])
def test_texts_that_would_deceive_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        clean(text)


def test_titles_have_one_line() -> None:
    assert clean_line("  Über 計画 🎉 ") == "Über 計画 🎉"
    with pytest.raises(BadInput):
        clean_line("a\nb")


def kinds(base: type[Fault]) -> list[type[Fault]]:
    return [k for sub in base.__subclasses__() for k in (sub, *kinds(sub))]


def test_every_fault_has_a_status_and_a_close_code_and_the_table_says_them() -> None:
    table = dict(re.findall(r"^\| ([a-z-]+) +\| (\d+  \| \d+)", problems.__doc__ or "", re.MULTILINE))
    for kind in kinds(Fault):
        if kind.__module__ == errors.__name__:
            fault = kind("x", source="test")
            assert table[kind.code] == f"{problems.http_status(fault)}  | {problems.close_code(fault)}"
