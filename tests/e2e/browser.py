"""A real Chromium for the tests: where it is, how it is started, and what must not be heard from it."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


def find_browser() -> str:
    """The path of a Chromium; skips the test where there is none."""
    pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    named = os.environ.get("E2E_CHROMIUM")
    path = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine (set E2E_CHROMIUM to one)")
    return path


@dataclass
class Complaints:
    """What a page wrote to its console that it should not have. ``expected``: words that excuse a line."""

    lines: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def listen(self, page: Any) -> None:
        """Collects from this page from here on."""
        page.on("console", lambda message: message.type == "error" and self._add(message.text))
        page.on("pageerror", lambda fault: self._add(str(fault)))

    def _add(self, text: str) -> None:
        if not any(word in text for word in self.expected):
            self.lines.append(text)


@asynccontextmanager
async def chromium(*args: str) -> AsyncIterator[Any]:
    """A headless browser with a microphone that is allowed."""
    path = find_browser()
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*ARGS, *args])
        try:
            yield browser
        finally:
            await browser.close()
