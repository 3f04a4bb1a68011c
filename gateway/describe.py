"""The public interfaces as documents: ``python -m gateway.describe`` writes openapi.json and asyncapi.json in docs."""

import typing
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide

from gateway import problems
from gateway.api import openapi
from gateway.app import routes
from gateway.feed import messages
from gateway.ingest import protocol

VERSION = "0.1.0"
DOCS = Path(__file__).resolve().parent.parent / "docs"
FRAME = "A binary frame: 24-byte little-endian header and PCM16 payload; see contracts/audio.py."


def openapi_document() -> dict[str, Any]:
    """The HTTP API."""
    app = Litestar(
        route_handlers=routes(),
        dependencies={"services": Provide(lambda: None, sync_to_thread=False)},
        openapi_config=openapi.config(VERSION),
        logging_config=None,
    )
    return app.openapi_schema.to_schema()


def asyncapi_document() -> dict[str, Any]:
    """The audio socket and the feed."""
    schemas: dict[str, Any] = {}
    audio_in = _messages(schemas, "Audio", typing.get_args(protocol.ClientMessage))
    audio_out = _messages(schemas, "Audio", typing.get_args(protocol.ServerMessage))
    feed_in = _messages(schemas, "Feed", typing.get_args(messages.ClientMessage))
    feed_out = _messages(schemas, "Feed", typing.get_args(messages.FeedMessage))
    audio_in["AudioFrame"] = {"contentType": "application/octet-stream", "summary": FRAME}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Rapporteur sockets", "version": VERSION, "description": problems.__doc__},
        "channels": {
            "audio": _channel("/v1/meetings/{meeting}/audio", audio_in | audio_out),
            "feed": _channel("/v1/meetings/{meeting}/feed", feed_in | feed_out),
        },
        "operations": {
            "sendAudio": _operation("receive", "audio", audio_in),
            "audioAnswers": _operation("send", "audio", audio_out),
            "subscribe": _operation("receive", "feed", feed_in),
            "feed": _operation("send", "feed", feed_out),
        },
        "components": {"schemas": schemas},
    }


def _messages(schemas: dict[str, Any], prefix: str, kinds: tuple[type, ...]) -> dict[str, Any]:
    """One message per struct; their schemas go into ``schemas``."""
    made: dict[str, Any] = {}
    for kind in kinds:
        (root,), parts = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
        name = prefix + kind.__name__
        schemas |= {part: schema for part, schema in parts.items() if part != kind.__name__}
        schemas[name] = parts.get(kind.__name__, root)
        summary = (kind.__doc__ or "").split("\n")[0]
        made[name] = {"summary": summary, "payload": {"$ref": f"#/components/schemas/{name}"}}
    return made


def _channel(address: str, held: dict[str, Any]) -> dict[str, Any]:
    return {"address": address, "parameters": {"meeting": {"description": "id of the meeting"}}, "messages": held}


def _operation(action: str, channel: str, held: dict[str, Any]) -> dict[str, Any]:
    listed = [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in held]
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": listed}


def rendered() -> dict[Path, bytes]:
    """File -> what belongs in it."""
    made = {DOCS / "openapi.json": openapi_document(), DOCS / "asyncapi.json": asyncapi_document()}
    return {p: msgspec.json.format(msgspec.json.encode(d, order="sorted"), indent=1) + b"\n" for p, d in made.items()}


if __name__ == "__main__":
    for path, data in rendered().items():
        path.write_bytes(data)
