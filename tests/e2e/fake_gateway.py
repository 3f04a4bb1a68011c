"""A server with the gateway's addresses and scripted answers, for states of the pages that are hard to reach otherwise.

It serves ``web/`` under the product's content security policy. Meetings are named after the state that they show.
``POST /test`` changes what it answers: {"signed_out", "models", "empty", "refuse"} (refuse: sockets and tickets fail).
Run by hand: ``python -m tests.e2e.fake_gateway 8099``, then open /live.html#four or /recap.html#done.
"""

import asyncio
import io
import itertools
import json
import struct
import sys
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from litestar import Litestar, MediaType, Request, Response, WebSocket, delete, get, post, route, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Redirect, Stream
from litestar.static_files import create_static_files_router

from tests.e2e import memory, scripts

WEB = Path(__file__).parents[2] / "web"
CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


@dataclass
class Fake:
    """What the server answers now, and what it was told."""

    signed_out: bool = False
    empty: bool = False
    refuse: bool = False
    models: list[dict[str, Any]] = field(default_factory=list)
    voices: list[dict[str, Any]] = field(default_factory=memory.voices)
    health: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    frames: dict[str, dict[int, dict[int, bytes]]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    started: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: Any = field(default_factory=itertools.count)


def _problem(status: int, title: str) -> Response[dict[str, Any]]:
    return Response({"title": title, "status": status, "detail": title}, status_code=status)


def _sound(seconds: float) -> bytes:
    rng = np.random.default_rng(3)
    samples = np.arange(int(seconds * 16000)) / 16000
    loud = np.abs(np.sin(samples / 3)) * (np.sin(samples * 5) > -0.2)
    data = (rng.normal(0, 2500, samples.size) * loud).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(data.tobytes())
    return out.getvalue()


def create_app(fake: Fake) -> Litestar:  # noqa: C901 - one short handler per address
    """The application around one ``fake``."""
    sounds: dict[str, bytes] = {}

    def meeting(name: str) -> dict[str, Any] | None:
        found = fake.started.get(name) or scripts.meeting(name)
        if found and name in fake.ended:
            return {**found, "state": "ending"}
        return found

    @get("/v1/me")
    async def me() -> Response[Any]:
        return (
            _problem(401, "Not signed in")
            if fake.signed_out
            else Response({"id": "u1", "name": "Ana", "role": "owner"})
        )

    @get("/v1/status")
    async def status() -> dict[str, Any]:
        return {"models": fake.models}

    @get("/v1/meetings")
    async def meetings() -> dict[str, Any]:
        items = [] if fake.empty else scripts.meetings()
        return {"items": [*fake.started.values(), *items], "next": None}

    @get("/v1/search")
    async def search(q: FromQuery[str]) -> dict[str, Any]:
        return memory.found(q)

    @post("/v1/ask", status_code=200)
    async def ask(data: JSONBody[dict[str, Any]]) -> Stream:
        fake.calls.append(("POST", "ask", data))
        return Stream(memory.answer(data["question"], write=data.get("write", False)), media_type="text/event-stream")

    @get("/v1/meetings/{name:str}/related")
    async def related(name: FromPath[str]) -> dict[str, Any]:
        return memory.related(name)

    @get("/v1/actions")
    async def actions(
        owner: FromQuery[list[str] | None] = None, status: FromQuery[list[str] | None] = None
    ) -> dict[str, Any]:
        return memory.board(owner or [], status or []) if not fake.empty else memory.board(["-"], [])

    @get("/v1/voices")
    async def voices() -> list[dict[str, Any]]:
        return [] if fake.empty else fake.voices

    @get("/v1/voices/like")
    async def like(speaker: FromQuery[str]) -> dict[str, Any]:
        return {"name": "Ruth" if speaker == "S1" else None}

    @post("/v1/voices")
    async def remember(data: JSONBody[dict[str, Any]]) -> Response[Any]:
        fake.calls.append(("POST", "voices", data))
        if data["speaker"] == "S3":
            return _problem(409, "too little was heard of this voice yet")
        fake.voices.append({"voice": "new", "name": "Ruth", "seconds": 31.0, "at": time.time()})
        return Response(fake.voices[-1], status_code=201)

    @delete("/v1/voices/{voice:str}")
    async def forget(voice: FromPath[str]) -> None:
        fake.calls.append(("DELETE", "voices", voice))
        fake.voices = [known for known in fake.voices if known["voice"] != voice]

    @post("/v1/meetings")
    async def create(data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
        name = f"new{next(fake.numbers)}"
        fake.started[name] = {
            **scripts.summary(name, data["title"]),
            **data,
            "state": "live",
            "started_at": time.time(),
        }
        return fake.started[name]

    @post("/v1/auth/tickets")
    async def ticket(data: JSONBody[dict[str, Any]]) -> Response[Any]:
        if fake.refuse:
            return _problem(503, "Not now")
        if meeting(data["meeting"]) is None:
            return _problem(404, "No such meeting")
        return Response({"ticket": "t", "expires_in_s": 30}, status_code=201)

    @post("/v1/meetings/{name:str}/tracks")
    async def add_track(name: FromPath[str]) -> dict[str, Any]:
        return {"track": f"t{next(fake.numbers)}", "offset_s": 0.0}

    @post("/v1/meetings/{name:str}/end", status_code=202)
    async def end(name: FromPath[str]) -> dict[str, Any]:
        fake.ended.add(name)
        return {}

    @route("/v1/meetings/{name:str}/{rest:path}", http_method=["POST", "PATCH", "DELETE"], status_code=200)
    async def change(name: FromPath[str], rest: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
        body = await request.body()
        fake.calls.append((request.method, f"{name}{rest}", json.loads(body) if body else None))
        return {}

    @get("/v1/meetings/{name:str}/audio.wav")
    async def audio(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        data = sounds.setdefault(name, _sound((meeting(name) or {}).get("duration_s") or 60))
        span = request.headers.get("range")
        headers = {"Accept-Ranges": "bytes"}
        if not span:
            return Response(data, media_type="audio/wav", headers=headers)
        first, _, last = span.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(last) if last else len(data) - 1, len(data) - 1)
        headers["Content-Range"] = f"bytes {start}-{stop}/{len(data)}"
        return Response(data[start : stop + 1], status_code=206, media_type="audio/wav", headers=headers)

    @websocket("/v1/meetings/{name:str}/feed")
    async def feed(socket: WebSocket[Any, Any, Any], name: FromPath[str]) -> None:
        await socket.accept()
        await socket.receive_json()
        await socket.send_json(scripts.snapshot(name, meeting(name) or {}))
        for message in fake.health or scripts.health(name):
            await socket.send_json(message)
        seq = 100_000
        try:
            async for wait_s, message in _script(name):
                await asyncio.sleep(wait_s)
                if fake.refuse:
                    return await socket.close(code=1012)
                seq += 1
                stamped = message if message["type"] in ("interim", "health", "ping") else {"seq": seq, **message}
                await socket.send_json(stamped)
        except (WebSocketDisconnect, RuntimeError):
            return None

    async def _script(name: str) -> Any:
        for step in scripts.script(name):
            yield step
        while True:
            yield 0.2, {"type": "ping"}

    @websocket("/v1/meetings/{name:str}/audio")
    async def uplink(socket: WebSocket[Any, Any, Any], name: FromPath[str]) -> None:
        await socket.accept()
        hello = await socket.receive_json()
        kept = fake.frames.setdefault(f"{name}/{hello['track']}", {})
        session = kept.setdefault(hello["session"], {})
        end = max((_end(frame) for part in kept.values() for frame in part.values()), default=0)
        await socket.send_json(
            {
                "type": "welcome",
                "session": hello["session"],
                "resume_from": len(session),
                "pts_samples": end,
                "window": 100,
            }
        )
        try:
            while not fake.refuse:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if data := message.get("bytes"):
                    seq = struct.unpack_from("<I", data, 8)[0]
                    session.setdefault(seq, data)
                    await socket.send_json({"type": "ack", "upto": seq, "stored_s": 0})
                else:
                    await socket.send_json({"type": "pong"})
            await socket.close(code=1012)
        except WebSocketDisconnect:
            return

    @post("/test", status_code=200)
    async def control(data: JSONBody[dict[str, Any]]) -> dict[str, Any]:
        for key, value in data.items():
            setattr(fake, key, value)
        return {}

    @get("/signin")
    async def signin() -> Redirect:
        fake.signed_out = False
        return Redirect("/", status_code=303)

    @get("/", media_type=MediaType.HTML)
    async def index() -> str:
        return (WEB / "index.html").read_text()

    async def secure(response: Response[Any]) -> Response[Any]:
        response.headers["Content-Security-Policy"] = CSP
        return response

    handlers = [
        me,
        status,
        search,
        ask,
        related,
        actions,
        voices,
        like,
        remember,
        forget,
        meetings,
        create,
        ticket,
        add_track,
        end,
        change,
        audio,
        feed,
        uplink,
        control,
        signin,
        index,
    ]
    files = create_static_files_router(path="/", directories=[WEB], html_mode=False)
    return Litestar([*handlers, files], after_request=secure, openapi_config=None)


def _end(frame: bytes) -> int:
    pts = struct.unpack_from("<Q", frame, 12)[0]
    gap = frame[2] & 2
    return int(pts + (json.loads(frame[24:])["samples"] if gap else (len(frame) - 24) // 2))


if __name__ == "__main__":
    uvicorn.run(create_app(Fake()), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
