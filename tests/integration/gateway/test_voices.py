"""A voice that is remembered in one meeting is named in the next: real sound, real voice models, scripted words."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile

from contracts.audio import FRAME_SAMPLES, Flag, Frame, encode_frame
from contracts.bus import Bus
from contracts.settings import BusSettings, models_dir
from contracts.transcript import Word, media_seconds
from gateway.api.voices import NOTICE
from stream_workers.labelled import LabellingEngine, labelled
from stream_workers.voices import Voices, missing
from tests.eval.eval_voices import spoken
from tests.fakes.transcriber import Job, ScriptedEngine, ScriptedPipeline
from tests.integration.gateway.client import SESSION, Client, acked, eventually
from tests.integration.gateway.conftest import Gateway, running_gateway
from tests.integration.workers import running_worker

DATA = Path(__file__).resolve().parents[2] / "data"
PATIENCE_S = 60
GRACE = "call:A"
"""The same synthetic voice as the team lead in ``standup``."""


class Ticking(ScriptedEngine):
    """A word each quarter of a second."""

    async def submit(self, job: Job) -> tuple[Word, ...]:
        step = 4000
        return tuple(
            Word("w", media_seconds(s), media_seconds(s + step))
            for s in range(job.start, job.start + len(job.pcm), step)
        )


@pytest.fixture
async def fast(bus: Bus, bus_settings: BusSettings, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that takes sound at any speed, with a worker whose ears are real."""
    models = models_dir(os.environ)
    if missing(models):
        pytest.skip("the speaker models are not on this machine (rapporteur models pull)")
    engine = LabellingEngine(Ticking(), Voices(models))
    made = {"drain_grace_s": 0.5, "gap_wait_s": 0.3, "speed": 1000.0}
    async with (
        running_gateway(bus, tmp_path / "data", **made) as gateway,
        running_worker(bus_settings, tmp_path, engine, make=labelled(ScriptedPipeline)),
    ):
        yield gateway


async def hear(client: Client, name: str) -> tuple[str, dict[str, str]]:
    """A meeting whose one microphone hears ``name``; its id, and the label of each person of the reference."""
    meeting = await client.start(name)
    socket, _ = await client.hello(meeting, await client.track(meeting))
    pcm = soundfile.read(DATA / f"{name}.flac", dtype="int16")[0]
    count = len(pcm) // FRAME_SAMPLES
    for seq in range(count):
        part = pcm[seq * FRAME_SAMPLES : (seq + 1) * FRAME_SAMPLES].astype("<i2").tobytes()
        flag = Flag.LAST if seq == count - 1 else Flag.NONE
        await socket.send(encode_frame(Frame(SESSION, seq, seq * FRAME_SAMPLES, part, flag)))
        if seq % 50 == 49:
            await acked(socket, seq - 25)
    await finished(client, meeting)
    return meeting, labels(await transcript(client, meeting), spoken(DATA / f"{name}.rttm"))


async def transcript(client: Client, meeting: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.http.get(f"/v1/meetings/{meeting}/transcript")).json()
    return found


async def finished(client: Client, meeting: str) -> None:
    async def ended() -> bool:
        return all("end" in track for track in (await transcript(client, meeting))["tracks"])

    await eventually(ended, PATIENCE_S)


def labels(said: dict[str, Any], truth: list[tuple[float, float, str]]) -> dict[str, str]:
    shared: dict[str, dict[str, float]] = {}
    for segment in said["segments"]:
        for start, end, who in truth if segment.get("speaker") else ():
            both = max(0.0, min(end, segment["end"]) - max(start, segment["start"]))
            mine = shared.setdefault(who, {})
            mine[segment["speaker"]] = mine.get(segment["speaker"], 0.0) + both
    return {who: max(mine, key=lambda label: mine[label]) for who, mine in shared.items()}


async def remember(client: Client, meeting: str, label: str, **more: Any) -> httpx.Response:
    body = {"meeting": meeting, "speaker": label, "consent": True, "notice": NOTICE} | more
    return await client.http.post("/v1/voices", json=body)


async def name(client: Client, meeting: str, label: str, called: str) -> None:
    answer = await client.http.post(f"/v1/meetings/{meeting}/speakers", json={"speaker": label, "name": called})
    assert answer.status_code == 202


@pytest.mark.timeout(180)
async def test_who_was_remembered_is_named_in_the_next_meeting_and_nobody_else(
    fast: Gateway, bus: Bus, capfd: pytest.CaptureFixture[str]
) -> None:
    async with httpx.AsyncClient(
        base_url=fast.url, headers={"authorization": f"Bearer {fast.token}"}, timeout=10
    ) as http:
        client = Client(http, fast.ws_url)
        first, who = await hear(client, "call")
        refusals = [
            await remember(client, first, who[GRACE]),  # has no name yet
            await remember(client, first, who[GRACE], consent=False),
            await remember(client, first, who[GRACE], notice="another"),
            await remember(client, "m" * 20, who[GRACE]),
        ]
        assert [answer.status_code for answer in refusals] == [409, 400, 400, 404]
        await name(client, first, who[GRACE], "Grace")
        kept = await remember(client, first, who[GRACE])
        assert kept.status_code == 201, kept.text
        assert set(kept.json()) == {"voice", "name", "seconds", "at"}
        assert (await remember(client, first, who[GRACE])).json()["voice"] == kept.json()["voice"]
        await is_private(fast, kept.json()["voice"])
        asked = {"meeting": first, "speaker": who[GRACE]}
        assert (await client.http.get("/v1/voices/like", params=asked)).json() == {"name": "Grace"}

        second, here = await hear(client, "standup")
        await recognised(fast)
        told = await transcript(client, second)
        assert told["speakers"] == {here["standup:A"]: "Grace"}

        # What a person says is the last word.
        await name(client, second, here["standup:A"], "Priya")
        await recognised(fast)
        assert (await transcript(client, second))["speakers"] == {here["standup:A"]: "Priya"}
        await forgotten(client, fast, kept.json()["voice"])
        assert (await transcript(client, first))["speakers"] == {who[GRACE]: "Grace"}
    assert "Grace" not in "".join(capfd.readouterr())


async def recognised(gateway: Gateway) -> None:
    """One look at all meetings, as the gateway takes every few seconds, and its projection."""
    await gateway.services.recogniser.tick(0.0)
    await gateway.services.projector.wait_for(await gateway.services.bus.last_seq("MEETING"))


async def forgotten(client: Client, gateway: Gateway, voice: str) -> None:
    """Forget it; neither database nor list has it."""
    stored = (await gateway.services.voices.of((await client.http.get("/v1/me")).json()["id"]))[0].mean
    assert (await client.http.delete(f"/v1/voices/{voice}")).status_code == 204
    assert (await client.http.delete(f"/v1/voices/{voice}")).status_code == 404
    assert (await client.http.get("/v1/voices")).json() == []
    files = list(gateway.settings.data_path.glob("rapporteur.db*"))
    assert files
    assert not any(stored in path.read_bytes() for path in files)


async def is_private(gateway: Gateway, voice: str) -> None:
    """Somebody else neither sees nor forgets it."""
    accounts = gateway.services.accounts
    token = await accounts.issue(await accounts.add("Tom", "member"), "token", 60)
    async with httpx.AsyncClient(base_url=gateway.url, headers={"authorization": f"Bearer {token}"}) as http:
        assert (await http.get("/v1/voices")).json() == []
        assert (await http.delete(f"/v1/voices/{voice}")).status_code == 404
