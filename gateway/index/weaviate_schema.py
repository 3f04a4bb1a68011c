"""How passages lie in Weaviate: one collection per schema version, one tenant, three vectors of our own per passage.

RapporteurPassageV<n>   passages; a new version is filled beside the old one, which answers until it is complete
RapporteurState         one object per version: the cursor
"""

import base64
from typing import Any
from uuid import UUID

import msgspec
from weaviate.classes.config import Configure, DataType, Property, Tokenization, VectorDistances
from weaviate.classes.query import Filter
from weaviate.util import generate_uuid5

from contracts.int8 import to_int8
from gateway.index.port import Card, Entry, Passage, Scope
from gateway.index.words import root, words_of

SCHEMA_VERSION = 4
PREFIX = "RapporteurPassageV"
STATE = "RapporteurState"
TENANT = "main"
PARTS = ("first", "second", "third")


def collection_name(version: int) -> str:
    """The collection of a schema version."""
    return f"{PREFIX}{version}"


def object_id(passage: str) -> UUID:
    """The same passage always has the same object, so importing twice changes nothing."""
    return UUID(str(generate_uuid5(passage)))


def stems(text: str) -> str:
    """The words without their endings: what keyword search compares (Weaviate itself does not stem)."""
    return " ".join(root(word) for word in words_of(text))


def passage_properties() -> list[Property]:
    """The properties of a passage."""

    def word(name: str, kind: DataType = DataType.TEXT) -> Property:
        return Property(
            name=name, data_type=kind, tokenization=Tokenization.FIELD, index_searchable=False, index_filterable=True
        )

    def blob(name: str) -> Property:
        return Property(
            name=name,
            data_type=DataType.TEXT,
            tokenization=Tokenization.FIELD,
            index_searchable=False,
            index_filterable=False,
        )

    def number(name: str) -> Property:
        return Property(name=name, data_type=DataType.NUMBER, index_filterable=True, index_range_filters=True)

    searchable = Property(
        name="stems",
        data_type=DataType.TEXT,
        tokenization=Tokenization.WHITESPACE,
        index_searchable=True,
        index_filterable=False,
    )
    words = [word(name) for name in ("passage", "meeting", "kind", "owner", "status")]
    lists = [word(name, DataType.TEXT_ARRAY) for name in ("speakers", "participants")]
    blobs = [blob(name) for name in ("body", "card", "numbers")]
    embedded = Property(name="embedded", data_type=DataType.BOOL, index_filterable=True)
    return [searchable, *words, *lists, number("started_at"), number("ending"), embedded, *blobs]


def passage_vectors() -> list[Any]:
    """The vectors that we bring along, compared by cosine."""
    index = Configure.VectorIndex.hnsw(distance_metric=VectorDistances.COSINE, ef=128, ef_construction=128)
    return [Configure.Vectors.self_provided(name=name, vector_index_config=index) for name in PARTS]


def to_properties(card: Card, entry: Entry) -> dict[str, Any]:
    """A passage as an object's properties."""
    p = entry.passage
    return {
        "stems": stems(p.text),
        "passage": p.id,
        "meeting": p.meeting,
        "kind": p.kind,
        "owner": p.owner or "",
        "status": p.status or "",
        "speakers": list(p.shares()),
        "participants": list(card.participants),
        "started_at": card.started_at,
        "ending": p.end,
        "embedded": entry.vectors is not None,
        "body": _packed(p),
        "card": _packed(card),
        "numbers": _text(numbers_of(entry)),
    }


def to_vectors(entry: Entry) -> dict[str, list[float]]:
    """The passage's vectors; one with fewer parts has its last one again, so that a search sees every passage."""
    if entry.vectors is None:
        return {}
    last = len(entry.vectors) - 1
    return {name: entry.vectors[min(n, last)].tolist() for n, name in enumerate(PARTS)}


def passage_of(properties: Any) -> tuple[Passage, Card]:
    """The passage and its card from an object's properties."""
    return (
        msgspec.msgpack.decode(base64.b64decode(properties["body"]), type=Passage),
        msgspec.msgpack.decode(base64.b64decode(properties["card"]), type=Card),
    )


def numbers_of(entry: Entry) -> bytes:
    """The passage's vectors by eight-bit numbers, to compare what was found: its floats would be slow to read."""
    return b"" if entry.vectors is None else b"".join(to_int8(v) for v in entry.vectors[: len(PARTS)])


def stored_numbers(properties: Any) -> bytes:
    """What ``numbers_of`` gave."""
    return base64.b64decode(properties["numbers"] or "")


def filter_of(scope: Scope) -> Any:
    """The scope as one filter, or None when it does not restrict."""
    lists = {
        "meeting": scope.meetings,
        "kind": scope.kinds,
        "owner": scope.owners,
        "status": scope.statuses,
        "speakers": scope.speakers,
        "participants": scope.participants,
    }
    parts = [Filter.by_property(name).contains_any(sorted(values)) for name, values in lists.items() if values]
    if scope.visible is not None:
        parts.append(Filter.by_property("meeting").contains_any(sorted(scope.visible)))
    if scope.after is not None:
        parts.append(Filter.by_property("started_at").greater_or_equal(scope.after))
    if scope.before is not None:
        parts.append(Filter.by_property("started_at").less_than(scope.before))
    if scope.since_s is not None:
        parts.append(Filter.by_property("ending").greater_or_equal(scope.since_s))
    return Filter.all_of(parts) if parts else None


def _packed(value: object) -> str:
    return _text(msgspec.msgpack.encode(value))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
