"""What we accept from a WHIP client: its offer, and the fragments that it sends later. No I/O."""

import re
from dataclasses import dataclass

from contracts.errors import BadInput

MAX_SDP_BYTES = 64 * 1024
OFFER_TYPE = "application/sdp"
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"


class Unprocessable(BadInput):
    """Well-formed, but not something that this server can do (HTTP 422)."""

    code = "unprocessable"


@dataclass(frozen=True, slots=True)
class Fragment:
    """A trickle fragment: new candidates by media line, or fresh credentials (a restart)."""

    ufrag: str | None
    candidates: tuple[tuple[str, str], ...]
    """(mid, candidate without ``a=candidate:``)."""
    complete: bool
    """Whether no more candidates come."""


def text(body: bytes) -> str:
    """The body as SDP text. Raises BadInput."""
    if not body or len(body) > MAX_SDP_BYTES:
        raise BadInput(f"an SDP has 1 to {MAX_SDP_BYTES} bytes", source="client")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadInput("the SDP is not UTF-8", source="client") from exc


def check_offer(sdp: str) -> str:
    """``sdp`` when it offers one Opus audio track that is sent to us. Raises BadInput or Unprocessable."""
    if not sdp.startswith("v=0"):
        raise BadInput("not an SDP", source="client")
    head, *media = re.split(r"^(?=m=)", sdp, flags=re.MULTILINE)
    kinds = [line.split(" ", 1)[0].removeprefix("m=") for line in media]
    if any(kind not in ("audio", "video") for kind in kinds):
        raise Unprocessable("only audio (and ignored video) can be offered", source="client")
    if kinds.count("audio") != 1 or kinds.count("video") > 1:
        raise Unprocessable("the offer must have exactly one audio track", source="client")
    audio = media[kinds.index("audio")]
    if not re.search(r"^a=rtpmap:\d+ opus/48000", audio, re.IGNORECASE | re.MULTILINE):
        raise Unprocessable("the audio must be Opus", source="client")
    if _direction(audio, head) in ("recvonly", "inactive"):
        raise Unprocessable("the offer must send: sendonly or sendrecv", source="client")
    return sdp


def _direction(media: str, head: str) -> str:
    found = re.search(r"^a=(sendonly|sendrecv|recvonly|inactive)\s*$", media, re.MULTILINE)
    found = found or re.search(r"^a=(sendonly|sendrecv|recvonly|inactive)\s*$", head, re.MULTILINE)
    return found[1] if found else "sendrecv"


def ufrag_of(sdp: str) -> str | None:
    """The ICE user fragment of an offer or fragment."""
    found = re.search(r"^a=ice-ufrag:(\S+)", sdp, re.MULTILINE)
    return found[1] if found else None


def parse_fragment(sdp: str) -> Fragment:
    """The fragment. Raises BadInput when it is none."""
    candidates: list[tuple[str, str]] = []
    mid, complete = "0", False
    for line in sdp.splitlines():
        if line.startswith("a=mid:"):
            mid = line.removeprefix("a=mid:").strip()
        elif line.startswith("a=candidate:"):
            candidates.append((mid, line.removeprefix("a=candidate:").strip()))
        elif line.startswith("a=end-of-candidates"):
            complete = True
        elif line and not re.match(r"[a-z]=", line):
            raise BadInput("not an SDP fragment", source="client")
    ufrag = ufrag_of(sdp)
    if not (candidates or complete or ufrag):
        raise BadInput("the fragment says nothing", source="client")
    return Fragment(ufrag, tuple(candidates), complete)
