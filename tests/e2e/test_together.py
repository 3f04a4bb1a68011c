"""Two people in one meeting, each with a browser and a microphone of their own: names are exact, off is off.

The host's sound comes through the audio socket, the guest's by WebRTC.
"""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.e2e import meeting
from tests.e2e.browser import Complaints, chromium
from tests.e2e.product import ROOT, product

SHOWN_MS = 120_000
TOM, GRACE = "Tom", "Grace"
TOMS = ("call.t0", "call.t2", "call.t6", "call.t8")
TOM_OFF = ("call.t4",)
ON, OFF, LAST = ("call.t1", "call.t3"), ("call.t5", "call.t7"), ("call.t9",)

MICROPHONE = """
const context = new AudioContext();
const microphone = context.createMediaStreamDestination();
navigator.mediaDevices.getUserMedia = async () => microphone.stream.clone();
window.say = async (turns) => {
  await context.resume();
  const sound = await context.decodeAudioData(await (await fetch(`/said/${turns}.wav`)).arrayBuffer());
  const source = new AudioBufferSourceNode(context, { buffer: sound });
  source.connect(microphone);
  await new Promise((ended) => { source.onended = ended; source.start(); });
};
"""
"""A microphone that hears what the test lets be said."""


def clip(parts: list[str]) -> bytes:
    """Turns of the recorded call, one after the other, and a second of silence."""
    samples, rate = soundfile.read(ROOT / "tests/data/call.flac", dtype="float32")
    turns = {turn["ids"][0]: turn for turn in meeting.reference("call")["turns"]}
    heard = [
        np.append(samples[int(turns[p]["start"] * rate) : int(turns[p]["end"] * rate)], np.zeros(rate // 2, "float32"))
        for p in parts
    ]
    wav = io.BytesIO()
    soundfile.write(wav, np.concatenate(heard), rate, subtype="PCM_16", format="WAV")
    return wav.getvalue()


async def with_microphone(browser: Any, **more: Any) -> Any:
    page = await (await browser.new_context(**more)).new_page()
    page.set_default_timeout(SHOWN_MS)
    await page.add_init_script(MICROPHONE)

    async def serve(route: Any) -> None:
        parts = route.request.url.rpartition("/")[2].removesuffix(".wav").split("+")
        await route.fulfill(body=clip(parts), content_type="audio/wav")

    await page.route("**/said/*.wav", serve)
    return page


async def say(page: Any, parts: tuple[str, ...]) -> None:
    await page.evaluate("turns => say(turns)", "+".join(parts))


def said(parts: tuple[str, ...]) -> list[str]:
    turns = {turn["ids"][0]: turn["text"] for turn in meeting.reference("call")["turns"]}
    return meeting.words(" ".join(turns[name] for name in parts))


async def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("E2E_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def start(page: Any, link: str) -> str:
    """The owner starts the meeting alone at their microphone; the link for others."""
    await page.goto(link)
    await page.get_by_text("No meetings yet").wait_for()
    await page.get_by_role("button", name="New meeting").click()
    await page.get_by_role("textbox", name="Title").fill("The pilot")
    await page.get_by_role("combobox", name="Language").select_option("en")
    await page.get_by_role("combobox", name="Who speaks into it").select_option("one")
    await page.get_by_role("textbox", name="Their name").fill(TOM)
    await page.get_by_role("combobox", name="Which microphone").wait_for()
    await picture(page, "together-new")
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("button", name="Invite").click()
    url = await page.get_by_role("textbox", name="Link").input_value()
    await picture(page, "together-invite")
    await page.get_by_role("button", name="Close").click()
    return str(url)


async def join(page: Any, url: str) -> None:
    await page.goto(url)
    await page.get_by_role("heading", name="The pilot").wait_for()
    await page.get_by_role("button", name="Join").click()
    await page.get_by_role("alert").filter(has_text="name").wait_for()
    await page.get_by_role("textbox", name="Your name").fill(GRACE)
    await page.get_by_role("checkbox", name="I have read this and agree").check()
    await page.get_by_role("combobox", name="How the sound travels").select_option("webrtc")
    await picture(page, "together-join")
    await page.get_by_role("button", name="Join").click()
    await page.get_by_text("Being transcribed", exact=True).wait_for()
    assert url.rpartition("#")[2] not in page.url


async def off_and_back(page: Any, host: Any) -> None:
    """The guest says something off the record; everybody sees that they are off."""
    await page.get_by_role("button", name="Off the record").click()
    await page.get_by_text("You are off the record").wait_for()
    await host.locator(".people li", has_text=GRACE).get_by_text("off the record").wait_for(timeout=10_000)
    await picture(page, "together-off")
    await picture(host, "together-host")


async def heard_by(page: Any, text: str) -> None:
    await page.locator(".turn .said", has_text=text).first.wait_for(timeout=60_000)


@pytest.mark.timeout(600)
async def test_two_people_with_their_own_microphones(tmp_path: Path) -> None:
    async with (
        product(tmp_path / "data") as running,
        chromium("--autoplay-policy=no-user-gesture-required") as browser,
    ):
        host = await with_microphone(browser)
        guest = await with_microphone(browser, viewport={"width": 390, "height": 844})
        complaints = Complaints(expected=("401", "status of 4"))
        complaints.listen(host)
        complaints.listen(guest)
        url = await start(host, running.link)
        await join(guest, url)
        await say(host, TOMS[:2])
        await say(guest, ON)
        await heard_by(host, "instant")
        await off_and_back(guest, host)
        await say(guest, OFF)
        await host.get_by_role("button", name="Off the record").click()
        await guest.locator(".people li", has_text=TOM).get_by_text("off the record").wait_for()
        await say(host, TOM_OFF)
        await host.get_by_role("button", name="Back on the record").click()
        await guest.get_by_role("button", name="Back on the record").click()
        await say(host, TOMS[2:])
        await say(guest, LAST)
        await heard_by(guest, "same time")
        await guest.get_by_role("button", name="Leave").click()
        await guest.get_by_role("dialog").get_by_role("button", name="Leave").click()
        await guest.get_by_text("You can close this page").wait_for()
        await host.locator(".people li", has_text=GRACE).get_by_text("left").wait_for()
        await meeting.end_meeting(host)
        ident = await meeting.recap(host)
        await picture(host, "together-recap")
        transcript = await meeting.fetch(host, f"{running.url}/v1/meetings/{ident}/transcript")
        people = await (await host.request.get(f"{running.url}/v1/meetings/{ident}/participants")).json()
        check(transcript, [p["name"] for p in people])
        assert complaints.lines == []


def check(transcript: dict[str, Any], people: list[str]) -> None:
    assert people == [TOM, GRACE]
    spoken = dict.fromkeys((TOM, GRACE), "")
    for segment in transcript["segments"]:
        spoken[segment["speaker"]] += segment["text"] + " "
    words = {name: meeting.words(text) for name, text in spoken.items()}
    print(words)
    assert meeting.share_found(said((*ON, *LAST)), words[GRACE]) >= 0.8
    assert meeting.share_found(said(TOMS), words[TOM]) >= 0.8
    assert not {"price", "fifty", "budget", "monday", "promise"} & set(words[GRACE])
    assert not set(said(TOM_OFF)) - set(said(TOMS)) & set(words[TOM])
    for track in {segment["track"] for segment in transcript["segments"]}:
        off = [gap for gap in transcript["gaps"] if (gap["cause"], gap["track"]) == ("off_record", track)]
        assert sum(gap["end"] - gap["start"] for gap in off) > 3
