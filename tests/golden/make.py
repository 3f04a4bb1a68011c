"""Writes a golden file for each type that has none: ``python -m tests.golden.make``. Existing files never change."""

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from contracts import records
from contracts.live import Live
from gateway.feed import messages
from gateway.ingest import protocol

HERE = Path(__file__).parent
UNIONS: dict[str, Any] = {
    "records": records.Record,
    "live": Live,
    "feed": messages.FeedMessage | messages.Subscribe,
    "audio": protocol.ClientMessage | protocol.ServerMessage,
}
TEXTS = {"kind": "action", "status": "open", "state": "live", "cause": "network", "reason": "speaker"}


def kinds(name: str) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Tag and type of every member of a union."""
    for kind in typing.get_args(UNIONS[name]):
        yield str(kind.__struct_config__.tag), kind


def example(kind: Any, name: str = "") -> Any:
    """A value with every field set, the same each time."""
    info = msgspec.inspect.type_info(kind)
    return _value(info, name)


def _value(info: Any, name: str) -> Any:
    match info:
        case msgspec.inspect.StructType():
            fields = {f.name: _value(f.type, f.name) for f in info.fields}
            return info.cls(**fields)
        case msgspec.inspect.UnionType():
            return _value(next(t for t in info.types if not isinstance(t, msgspec.inspect.NoneType)), name)
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            return (_value(info.item_type, name),)
        case msgspec.inspect.DictType():
            return {"S1": _value(info.value_type, name)}
        case msgspec.inspect.LiteralType():
            return info.values[0]
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.IntType():
            return 7
        case msgspec.inspect.FloatType():
            return 1.5
        case msgspec.inspect.BytesType():
            return b"state"
        case _:
            return TEXTS.get(name, f"{name} é") if name in TEXTS or name in ("text", "title", "w") else name


def path_of(union: str, tag: str) -> Path:
    """Where the golden file of that type lies."""
    return HERE / union / f"{tag}.json"


if __name__ == "__main__":
    for union in UNIONS:
        for tag, kind in kinds(union):
            path = path_of(union, tag)
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                path.write_bytes(msgspec.json.encode(example(kind)) + b"\n")
