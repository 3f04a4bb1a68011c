"""A real Chromium sends its microphone by WHIP, with trickled candidates."""

import asyncio

import numpy as np

from contracts.audio import SAMPLE_RATE_HZ
from contracts.bus import Bus
from tests.e2e.browser import chromium
from tests.integration.gateway.client import Client
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_whip import check, running, stored

SEND = """
async ([path, token, milliseconds]) => {
  const headers = { authorization: `Bearer ${token}` };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const peer = new RTCPeerConnection();
  const found = [];
  const gathered = new Promise((done) => {
    peer.onicecandidate = ({ candidate }) => (candidate ? found.push(candidate) : done());
  });
  peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly", streams: [stream] });
  await peer.setLocalDescription();
  const offered = peer.localDescription.sdp;
  const answer = await fetch(path, {
    method: "POST", body: offered, headers: { ...headers, "content-type": "application/sdp" },
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  const session = answer.headers.get("location");
  const etag = answer.headers.get("etag");
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  await gathered;
  const ice = offered.split("\\r\\n").filter((line) => /^a=ice-(ufrag|pwd)/.test(line));
  const lines = [...ice, "a=mid:0", ...found.map((c) => `a=${c.candidate}`), "a=end-of-candidates", ""];
  const trickled = await fetch(session, {
    method: "PATCH", body: lines.join("\\r\\n"),
    headers: { ...headers, "content-type": "application/trickle-ice-sdpfrag", "if-match": etag },
  });
  const deadline = performance.now() + 15000;
  while (peer.connectionState !== "connected" && performance.now() < deadline) {
    await new Promise((done) => setTimeout(done, 50));
  }
  await new Promise((done) => setTimeout(done, milliseconds));
  const state = peer.connectionState;
  const left = await fetch(session, { method: "DELETE", headers });
  return [state, trickled.status, left.status];
}
"""


async def test_chromium_sends_its_microphone(gateway: Gateway, client: Client, bus: Bus) -> None:
    async with running(gateway, client, bus) as whip, chromium() as browser:
        base = str(whip.http.base_url).rstrip("/")
        page = await browser.new_page()
        await page.route("**/page", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        await page.goto(f"{base}/page")
        async with asyncio.timeout(60):
            outcome = await page.evaluate(SEND, [whip.path, gateway.token, 4000])
        frames = await stored(bus, whip)
    assert outcome == ["connected", 204, 200]
    seconds = frames[-1].end_samples / SAMPLE_RATE_HZ
    assert seconds > 3
    check(frames, seconds)
    pcm = np.concatenate([np.frombuffer(f.payload, "<i2") for f in frames if f.gap is None])
    assert np.abs(pcm).max() > 1000, "the fake microphone beeps"
