"""What was written once can be read for ever: every golden file decodes and encodes to itself."""

import msgspec
import pytest

from tests.golden.make import UNIONS, kinds, path_of

ALL = [(union, tag, kind) for union in UNIONS for tag, kind in kinds(union)]


@pytest.mark.parametrize(("union", "tag", "kind"), ALL, ids=[f"{u}/{t}" for u, t, _ in ALL])
def test_a_golden_file_survives_the_round_trip(union: str, tag: str, kind: type[msgspec.Struct]) -> None:
    path = path_of(union, tag)
    assert path.exists(), "run: python -m tests.golden.make"
    data = path.read_bytes().strip()
    assert msgspec.json.decode(data)["type"] == tag
    decoded = msgspec.json.decode(data, type=kind)
    assert msgspec.json.decode(msgspec.json.encode(decoded)) == msgspec.json.decode(data)
