"""Pictures of every page in every state, to look at: ``python -m tests.e2e.shots FOLDER [WORD…]``.

Each state is shown at desktop and phone width, light and dark; words choose the states whose name holds one of them.
The pages are real, the server behind them is the scripted one of ``fake_gateway``.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from tests.e2e.browser import chromium
from tests.e2e.fake_gateway import Fake, create_app

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
ZOOMED = {"width": 640, "height": 400}
SETTLE_MS = 900


@dataclass(frozen=True)
class State:
    """One picture: where, what is done there before it is taken, and what the server is told first."""

    name: str
    path: str
    act: Callable[[Any], Awaitable[None]] | None = None
    server: dict[str, Any] | None = None
    sizes: tuple[dict[str, int], ...] = (DESKTOP, PHONE)
    themes: tuple[str, ...] = ("light", "dark")
    whole: bool = False


async def _dialog(page: Any) -> None:
    await page.get_by_role("button", name="New meeting").first.click()


async def _search(page: Any) -> None:
    await page.get_by_role("searchbox").fill("launch")


async def _ask(page: Any) -> None:
    await page.get_by_role("searchbox").fill("what is the price?")
    await page.keyboard.press("Enter")


async def _ask_here(page: Any) -> None:
    await page.get_by_role("textbox", name="Ask about this meeting").fill("What is the price?")
    await page.keyboard.press("Enter")


async def _by_person(page: Any) -> None:
    await page.get_by_role("button", name="By person").click()


async def _history(page: Any) -> None:
    await page.locator(".note .more").nth(3).click()
    await page.get_by_role("button", name="History").click()


async def _find(page: Any) -> None:
    await page.get_by_role("searchbox").fill("nine euros")
    await page.keyboard.press("Enter")


async def _notes_tab(page: Any) -> None:
    if (tab := page.get_by_role("tab", name="Notes")) and await tab.is_visible():
        await tab.click()


async def _menu(page: Any) -> None:
    await page.get_by_role("button", name="Export").click()


async def _note_menu(page: Any) -> None:
    await page.locator(".note .more").first.click()


async def _edit(page: Any) -> None:
    await page.locator(".note .text").first.click()


async def _heard(page: Any) -> None:
    await page.locator(".note .hear").first.click()


async def _name(page: Any) -> None:
    await page.locator(".turn .who.by-voice").first.click()
    await page.get_by_role("checkbox", name="Remember this voice").check()


async def _offer(page: Any) -> None:
    await page.locator(".turn .who").first.click()


async def _help(page: Any) -> None:
    await page.keyboard.press("?")


async def _refuse(page: Any) -> None:
    await page.request.post(page.url.split("/live")[0] + "/test", data={"refuse": True})
    await page.wait_for_timeout(4500)


STATES = (
    State("home", "/"),
    State("home-empty", "/", server={"empty": True}),
    State("home-search", "/", _search),
    State("home-ask", "/", _ask),
    State("actions", "/actions.html"),
    State("actions-person", "/actions.html", _by_person),
    State("actions-empty", "/actions.html", server={"empty": True}, themes=("light",)),
    State(
        "home-fetching",
        "/",
        server={
            "models": [
                {"name": "qwen2.5-1.5b", "role": "llm", "state": "fetching", "done_bytes": 5e8, "total_bytes": 1.1e9}
            ]
        },
    ),
    State("signed-out", "/", server={"signed_out": True}, themes=("light",)),
    State("new-meeting", "/", _dialog),
    State("live", "/live.html#four"),
    State("live-notes", "/live.html#four", _notes_tab, sizes=(PHONE,)),
    State("live-fresh", "/live.html#fresh"),
    State("live-busy", "/live.html#busy"),
    State("live-offline", "/live.html#offline", _refuse),
    State("live-ending", "/live.html#ending", themes=("light",)),
    State("live-rtl", "/live.html#rtl"),
    State("live-long", "/live.html#long"),
    State("live-edit", "/live.html#four", _edit, sizes=(DESKTOP,)),
    State("live-note-menu", "/live.html#four", _note_menu, sizes=(DESKTOP,)),
    State("recap", "/recap.html#done", whole=True),
    State("recap-top", "/recap.html#done"),
    State("recap-heard", "/recap.html#done", _heard, sizes=(DESKTOP,)),
    State("recap-ask", "/recap.html#done", _ask_here, themes=("light",)),
    State("recap-history", "/recap.html#done", _history, sizes=(DESKTOP,)),
    State("recap-find", "/recap.html#done", _find, themes=("light",)),
    State("recap-menu", "/recap.html#done", _menu),
    State("recap-name", "/recap.html#done", _name),
    State("recap-offer", "/recap.html#done", _offer),
    State("voices", "/voices.html"),
    State("voices-empty", "/voices.html", server={"empty": True}, themes=("light",)),
    State("recap-rtl", "/recap.html#rtldone", whole=True),
    State("recap-failed", "/recap.html#failed", themes=("light",)),
    State("gone", "/recap.html#nothing", themes=("light",)),
    State("help", "/recap.html#done", _help, themes=("light",)),
    State("narrow-home", "/", sizes=(NARROW,), themes=("light",)),
    State("narrow-actions", "/actions.html", sizes=(NARROW,), themes=("light",)),
    State("narrow-voices", "/voices.html", sizes=(NARROW,), themes=("light",)),
    State("narrow-live", "/live.html#long", sizes=(NARROW,), themes=("light",)),
    State("narrow-recap", "/recap.html#done", sizes=(NARROW,), themes=("light",)),
    State("narrow-dialog", "/", _dialog, sizes=(NARROW,), themes=("light",)),
    State("zoom-live", "/live.html#four", sizes=(ZOOMED,), themes=("light",)),
    State("zoom-recap", "/recap.html#done", sizes=(ZOOMED,), themes=("light",)),
)


async def main(folder: Path, words: list[str]) -> None:
    """Takes the pictures and names those pages that are wider than the window."""
    fake = Fake()
    server = uvicorn.Server(uvicorn.Config(create_app(fake), host="127.0.0.1", port=0, log_level="critical"))
    serving = asyncio.create_task(server.serve(), name="fake-gateway")
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    async with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        for state in STATES:
            if not words or any(word in state.name for word in words):
                await _pictures(browser, fake, url, state, folder)
    server.should_exit = server.force_exit = True
    await serving


async def _pictures(browser: Any, fake: Fake, url: str, state: State, folder: Path) -> None:
    for size in state.sizes:
        for theme in state.themes:
            vars(fake).update(vars(Fake()) | (state.server or {}))
            context = await browser.new_context(viewport=size, color_scheme=theme, permissions=["microphone"])
            page = await context.new_page()
            await page.goto(url + state.path)
            await page.locator("#main").wait_for(state="attached")
            await page.wait_for_timeout(SETTLE_MS)
            if state.act:
                await state.act(page)
                await page.wait_for_timeout(SETTLE_MS // 2)
            name = f"{state.name}-{size['width']}-{theme}.png"
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            print(name, f"WIDER by {wide}" if wide > 0 else "")
            await page.screenshot(path=folder / name, full_page=state.whole)
            await context.close()


if __name__ == "__main__":
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(pictures, sys.argv[2:]))
