"""Scanning the signs in blocks finds what comparing everything finds; filters by meeting and kind keep their word."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.index import columns as module
from gateway.index.columns import Columns, Row
from gateway.index.port import MAX_PARTS, Card, Scope
from gateway.index.quantise import to_bits


def filled(rng: np.random.Generator, count: int) -> tuple[Columns, dict[int, np.ndarray]]:
    columns, vectors = Columns(), {}
    for number in range(5):
        columns.set_card(number, Card(f"m{number}", "", float(number), (f"P{number % 2}",)))
    for row in range(count):
        vectors[row] = rng.normal(size=(int(rng.integers(0, MAX_PARTS + 1)), 384)).astype(np.float32)
        signs = b"".join(to_bits(v) for v in vectors[row])
        columns.place({row: Row(row % 5, "action" if row % 3 else "transcript", 10, signs)})
    return columns, vectors


@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_the_nearest_by_signs_are_those_of_comparing_everything(seed: int, count: int, wanted: int) -> None:
    rng = np.random.default_rng(seed)
    columns, vectors = filled(rng, count)
    gone = set(rng.integers(0, count, count // 4).tolist())
    columns.place(dict.fromkeys(gone))
    allowed = columns.allowed({0, 1, 3}, ())
    query = rng.normal(size=384)
    distance = {
        (row, part): int(((v > 0) != (query > 0)).sum())
        for row, both in vectors.items()
        if row not in gone and row % 5 in (0, 1, 3)
        for part, v in enumerate(both)
    }
    before, module.SCANNED = module.SCANNED, 64
    try:
        found = set(columns.nearest(to_bits(query.astype(np.float32)), allowed, wanted).tolist())
    finally:
        module.SCANNED = before
    worst = sorted(distance.values())[:wanted]
    assert found <= {row for row, _ in distance}
    assert not worst or {row for (row, _), d in distance.items() if d < worst[-1]} <= found


def test_meetings_and_kinds_restrict_and_a_row_that_is_gone_is_never_allowed() -> None:
    columns, _ = filled(np.random.default_rng(1), 20)
    columns.place({0: None, 19: None})

    def rows(scope: Scope) -> list[int]:
        return np.flatnonzero(columns.allowed(columns.meetings_in(scope), scope.kinds)).tolist()

    assert rows(Scope(None)) == list(range(1, 19))
    assert rows(Scope(frozenset())) == []
    assert rows(Scope(frozenset({"m1", "m2", "nowhere"}), meetings=frozenset({"m2", "m3"}))) == [2, 7, 12, 17]
    assert rows(Scope(None, participants=frozenset({"P1"}), before=3.0)) == [1, 6, 11, 16]
    assert rows(Scope(None, after=4.0, kinds=frozenset({"transcript"}))) == [9]
    columns.drop_card(4)
    assert rows(Scope(None, after=4.0)) == []
