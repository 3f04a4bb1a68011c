"""The pages in a real Chromium send a microphone to a real gateway, both ways: off the record is off in each."""

import asyncio
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest

from contracts import subjects
from contracts.audio import SAMPLE_RATE_HZ, Frame, decode_frame
from contracts.bus import Bus
from tests.e2e.browser import Complaints, chromium
from tests.integration.gateway.client import Client, eventually
from tests.integration.gateway.conftest import running_gateway
from tests.integration.gateway.test_whip import running
from tests.servers import free_port

WEB = Path(__file__).resolve().parents[3] / "web"


def loud_s(frames: list[Frame]) -> float:
    """Seconds in which the fake microphone beeps, or is heard to be there between the beeps."""
    pcm = np.concatenate([np.frombuffer(f.payload, "<i2") for f in frames if f.gap is None])
    return float((np.abs(pcm) > 500).sum()) / SAMPLE_RATE_HZ


@pytest.mark.parametrize("way", ["socket", "webrtc"])
async def test_a_page_sends_its_microphone_and_off_is_off(bus: Bus, tmp_path: Path, way: str) -> None:
    port = free_port()
    async with running_gateway(
        bus, tmp_path / "data", web=str(WEB), whip_url=f"http://127.0.0.1:{port}", gap_wait_s=0.3
    ) as gateway:
        headers = {"authorization": f"Bearer {gateway.token}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=10) as http:
            client = Client(http, gateway.ws_url)
            async with running(gateway, client, bus, port=port), chromium() as browser:
                link = (await http.post("/v1/auth/links")).json()["url"]
                page = await browser.new_page()
                page.set_default_timeout(60_000)
                complaints = Complaints(expected=("401", "status of 4"))
                complaints.listen(page)
                await page.goto(link)
                await page.get_by_role("button", name="New meeting").click()
                await page.get_by_role("textbox", name="Title").fill(f"By {way}")
                await page.get_by_role("combobox", name="Who speaks into it").select_option("one")
                await page.get_by_role("textbox", name="Their name").fill("Tom")
                await page.get_by_role("combobox", name="How the sound travels").select_option(way)
                await page.get_by_role("combobox", name="Which microphone").wait_for()
                await page.get_by_role("button", name="Start").click()
                await page.get_by_text("Being transcribed", exact=True).wait_for()
                meeting = page.url.rpartition("#")[2]
                subject = f"audio.{meeting}.*"

                async def frames() -> list[Frame]:
                    stored = await bus.read_until(subjects.AUDIO_STREAM, subject, 1, 2**62)
                    return [decode_frame(message.data) for message in stored]

                async def state() -> str:
                    people = (await http.get(f"/v1/meetings/{meeting}/participants")).json()
                    return str(people[0].get("state", "on"))

                async def heard() -> bool:
                    found = await frames()
                    return bool(found) and found[-1].end_samples > 2 * SAMPLE_RATE_HZ

                async def is_off() -> bool:
                    return await state() == "off_record"

                async def ended() -> bool:
                    return (await frames())[-1].is_last

                await eventually(heard)
                await page.get_by_role("button", name="Off the record").click()
                await eventually(is_off)
                before = len(await frames())
                await asyncio.sleep(2)
                assert all(f.gap for f in (await frames())[before:])
                await page.get_by_role("button", name="Back on the record").click()
                await asyncio.sleep(3)
                await page.get_by_role("button", name="End meeting").click()
                await page.get_by_role("dialog").get_by_role("button", name="End meeting").click()
                await eventually(ended)
                check(await frames())
                assert complaints.lines == []


def check(frames: list[Frame]) -> None:
    """Media time is whole, the time off is a gap with its cause, and there is sound before and after it."""
    assert all(a.end_samples == b.pts_samples for a, b in pairwise(frames))
    off = [n for n, frame in enumerate(frames) if frame.gap and frame.gap.cause == "off_record"]
    assert sum(frames[n].samples for n in off) / SAMPLE_RATE_HZ >= 1.5
    assert loud_s(frames[: off[0]]) > 0.05
    after = frames[off[-1] + 1 :]
    assert loud_s(after) > 0.05
    assert sum(f.samples for f in after) / SAMPLE_RATE_HZ > 2
