"""What a person sees of the safety of a recording: a full disk, a computer that slept, a page that would be closed."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e import meeting
from tests.e2e.browser import chromium
from tests.e2e.product import ROOT, Product, product
from tests.faults.disks import CannotMount, small_disk
from tests.faults.proxy import FaultProxy, Mode

DISK_BYTES = 700 * 2**20
LEAST_FREE_BYTES = 60 * 2**20
IDLE_END_S = 20.0
SLEEP_S = 6.0
SHOWN_MS = 60_000


@contextlib.contextmanager
def _full(disk: Path) -> Any:
    """The disk is full for as long as the context lasts."""
    filler = disk / "filler"
    stat = os.statvfs(disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_frsize - LEAST_FREE_BYTES // 2)
    try:
        yield
    finally:
        filler.unlink()


@contextlib.asynccontextmanager
async def _recording(browser: Any, running: Product, url: str) -> AsyncIterator[Any]:
    """A page that records its microphone as a meeting."""
    context = await browser.new_context(storage_state={"cookies": running.cookies, "origins": []})
    await context.add_init_script(
        "const ask = navigator.wakeLock?.request.bind(navigator.wakeLock); self.locks = 0;"
        "if (ask) navigator.wakeLock.request = (kind) => { self.locks += 1; return ask(kind); };"
    )
    page = await context.new_page()
    page.set_default_timeout(SHOWN_MS)
    await page.goto(url)
    await page.get_by_role("button", name="New meeting").click()
    await page.get_by_role("combobox", name="Which microphone").wait_for()
    await page.get_by_role("button", name="Start").click()
    await meeting.recorded(page, 3)
    yield page
    await context.close()


async def _shows(page: Any, words: str) -> None:
    await page.get_by_text(words).first.wait_for()


async def _picture(page: Any, name: str) -> None:
    if folder := os.environ.get("E2E_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


def _browser_processes(marker: str) -> list[int]:
    """The processes of the browser that was started with ``marker``, and all their children."""
    parents: dict[int, int] = {}
    family: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            pid = int(folder.name)
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if marker in (folder / "cmdline").read_text():
                family.add(pid)
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sorted(family)


async def _sleep_of_the_computer(marker: str) -> None:
    """The browser stands still, as it does while the lid is closed."""
    family = _browser_processes(marker)
    assert family
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(SLEEP_S)
    for pid in family:
        os.kill(pid, signal.SIGCONT)


async def _until_state(http: httpx.AsyncClient, name: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(400):
        while True:
            shown: dict[str, Any] = (await http.get(f"/v1/meetings/{name}/transcript")).json()
            if shown["meeting"]["state"] == state:
                return shown
            await asyncio.sleep(1)


@pytest.mark.skipif(not os.environ.get("E2E_FAULTS"), reason="minutes in real time: set E2E_FAULTS=1 to run it")
@pytest.mark.timeout(900)
async def test_a_person_is_told_what_is_safe_and_everything_is_kept(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    marker = f"--user-agent-marker={tmp_path.name}"
    wav = meeting.microphone_wav(ROOT / "web/sample/planning.flac", tmp_path, 1.0)
    settings = {
        "RAPPORTEUR_MIN_FREE_MB": "100",
        "GATEWAY_MIN_FREE_BYTES": str(LEAST_FREE_BYTES),
        "GATEWAY_IDLE_END_S": str(IDLE_END_S),
    }
    async with contextlib.AsyncExitStack() as stack:
        try:
            stack.enter_context(small_disk(disk, DISK_BYTES))
        except CannotMount as why:
            pytest.skip(str(why))
        running = await stack.enter_async_context(product(disk / "data", **settings))
        browser = await stack.enter_async_context(chromium(f"--use-file-for-fake-audio-capture={wav}", marker))
        proxy = await stack.enter_async_context(FaultProxy(running.port))
        first = await browser.new_page()
        await first.goto(running.link)
        running.cookies = await first.context.cookies()
        cookies = {cookie["name"]: cookie["value"] for cookie in running.cookies}
        mine = {"base_url": running.url, "headers": {"origin": running.url}, "cookies": cookies}
        http = await stack.enter_async_context(httpx.AsyncClient(**mine, timeout=30))
        async with _recording(browser, running, f"http://127.0.0.1:{proxy.port}/") as page:
            name = str(page.url).rpartition("#")[2]
            await _shows(page, "all safe")
            assert await page.evaluate("self.locks") >= 1, "the screen may go dark"
            with _full(disk):
                await _shows(page, "The server's disk is full. Recording goes on here")
                await _picture(page, "disk-full")
                refused = await http.post("/v1/meetings", json={"title": "No"})
                assert (refused.status_code, refused.json()["code"]) == (507, "storage-full")
                assert (await http.get("/v1/status")).json()["disk"]["state"] == "full"
            await _shows(page, "all safe")
            await _sleep_of_the_computer(marker)
            await meeting.recorded(page, 20)
            await _shows(page, "all safe")
            await _picture(page, "slept")
            proxy.mode = Mode.BLACKHOLE
            await _shows(page, "s not safe yet")
            await _picture(page, "unsafe")
            asked = asyncio.get_running_loop().create_future()
            page.on("dialog", lambda dialog: (asked.set_result(dialog.type), asyncio.ensure_future(dialog.dismiss())))
            await page.close(run_before_unload=True)
            assert await asyncio.wait_for(asked, 10) == "beforeunload"
            proxy.mode = Mode.PASS
            proxy.drop()
            await _shows(page, "all safe")
        ended = await _until_state(http, name, "completed")
        assert ended["segments"], "what was said before the client vanished is kept"
        assert [gap["cause"] for gap in ended["gaps"]] == ["sleep"], ended["gaps"]
        (gap,) = ended["gaps"]
        assert abs(gap["end"] - gap["start"] - SLEEP_S) < 2.0
        recap = (await http.get(f"/v1/meetings/{name}/recap")).json()
        assert recap["gaps"] == ended["gaps"]
        await first.goto(f"{running.url}/recap.html#{name}")
        await _shows(first, "s not recorded: the computer was asleep")
        await _picture(first, "recap-gap")
