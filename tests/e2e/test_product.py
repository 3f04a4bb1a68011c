"""The whole product: a real browser, a real microphone path, real models, as a person would use it."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import meeting
from tests.e2e.browser import Complaints, chromium
from tests.e2e.product import ROOT, product

LEAD_S = 6.0
PLAYED_S = 109.0
MIN_WORDS = 0.88
MIN_ACTIONS = 3


@pytest.mark.timeout(900)
async def test_a_person_records_a_meeting_and_gets_words_notes_and_a_recap(tmp_path: Path) -> None:
    wav = meeting.microphone_wav(ROOT / "web/sample/planning.flac", tmp_path, LEAD_S)
    capture = f"--use-file-for-fake-audio-capture={wav}%noloop"
    async with product(tmp_path / "data") as running, chromium(capture) as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        complaints = Complaints()
        complaints.listen(page)
        await page.goto(running.link)
        await page.get_by_role("button", name="New meeting").click()
        await page.get_by_role("textbox", name="Title").fill("Launch in Portugal")
        await page.get_by_role("textbox", name="Who is here").fill("Daniela, Kenji, Omar, Ruth")
        await page.get_by_role("combobox", name="Language").select_option("en")
        await page.get_by_role("combobox", name="Which microphone").wait_for()
        await page.get_by_role("button", name="Start").click()
        await page.locator(".turn").first.wait_for(timeout=60_000)
        await meeting.recorded(page, LEAD_S + PLAYED_S)
        await _picture(page, "live")
        await meeting.end_meeting(page)
        name = await meeting.recap(page)
        await page.get_by_role("heading", name="Launch in Portugal").wait_for()
        heard, gaps = await meeting.final_text(page, running.url, name)
        await _picture(page, "recap")
        script = meeting.reference("planning")
        wanted = meeting.words(" ".join(turn["text"] for turn in script["turns"]))
        found = meeting.share_found(wanted, heard)
        print(f"words found: {found:.1%}")
        assert found >= MIN_WORDS, " ".join(heard)
        print(f"gaps: {gaps}")
        played = await _actions_that_play(page, running.url, name, script)
        print(f"action items with evidence that plays: {played}")
        assert len(played) >= MIN_ACTIONS
        assert complaints.lines == []


async def _picture(page: Any, name: str) -> None:
    """A picture of the page, where E2E_PICTURES names a folder for them."""
    if folder := os.environ.get("E2E_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def _actions_that_play(page: Any, url: str, name: str, script: dict[str, Any]) -> list[str]:
    """The reference's action items that were found, with evidence that is heard when its button is pressed."""
    notes = (await meeting.fetch(page, f"{url}/v1/meetings/{name}/notes"))["items"]
    found = []
    for action in script["actions"]:
        said = set(meeting.words(" ".join(evidence["text"] for evidence in action["evidence"])))
        for note in notes:
            quote = next(iter(note.get("evidence", [])), None)
            if note["kind"] != "action" or quote is None:
                continue
            cited = meeting.words(quote["quote"])
            if sum(word in said for word in cited) >= 0.6 * len(cited) and await _plays(page, note["id"], quote):
                found.append(action["id"])
                break
    return found


async def _plays(page: Any, note: str, quote: dict[str, Any]) -> bool:
    """Whether the recording is heard from the quote's place on."""
    await page.locator(f'.note[data-id="{note}"] .hear').first.click()
    at = "Number(document.querySelector('.player input').value)"
    for _ in range(40):
        second = await page.evaluate(at)
        if quote["start"] <= second <= quote["end"] + 1:
            return True
        await page.wait_for_timeout(100)
    return False
