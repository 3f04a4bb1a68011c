"""A recording that a person sends becomes a meeting, whatever the connection does, and nothing else gets through."""

import io
import random
import struct
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from contracts import subjects
from contracts.audio import decode_frame
from contracts.bus import Bus
from contracts.errors import BadInput, TooLarge
from gateway.ingest.decoder import Limits, decoded
from gateway.ingest.formats import container_of
from gateway.ingest.uploads import MAX_BYTES
from tests.integration.gateway.client import Client, eventually
from tests.integration.gateway.conftest import Gateway

STANDUP = Path(__file__).parents[2] / "data" / "standup.flac"


def wav(seconds: float, rate: int = 8000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", ""))
        file.writeframes(b"\x10\x00\x20\x00" * int(seconds * rate))
    return out.getvalue()


async def send(
    client: Client, data: bytes, name: str = "../My talk.wav", *, piece: int = 30_000, expected: int = 200
) -> str:
    made = await client.http.post("/v1/uploads", json={"name": name, "size_bytes": len(data)})
    assert made.status_code == 201, made.text
    upload = str(made.json()["upload"])
    for offset in range(0, len(data), piece):
        headers = {"upload-offset": str(offset)}
        answer = await client.http.patch(
            f"/v1/uploads/{upload}", content=data[offset : offset + piece], headers=headers
        )
        last = offset + piece >= len(data)
        assert answer.status_code == (expected if last else 200), answer.text
    return upload


async def settled(client: Client, upload: str) -> dict[str, object]:
    async def finished() -> bool:
        return (await client.http.get(f"/v1/uploads/{upload}")).json()["state"] in ("done", "failed")

    await eventually(finished)
    status: dict[str, object] = (await client.http.get(f"/v1/uploads/{upload}")).json()
    return status


async def test_a_recording_sent_in_pieces_becomes_frames_of_a_meeting(
    gateway: Gateway, client: Client, bus: Bus
) -> None:
    upload = await send(client, wav(2.5))
    status = await settled(client, upload)
    assert (status["state"], status["imported_s"]) == ("done", 2.5)
    meeting = (await client.http.get(f"/v1/meetings/{status['meeting']}")).json()
    assert meeting["title"] == "My talk"
    assert meeting["state"] in ("ending", "completed")
    stored = await bus.read_until(subjects.AUDIO_STREAM, f"audio.{status['meeting']}.*", 1, 1000)
    frames = [decode_frame(message.data) for message in stored]
    assert [frame.pts_samples for frame in frames] == [0, 16_000, 32_000, 40_000]
    assert [frame.is_last for frame in frames] == [False, False, False, True]
    assert sum(frame.samples for frame in frames) == 40_000


async def test_a_broken_connection_goes_on_where_it_was(gateway: Gateway, client: Client) -> None:
    data = wav(1.0)
    upload = (await client.http.post("/v1/uploads", json={"name": "a.wav", "size_bytes": len(data)})).json()["upload"]
    url = f"/v1/uploads/{upload}"
    assert (await client.http.patch(url, content=data[:1000], headers={"upload-offset": "0"})).json()["offset"] == 1000
    again = await client.http.patch(url, content=data[:1000], headers={"upload-offset": "0"})
    assert (again.status_code, again.json()["detail"]) == (409, "go on at byte 1000")
    assert (await client.http.get(url)).json()["offset"] == 1000
    rest = await client.http.patch(url, content=data[1000:], headers={"upload-offset": "1000"})
    assert rest.json()["offset"] == len(data)
    assert (await settled(client, upload))["state"] == "done"


async def test_the_same_file_again_is_the_same_meeting_until_it_is_deleted(gateway: Gateway, client: Client) -> None:
    first = await settled(client, await send(client, wav(1.0)))
    second = await settled(client, await send(client, wav(1.0), "other name.wav"))
    assert (second["meeting"], second["duplicate"]) == (first["meeting"], True)
    await client.http.delete(f"/v1/meetings/{first['meeting']}")
    third = await settled(client, await send(client, wav(1.0)))
    assert third["meeting"] != first["meeting"]
    assert third["duplicate"] is False


async def test_what_is_no_recording_is_refused_at_its_first_bytes(gateway: Gateway, client: Client) -> None:
    for data in (
        b"PK\x03\x04 a zip",
        b"#EXTM3U\nfile:///etc/passwd",
        b"ffconcat version 1.0\nfile /etc/passwd",
        b"\0" * 99,
    ):
        made = await client.http.post("/v1/uploads", json={"name": "x.mp3", "size_bytes": len(data)})
        url = f"/v1/uploads/{made.json()['upload']}"
        refused = await client.http.patch(url, content=data, headers={"upload-offset": "0"})
        assert refused.status_code == 400
        assert (await client.http.get(url)).json()["offset"] == 0
        assert (await client.http.delete(url)).status_code == 204


@pytest.mark.parametrize("head", [b"ID3\x04", b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3", b"\0\0\0\x20ftypisom"])
async def test_a_file_that_lies_about_itself_is_refused_and_makes_no_meeting(
    gateway: Gateway, client: Client, head: bytes
) -> None:
    for body in (b"\xde\xad\xbe\xef" * 5000, random.Random(3).randbytes(300_000)):
        upload = await send(client, head + body, expected=400)
        status = (await client.http.get(f"/v1/uploads/{upload}")).json()
        assert (status["state"], status["meeting"]) == ("failed", None)
        assert status["detail"]


async def test_a_recording_that_says_it_is_too_long_is_refused_before_anything_is_made_of_it(
    gateway: Gateway, client: Client
) -> None:
    data = bytearray(STANDUP.read_bytes())
    data[21:26] = ((data[21] >> 4 << 36) | 13 * 3600 * 16_000).to_bytes(5)  # the number of samples
    upload = await send(client, bytes(data), "long.flac", piece=4 * 1024**2, expected=413)
    status = (await client.http.get(f"/v1/uploads/{upload}")).json()
    assert (status["state"], status["meeting"], status["detail"]) == ("failed", None, "the recording is too long")
    assert (await client.http.get("/v1/meetings")).json()["items"] == []


async def test_too_large_empty_foreign_and_far_too_many_are_refused(gateway: Gateway, client: Client) -> None:
    async def announce(size: int) -> int:
        return (await client.http.post("/v1/uploads", json={"name": "a.wav", "size_bytes": size})).status_code

    assert await announce(MAX_BYTES + 1) == 413
    assert await announce(0) == 400
    assert [await announce(10) for _ in range(6)] == [201] * 5 + [429]
    assert (await client.http.get("/v1/uploads/unknown")).status_code == 404
    assert (await client.http.get("/v1/uploads/..%2f..%2fowner")).status_code in (400, 404)


async def test_a_recording_longer_than_allowed_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(3.0))
    with pytest.raises(TooLarge):
        async for _ in decoded(path, "wav", Limits(max_duration_s=2.0)):
            pass


async def test_a_header_that_promises_gigabytes_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bomb.wav"
    honest = bytearray(wav(0.5))
    honest[40:44] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(bytes(honest))
    blocks = [block async for block in decoded(path, "wav", Limits())]
    assert sum(map(len, blocks)) == 16_000


async def test_a_child_that_gives_nothing_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(1.0))
    with pytest.raises(BadInput):
        async for _ in decoded(path, "wav", Limits(stall_s=0.0)):
            pass


async def test_a_real_recording_is_decoded_whole(tmp_path: Path) -> None:
    blocks = [block async for block in decoded(STANDUP, container_of(STANDUP.read_bytes()[:64]), Limits())]
    assert sum(map(len, blocks)) / 32_000 > 20


@pytest.mark.parametrize(
    ("form", "codec"),
    [
        ("mp3", "libmp3lame"),
        ("mp4", "aac"),
        ("ogg", "libopus"),
        ("webm", "libopus"),
        ("flac", "flac"),
        ("wav", "pcm_s16le"),
    ],
)
async def test_every_promised_kind_of_file_is_read(tmp_path: Path, form: str, codec: str) -> None:
    path = tmp_path / "recording"
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=48_000)
        for n in range(50):
            frame = av.AudioFrame.from_ndarray(np.full((1, 2 * 960), 100, np.int16), format="s16", layout="stereo")
            frame.rate, frame.pts = 48_000, n * 960
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    blocks = [block async for block in decoded(path, container_of(path.read_bytes()[:64]), Limits())]
    assert 0.95 < sum(map(len, blocks)) / 32_000 < 1.15
