"""What a person does in the pages to hold a meeting, and what came of it."""

import asyncio
import difflib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.e2e.product import ROOT

RECAP_S = 280.0
WORD = re.compile(r"[\w']+")
NUMBER = re.compile(r"(\d{1,3})(st|nd|rd|th)?")
ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
TENS = ["ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}


def words(text: str) -> list[str]:
    """The words of a text as they are compared: numbers spelt out, since a model may write either."""
    return [part for word in WORD.findall(text.lower().replace("’", "'")) for part in _spelt(word)]


def _spelt(word: str) -> list[str]:
    number = NUMBER.fullmatch(word)
    if number is None:
        return [word]
    parts = _number(int(number[1]))
    if number[2]:
        last = parts[-1]
        parts[-1] = ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return parts


def _number(value: int) -> list[str]:
    if value >= 100:
        return [ONES[value // 100], "hundred", *(_number(value % 100) if value % 100 else [])]
    if value >= 20:
        return [TENS[value // 10 - 1], *([ONES[value % 10]] if value % 10 else [])]
    return [ONES[value]]


def share_found(reference: list[str], heard: list[str]) -> float:
    """The share of the reference's words that were heard, in order."""
    matcher = difflib.SequenceMatcher(a=reference, b=heard, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(reference)


def reference(name: str) -> dict[str, Any]:
    """The script of a recorded meeting."""
    script: dict[str, Any] = json.loads((ROOT / "tests/data" / f"{name}.json").read_text())
    return script


def microphone_wav(flac: Path, folder: Path, lead_s: float) -> Path:
    """The recording as Chromium wants it for a microphone, after some silence in which the meeting is started."""
    samples, rate = soundfile.read(flac, dtype="float32")
    path = folder / "microphone.wav"
    soundfile.write(path, np.concatenate([np.zeros(int(lead_s * rate), "float32"), samples]), rate, subtype="PCM_16")
    return path


async def recorded(page: Any, seconds: float) -> None:
    """Waits until the page says that this much is recorded."""
    shown = "(document.querySelector('.live-head strong')?.textContent ?? '0:0')"
    clock = f"{shown}.split(':').reduce((m, r) => m * 60 + +r, 0)"
    async with asyncio.timeout(seconds + 120):
        while await page.evaluate(clock) < seconds:  # noqa: ASYNC110 - a page has no event for it
            await asyncio.sleep(0.25)


async def end_meeting(page: Any) -> None:
    """Presses End and says yes."""
    await page.get_by_role("button", name="End meeting").click()
    await page.get_by_role("dialog").get_by_role("button", name="End meeting").click()


async def recap(page: Any) -> str:
    """Waits for the recap page; the meeting's id."""
    async with asyncio.timeout(RECAP_S):
        while "/recap.html" not in page.url:  # noqa: ASYNC110 - the page changes its address without loading
            await asyncio.sleep(0.25)
    return str(page.url).rpartition("#")[2]


async def fetch(page: Any, path: str) -> dict[str, Any]:
    """A call to the API as the signed-in person."""
    answer = await page.request.get(path)
    assert answer.ok, f"{path}: {answer.status}"
    body: dict[str, Any] = await answer.json()
    return body


async def final_text(page: Any, url: str, meeting: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The words of the meeting, and its gaps."""
    transcript = await fetch(page, f"{url}/v1/meetings/{meeting}/transcript")
    ordered = sorted(transcript["segments"], key=lambda segment: segment["start"])
    return words(" ".join(segment["text"] for segment in ordered)), transcript["gaps"]
