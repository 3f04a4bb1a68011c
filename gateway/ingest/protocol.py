"""The JSON messages of the audio socket; frames (``contracts.audio``) travel beside them as binary messages.

Client: Hello, frames, Ping. Server: Welcome, Ack, Nack, Slow, Pong.
"""

import msgspec

from contracts.audio import SAMPLE_RATE_HZ
from contracts.errors import BadInput

WINDOW_FRAMES = 100
MAX_TEXT_BYTES = 4096
MAX_INGEST_BYTES = 60 * 1024
"""A frame with its header; leaves room for the bus's own headers under the stream's limit."""


class Format(msgspec.Struct, frozen=True):
    """How the client encodes sound; only the default is accepted."""

    codec: str = "pcm16"
    sample_rate_hz: int = SAMPLE_RATE_HZ
    channels: int = 1


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    """First message. ``session`` = seconds since the epoch at capture start; ``next_seq`` = next new frame."""

    track: str
    session: int
    next_seq: int = 0
    ticket: str = ""
    format: Format = Format()


class Ping(msgspec.Struct, frozen=True, tag_field="type", tag="ping"):
    """Either side: are you there?"""


class Pong(msgspec.Struct, frozen=True, tag_field="type", tag="pong"):
    """Either side: yes."""


class Welcome(msgspec.Struct, frozen=True, tag_field="type", tag="welcome"):
    """``resume_from`` = next frame of the session that the server wants; ``pts_samples`` = stored media end."""

    session: int
    resume_from: int
    pts_samples: int
    window: int = WINDOW_FRAMES


class Ack(msgspec.Struct, frozen=True, tag_field="type", tag="ack"):
    """All frames up to ``upto`` are on disk or accounted for by a gap; ``stored_s`` = stored media seconds."""

    upto: int
    stored_s: float


class Nack(msgspec.Struct, frozen=True, tag_field="type", tag="nack"):
    """These frames (both ends included) are missing; sent once, then they become a gap."""

    from_: int = msgspec.field(name="from")
    to: int


class Slow(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="slow"):
    """Nothing can be stored right now; keep the frames. The connection stays open while it may pass.

    ``code``: what is in the way, ``storage-full`` or ``unavailable``.
    """

    detail: str
    code: str = "unavailable"


ClientMessage = Hello | Ping | Pong
ServerMessage = Welcome | Ack | Nack | Slow | Ping | Pong
_decoder = msgspec.json.Decoder(ClientMessage)
encode = msgspec.json.encode
U32 = 2**32


def decode(text: str) -> ClientMessage:
    """The client's message. Raises BadInput."""
    if len(text) > MAX_TEXT_BYTES:
        raise BadInput("the message is too long", source="client")
    try:
        message: ClientMessage = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as exc:
        raise BadInput("not a message of the audio socket", source="client") from exc
    return message


def check_hello(hello: ClientMessage) -> Hello:
    """``hello`` when it is one that we can serve. Raises BadInput."""
    if not isinstance(hello, Hello):
        raise BadInput("the first message must be hello", source="client")
    if hello.format != Format():
        raise BadInput("only pcm16, 16 kHz, mono is accepted", source="client")
    if not (0 <= hello.session < U32 and 0 <= hello.next_seq < U32):
        raise BadInput("session or next_seq is out of range", source="client")
    return hello
