"""The documents of the public interfaces are those of this version."""

from gateway.describe import rendered


def test_the_documents_are_current() -> None:
    stale = [path.name for path, data in rendered().items() if not path.exists() or path.read_bytes() != data]
    assert not stale, "run: python -m gateway.describe"
