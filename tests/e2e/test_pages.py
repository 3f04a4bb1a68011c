"""The pages in a real browser against a scripted server: what a person sees and can do in each state."""

import asyncio
import contextlib
import json
import re
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import soundfile
import uvicorn

from tests.e2e.browser import Complaints, chromium
from tests.e2e.fake_gateway import WEB, Fake, create_app

COUNT_LOCKS = (
    "self.screenLocks = 0; const ask = navigator.wakeLock.request.bind(navigator.wakeLock);"
    "navigator.wakeLock.request = (kind) => { self.screenLocks += 1; return ask(kind); };"
)
MAY_CLOSE = "dispatchEvent(new Event('beforeunload', {cancelable: true}))"
REFUSED = ("503", "WebSocket connection", "Failed to load resource", "ERR_")


@dataclass
class Stage:
    """A server, a browser page on it, and what the page complained about."""

    fake: Fake
    url: str
    browser: Any
    page: Any
    complaints: Complaints

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Any) -> AsyncIterator[Stage]:
    fake = Fake()
    server = uvicorn.Server(
        uvicorn.Config(create_app(fake), host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    )
    serving = asyncio.create_task(server.serve(), name="fake-gateway")
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        context = await browser.new_context(permissions=["microphone"])
        page = await context.new_page()
        complaints = Complaints()
        complaints.listen(page)
        yield Stage(fake, f"http://127.0.0.1:{port}", browser, page, complaints)
        await context.close()
    finally:
        server.should_exit = True
        server.force_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


NAMES = """() => {
  const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('[aria-hidden=true]');
  const name = (e) => e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') || '').split(' ')
    .map((id) => document.getElementById(id)?.textContent ?? '').join('')
    || (e.labels && [...e.labels].map((l) => l.textContent).join(''))
    || e.textContent.trim() || e.title || '';
  return [...document.querySelectorAll('button, a, input, select, textarea, dialog, [role=img], meter, progress')]
    .filter((e) => shown(e) && !name(e).trim()).map((e) => e.outerHTML.slice(0, 120));
}"""
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const f = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const ground = (e) => { for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; }
    return rgb(getComputedStyle(document.documentElement).backgroundColor); };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest('.hidden, :disabled')) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(`${e.className || e.tagName}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return [...new Set(bad)];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/live.html#four", "/live.html#busy", "/recap.html#done", "/actions.html"])
async def test_every_control_has_a_name_and_every_text_enough_contrast(stage: Stage, path: str, theme: str) -> None:
    await stage.page.emulate_media(color_scheme=theme)
    await stage.open(path)
    await stage.page.get_by_text("Launch in Portugal").first.wait_for()
    await stage.page.wait_for_timeout(300)
    assert await stage.page.evaluate(NAMES) == []
    assert await stage.page.evaluate(CONTRAST) == []
    assert stage.complaints.lines == []


@pytest.mark.parametrize("width", [320, 390, 640, 1280])
@pytest.mark.parametrize("path", ["/", "/live.html#long", "/live.html#rtl", "/recap.html#done", "/recap.html#rtldone"])
async def test_nothing_is_wider_than_the_window(stage: Stage, path: str, width: int) -> None:
    await stage.page.set_viewport_size({"width": width, "height": 700})
    await stage.open(path)
    await stage.page.locator(".turn, .meeting").first.wait_for()
    assert await stage.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_dialog_keeps_the_focus_and_gives_it_back(stage: Stage) -> None:
    await stage.open("/")
    opener = stage.page.get_by_role("button", name="New meeting")
    await opener.click()
    dialog = stage.page.get_by_role("dialog", name="New meeting")
    await dialog.wait_for()
    assert await stage.page.evaluate("document.activeElement.id") == "new-title"
    for _ in range(25):
        await stage.page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        assert await stage.page.evaluate(inside)
    await stage.page.keyboard.press("Escape")
    await dialog.wait_for(state="detached")
    assert await opener.evaluate("(e) => e === document.activeElement")


async def test_open_words_that_become_final_do_not_move(stage: Stage) -> None:
    await stage.open("/live.html#four")
    tail = stage.page.locator(".turn").last
    await tail.get_by_text("the new people").wait_for()
    before = await tail.locator(".said").bounding_box()
    await stage.page.wait_for_timeout(300)
    assert await tail.locator(".said").bounding_box() == before


async def test_scrolling_up_stops_following_and_there_is_a_way_back(stage: Stage) -> None:
    await stage.page.set_viewport_size({"width": 1000, "height": 500})
    await stage.open("/live.html#four")
    await stage.page.locator(".turn").last.wait_for()
    jump = stage.page.get_by_role("button", name="Jump to live")
    assert not await jump.is_visible()
    await stage.page.locator(".column.text").hover()
    await stage.page.mouse.wheel(0, -600)
    await jump.click()
    await jump.wait_for(state="hidden")


async def test_a_note_is_edited_where_it_stands_and_the_edit_taken_back(stage: Stage) -> None:
    await stage.open("/live.html#four")
    before = "Ask Joana whether she can take the missing strings"
    await stage.page.get_by_role("button", name=before, exact=True).click()
    await stage.page.get_by_role("textbox", name="Text").fill("Ask Joana today")
    await stage.page.keyboard.press("Enter")
    await stage.page.get_by_role("button", name="Ask Joana today", exact=True).wait_for()
    await stage.page.get_by_role("button", name="Undo").click()
    await _called(stage, "PATCH", {"text": before, "unlock": ["text"]})
    assert ("PATCH", "four/notes/n10action", {"text": "Ask Joana today"}) in stage.fake.calls


async def test_escape_leaves_a_field_as_it_was(stage: Stage) -> None:
    await stage.open("/live.html#four")
    await stage.page.get_by_role("button", name="Import the translated strings", exact=True).click()
    await stage.page.get_by_role("textbox", name="Text").fill("Nonsense")
    await stage.page.keyboard.press("Escape")
    await stage.page.get_by_role("button", name="Import the translated strings", exact=True).wait_for()
    assert stage.fake.calls == []


async def test_a_speaker_is_renamed_and_a_line_corrected(stage: Stage) -> None:
    await stage.open("/recap.html#done")
    await stage.page.locator(".turn .who").first.click()
    await stage.page.get_by_role("combobox", name="Name").fill("Daniela Reis")
    await stage.page.keyboard.press("Enter")
    await _called(stage, "POST", {"speaker": "S1", "name": "Daniela Reis"})
    await stage.page.locator(".turn").nth(1).hover()
    await stage.page.locator(".turn .edit").nth(1).click()
    await stage.page.get_by_role("textbox", name="Line at").fill("Is the recording running?")
    await stage.page.keyboard.press("Enter")
    await _called(stage, "PATCH", {"text": "Is the recording running?"})


async def test_a_voice_is_remembered_only_when_a_person_says_so_and_forgotten_at_a_word(stage: Stage) -> None:
    page = stage.page
    await stage.open("/recap.html#done")
    await page.locator(".turn .who").first.click()
    await page.get_by_role("button", name="Sounds like Ruth").click()
    await page.keyboard.press("Enter")
    await _called(stage, "POST", {"speaker": "S1", "name": "Ruth"})
    assert not any(call[1] == "voices" for call in stage.fake.calls)
    await page.locator(".turn .who.by-voice").first.click()
    assert await page.get_by_text("Recognised by voice").is_visible()
    assert not await page.get_by_text("Only with their consent").is_visible()
    await page.get_by_role("checkbox", name="Remember this voice").check()
    await page.get_by_text("Only with their consent").wait_for()
    await page.get_by_role("button", name="Save").click()
    await page.get_by_text("is remembered").wait_for()
    wanted = {"meeting": "done", "speaker": "S2", "consent": True, "notice": "2026-11"}
    await _called(stage, "POST", wanted)
    await page.get_by_role("link", name="Voices").click()
    for name in ("Ruth", "Daniela"):
        await page.get_by_role("button", name=f"Forget the voice of {name}").click()
        await page.get_by_role("dialog").get_by_role("button", name="Forget").click()
        await page.get_by_role("button", name=f"Forget the voice of {name}").wait_for(state="detached")
    assert [known["voice"] for known in stage.fake.voices] == ["v2"]
    assert await page.evaluate(NAMES) == []
    assert await page.evaluate(CONTRAST) == []
    assert stage.complaints.lines == []


async def _called(stage: Stage, method: str, body: Any) -> None:
    await _until(lambda: any(call[0] == method and call[2] == body for call in stage.fake.calls), 5)


async def _shows(stage: Stage, expression: str, seconds: float = 30) -> None:
    """Waits for a condition in the page. Not wait_for_function: the content security policy forbids its eval."""
    async with asyncio.timeout(seconds):
        while not await stage.page.evaluate(  # noqa: ASYNC110 - a page has no event for it
            f"(() => {{ try {{ return {expression} }} catch {{ return false }} }})()"
        ):
            await asyncio.sleep(0.05)


async def _until(true: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - the scripted server has no event for it
            await asyncio.sleep(0.02)


async def test_a_click_on_evidence_or_a_word_plays_it(stage: Stage) -> None:
    await stage.open("/recap.html#done")
    await stage.page.get_by_role("button", name="Hear the words at 0:42").click()
    await _shows(stage, "document.querySelector('.player .now').textContent >= '0:43'")
    await stage.page.get_by_text("nine euros for everybody").last.click()
    await _shows(stage, "document.querySelector('.player .now').textContent.startsWith('1:0')")
    assert await stage.page.evaluate("CSS.highlights.has('word')")


async def test_a_link_to_a_second_opens_there(stage: Stage) -> None:
    await stage.open("/recap.html#done@61.9")
    await _shows(stage, "document.querySelector('.player .now').textContent === '1:01'")
    assert "nine euros" in await stage.page.locator(".turn.current").inner_text()


async def test_the_recap_lists_every_gap_with_its_seconds_and_its_cause(stage: Stage) -> None:
    await stage.open("/recap.html#done")
    rows = stage.page.locator("#gaps li")
    await rows.first.wait_for()
    assert [" ".join(text.split()) for text in await rows.all_inner_texts()] == [
        "0:33 14 s not recorded: the computer was asleep"
    ]
    assert await stage.page.locator("#gaps summary").inner_text() == "1 gap, 14 s in all"
    assert stage.complaints.lines == []


async def test_who_is_not_signed_in_is_told_what_to_do(stage: Stage) -> None:
    stage.fake.signed_out = True
    stage.complaints.expected = ("401",)
    await stage.open("/")
    await stage.page.get_by_text("rapporteur up").wait_for()


async def test_what_is_being_fetched_is_said(stage: Stage) -> None:
    stage.fake.models = [{"name": "qwen", "role": "llm", "state": "fetching", "done_bytes": 5e8, "total_bytes": 1.1e9}]
    await stage.open("/")
    await stage.page.get_by_text("Notes and recaps get better words when qwen is here: 45 % of 1.1 GB.").wait_for()


async def test_search_answers_as_one_types_and_leads_to_the_second(stage: Stage) -> None:
    await stage.open("/")
    await stage.page.get_by_role("searchbox", name="Search all meetings").press_sequentially("spreadsheet")
    await stage.page.get_by_text("1 place").wait_for()
    await _shows(
        stage, "[...document.querySelectorAll('.found mark')].map((m) => m.textContent).join() === 'spreadsheet'"
    )
    await stage.page.locator(".found a").click()
    await _shows(stage, "document.querySelector('.turn.current').textContent.includes('spreadsheet')")


OPENED = """() => new Promise((done) => {
  const look = () => document.querySelectorAll('.turn').length > 50
    ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
  look();
})"""


async def test_twenty_thousand_turns_open_and_scroll(stage: Stage) -> None:
    await stage.open("/live.html#huge")
    shown_ms = await stage.page.evaluate(OPENED)
    await _shows(stage, "document.querySelectorAll('.turn').length === 20000", seconds=150)
    blocks = await stage.page.evaluate(
        "[...document.querySelectorAll('.block')]"
        ".filter((b) => b.firstChild.checkVisibility({contentVisibilityAuto: true})).length"
    )
    assert blocks < 20, "only what is near is laid out"
    print(f"20,000 turns: first screens after {shown_ms:.0f} ms")


async def test_memory_does_not_grow_with_words_that_come_and_go(stage: Stage) -> None:
    cdp = await stage.page.context.new_cdp_session(stage.page)
    await cdp.send("Performance.enable")
    await stage.open("/live.html#flood")
    await _shows(stage, "document.querySelectorAll('.turn').length >= 36")
    before = await _held(cdp)
    await _shows(stage, "document.querySelectorAll('.turn').length >= 116")
    after = await _held(cdp)
    print(f"heap {before[0] / 1e6:.2f} -> {after[0] / 1e6:.2f} MB, nodes {before[1]} -> {after[1]}")
    assert after[0] - before[0] < 2e6, "80 turns of some 20 words each, 1,400 interim updates"
    assert after[1] - before[1] < 80 * 20


async def _held(cdp: Any) -> tuple[float, int]:
    """Bytes and nodes that the page really holds."""
    await cdp.send("HeapProfiler.collectGarbage")
    metrics = {entry["name"]: entry["value"] for entry in (await cdp.send("Performance.getMetrics"))["metrics"]}
    return metrics["JSHeapUsedSize"], metrics["Nodes"]


def _ledger(fake: Fake) -> tuple[np.ndarray, list[tuple[int, int, str]]]:
    """The sound that the server stored, after checking that its media time has no hole and no overlap."""
    (kept,) = fake.frames.values()
    sound, gaps, end = [], [], 0
    for _, frames in sorted(kept.items()):
        assert sorted(frames) == list(range(len(frames)))
        for _, frame in sorted(frames.items()):
            pts = struct.unpack_from("<Q", frame, 12)[0]
            assert pts == end
            if frame[2] & 2:
                gap = json.loads(frame[24:])
                gaps.append((pts, gap["samples"], gap["cause"]))
                part = np.zeros(gap["samples"], "<i2")
            else:
                part = np.frombuffer(frame[24:], "<i2")
            sound.append(part)
            end += part.size
    return np.concatenate(sound), gaps


async def _recorded(stage: Stage, seconds: float) -> None:
    clock = "document.querySelector('.live-head strong').textContent.split(':').reduce((m, r) => m * 60 + +r, 0)"
    await _shows(stage, f"{clock} >= {seconds}")


async def test_a_recording_survives_an_outage_and_reloads_to_the_sample(stage: Stage) -> None:
    stage.complaints.expected = REFUSED
    stage.page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await stage.page.add_init_script(COUNT_LOCKS)
    await stage.open("/")
    await stage.page.get_by_role("button", name="Play the sample meeting").click()
    await _recorded(stage, 3)
    await stage.page.get_by_text("s recorded, all of it safe").wait_for()
    assert await stage.page.evaluate("self.screenLocks") >= 1, "the screen may go dark"
    assert await stage.page.evaluate(MAY_CLOSE)
    stage.fake.refuse = True
    await stage.page.locator(".health .bad").wait_for()
    await _recorded(stage, 8)
    assert not await stage.page.evaluate(MAY_CLOSE), "nobody is warned before unsafe sound is closed"
    assert re.search(r"\d+ s recorded, \d+ s safe on the server", await stage.page.locator(".health").inner_text())
    stage.fake.refuse = False
    await _shows(stage, "document.querySelector('.live-head .safe').textContent === 'all safe'")
    await _recorded(stage, 10)
    await stage.page.reload()
    await _recorded(stage, 13)
    stage.fake.refuse = True
    await _recorded(stage, 16)
    await stage.page.reload()
    await stage.page.locator(".live-head").wait_for()
    await asyncio.sleep(1)
    stage.fake.refuse = False
    await _recorded(stage, 18)
    await stage.page.get_by_role("button", name="End meeting").click()
    await stage.page.get_by_role("dialog").get_by_role("button", name="End meeting").click()
    await _until(lambda: bool(stage.fake.ended), 20)
    heard, gaps = _ledger(stage.fake)
    reference, rate = soundfile.read(WEB / "sample" / "planning.flac", dtype="float64")
    assert rate in (16000, 24000, 48000)
    assert gaps == []
    assert _mismatch(heard / 32768, reference, rate) < 0.02
    assert stage.complaints.lines == []


def _mismatch(heard: np.ndarray, reference: np.ndarray, rate: int) -> float:
    """How much of the sound's energy differs from the recording that was played, second by second, at worst."""
    times = np.arange(heard.size) / 16000
    wanted = np.interp(times, np.arange(reference.size) / rate, reference)
    worst = 0.0
    for start in range(0, heard.size - 16000, 16000):
        a, b = heard[start : start + 16000], wanted[start : start + 16000]
        energy = float(np.sum(b * b))
        if energy > 1:
            gain = float(np.dot(a, b) / energy)
            worst = max(worst, float(np.sum((a - gain * b) ** 2) / np.sum(a * a)))
    return worst


async def test_a_pause_is_a_gap_and_the_microphone_is_recorded_around_it(stage: Stage) -> None:
    await stage.open("/")
    await stage.page.get_by_role("button", name="New meeting").click()
    await stage.page.get_by_label("Which microphone").wait_for()
    await stage.page.get_by_role("button", name="Start").click()
    await _recorded(stage, 2)
    await stage.page.get_by_role("button", name="Pause").click()
    await stage.page.wait_for_timeout(1500)
    await stage.page.get_by_role("button", name="Go on").click()
    await _recorded(stage, 5)
    await stage.page.get_by_role("button", name="End meeting").click()
    await stage.page.get_by_role("dialog").get_by_role("button", name="End meeting").click()
    await _until(lambda: bool(stage.fake.ended), 20)
    sound, gaps = _ledger(stage.fake)
    assert [cause for _, _, cause in gaps] == ["paused"]
    assert 16000 < gaps[0][1] < 48000
    assert np.abs(sound[: gaps[0][0]]).max() > 500
    assert stage.complaints.lines == []


async def test_a_question_is_answered_by_quotes_that_play_and_lead_to_the_meeting(stage: Stage) -> None:
    await stage.open("/")
    await stage.page.get_by_role("searchbox", name="Search all meetings").fill("What is the price?")
    await stage.page.keyboard.press("Enter")
    await stage.page.get_by_text("The price is nine euros for everybody.").wait_for()
    assert await stage.page.locator(".answer .words").count() == 2
    await stage.page.locator(".answer .written").get_by_role("button", name="Hear the words at 1:01").click()
    await _shows(stage, "document.querySelector('.answer .hear[aria-pressed=true]').dataset.start > 60")
    await stage.page.locator(".answer a").last.click()
    await _shows(stage, "document.querySelector('.turn.current').textContent.includes('nine euros')")
    await stage.page.get_by_role("textbox", name="Ask about this meeting").fill("Where do we have lunch?")
    await stage.page.keyboard.press("Enter")
    await stage.page.get_by_text("Nothing that was said answers this.").wait_for()
    await _called(stage, "POST", {"question": "Where do we have lunch?", "meetings": ["done"], "write": True})
    await stage.page.get_by_role("textbox", name="Ask about this meeting").fill("Who pays the tax on the price?")
    await stage.page.keyboard.press("Enter")
    await stage.page.get_by_text("Nothing that was said seems to answer this.").wait_for()
    assert await stage.page.locator(".answer .quoted.near .words").count() == 2


async def test_what_was_open_or_decided_before_stands_under_the_note(stage: Stage) -> None:
    await stage.open("/recap.html#done")
    await stage.page.get_by_text("Already open since").wait_for()
    await stage.page.get_by_text("Differs from the decision of").wait_for()
    await stage.page.get_by_role("button", name="Hear the words at 0:47 of Roadmap").click()
    await _shows(stage, "document.querySelector('.related .hear[aria-pressed=true]') !== null")


async def test_the_board_shows_what_is_late_and_changes_it(stage: Stage) -> None:
    await stage.open("/actions.html")
    await stage.page.get_by_text("6 open items · 2 overdue").wait_for()
    assert await stage.page.locator("#notes-overdue .late").count() == 2
    await stage.page.get_by_role("checkbox", name="Send the price list").check()
    await _called(stage, "PATCH", {"status": "done"})
    assert stage.fake.calls[-1][1] == "done/notes/a0"
    await stage.page.get_by_role("button", name="Undo").click()
    await _called(stage, "PATCH", {"status": "open", "unlock": ["status"]})
    await stage.page.get_by_role("button", name="By person").click()
    assert await stage.page.locator(".board h2").all_text_contents() == ["Kenji 2", "Ruth 2", "Tom 1", "Nobody yet 1"]
    await stage.page.get_by_role("combobox", name="Whose").select_option("=Ruth")
    await _shows(stage, "document.querySelectorAll('.board .note').length === 2")
    await stage.page.reload()
    await _shows(stage, "document.querySelectorAll('.board .note').length === 2")
    assert await stage.page.locator(".board h2").all_text_contents() == ["Ruth 2"]


async def test_a_field_that_is_open_stays_open_when_news_arrive(stage: Stage) -> None:
    await stage.open("/live.html#later")
    await stage.page.get_by_role("button", name="Import the translated strings", exact=True).click()
    field = stage.page.get_by_role("textbox", name="Text")
    await field.fill("Import them")
    await stage.page.get_by_text("A note that has just arrived").wait_for()
    assert await field.input_value() == "Import them"
    assert await stage.page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert stage.fake.calls == []


async def test_the_history_of_a_note_says_what_happened_and_why(stage: Stage) -> None:
    await stage.open("/recap.html#done")
    await stage.page.get_by_role("button", name="More for: The launch in Portugal").click()
    await stage.page.get_by_role("button", name="History").click()
    await stage.page.get_by_text("Omar asked for a week later").wait_for()
