"""One machine, one command: nats-server, gateway, workers and analyzer as supervised children.

Start: nats-server, then the services, and beside them the models that are not here yet. Stop, in this order, so
that nothing is lost on the way: the gateway takes no more sound, the workers write what they have, then the
analyzer, then nats-server.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

import httpx
import msgspec

from contracts.errors import Misconfigured, Unavailable
from deploy import models, natsconf, preflight
from deploy.models import Model
from deploy.preflight import Address
from deploy.pull import AIR_GAPPED
from deploy.settings import ROOT, OneBoxSettings, argv, check_services, child_env, role_of
from deploy.supervisor import Child, Spec, die_with_parent

READY_TIMEOUT_S = 90.0
NATS_READY_TIMEOUT_S = 30.0
HEALTH_EVERY_S = 2.0
HEALTH_MISSES = 5
PULL_AGAIN_FIRST_S = 60.0
PULL_AGAIN_LONGEST_S = 900.0
_SOURCE = "supervisor"

Tell = Callable[[str], None]
"""Shows one line to the person at the terminal."""
Ready = Callable[[str, str], None]
"""Called once with the address and the one-time sign-in link."""


class _Stopped(Exception):
    """The person asked to stop; never leaves this module."""


class OneBox:
    """The running whole of one data folder."""

    def __init__(self, chosen: OneBoxSettings, env: Mapping[str, str], tell: Tell) -> None:
        self._chosen = chosen
        self._env = env
        self._tell = tell
        self._run_dir = chosen.data / "run"
        self._children: list[Child] = []
        host = "127.0.0.1" if chosen.host in ("0.0.0.0", "::") else chosen.host
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{chosen.port}"

    async def run(self, stop: asyncio.Event, ready: Ready) -> None:
        """Start everything, watch until ``stop``, drain in order. Raises Faults, alone or in a group."""
        check_services(self._env, self._chosen)
        wanted = wanted_models(self._env)
        with preflight.held(self._chosen.data):
            preflight.check_disk(self._chosen)
            preflight.check_port(self._chosen)
            async with (
                httpx.AsyncClient(timeout=5.0, trust_env=False) as http,
                asyncio.TaskGroup() as keepers,  # end by themselves when the children are stopped
            ):
                try:
                    await _until(stop, self._serve(keepers, http, wanted, ready))
                finally:
                    await self._drain()

    async def _serve(
        self, keepers: asyncio.TaskGroup, http: httpx.AsyncClient, wanted: list[Model], ready: Ready
    ) -> None:
        budget = preflight.bus_budget(self._chosen.data)
        urls, nats = self._bus(budget)
        async with asyncio.TaskGroup() as watchers:
            watchers.create_task(self._fetch_models(wanted), name="models")
            if nats is not None:
                self._launch(keepers, nats[0])
                await _answers(http, nats[1], NATS_READY_TIMEOUT_S, f"nats-server did not start; see {nats[0].log}")
                watchers.create_task(self._watch(http, "nats-server", nats[1]), name="watch:nats-server")
            for spec in self._services(urls, budget):
                self._launch(keepers, spec)
            await _answers(
                http,
                f"{self.url}/health/ready",
                READY_TIMEOUT_S,
                f"the gateway did not start; see {self._log('gateway')}",
            )
            await self._announce(http, ready)
            watchers.create_task(self._watch(http, "gateway", f"{self.url}/health/live"), name="watch:gateway")

    def _bus(self, budget: Mapping[str, int]) -> tuple[dict[str, str], tuple[Spec, str] | None]:
        """The bus address of each role, and how to start our own server, unless NATS_URL names another."""
        if self._env.get("NATS_URL"):
            return dict.fromkeys(natsconf.ROLES, self._env["NATS_URL"]), None
        # Twice the budgets: services that make the same stream at the same moment are each counted for a moment.
        planned = natsconf.plan(self._chosen.data, self._env, 2 * sum(budget.values()) + preflight.SPARE_BYTES)
        config = self._run_dir / "nats.conf"
        natsconf.write(planned, config)
        spec = Spec("nats-server", (str(planned.binary), "-c", str(config)), self._env, self._log("nats-server"))
        return {role: planned.url(role) for role in natsconf.ROLES}, (spec, planned.health_url)

    def _services(self, urls: Mapping[str, str], budget: Mapping[str, int]) -> list[Spec]:
        whip_port = preflight.free_beside(self._chosen)
        names = ["gateway", "whip", *(f"worker-{n + 1}" for n in range(self._chosen.workers)), "analyzer"]
        return [
            Spec(
                name,
                argv(service := name.partition("-")[0]),
                child_env(self._env, self._chosen, service, urls[role_of(service)], budget, whip_port),
                self._log(name),
                vital=service != "whip",
            )
            for name in names
        ]

    def _log(self, name: str) -> Path:
        return self._run_dir / "logs" / f"{name}.log"

    def _launch(self, keepers: asyncio.TaskGroup, spec: Spec) -> None:
        child = Child(spec, self._tell)
        self._children.append(child)
        keepers.create_task(child.keep(), name=f"keep:{spec.name}")

    async def _announce(self, http: httpx.AsyncClient, ready: Ready) -> None:
        address = msgspec.json.encode(Address(self.url, os.getpid()))
        preflight.write_private(self._run_dir / "server.json", address)
        ready(self.url, await sign_in_link(http, self.url, self._chosen.data))

    async def _watch(self, http: httpx.AsyncClient, name: str, url: str) -> None:
        """Kill a child that runs but has stopped answering; its keeper starts it again."""
        misses = 0
        while True:
            await asyncio.sleep(HEALTH_EVERY_S)
            misses = 0 if await _healthy(http, url) else misses + 1
            if misses >= HEALTH_MISSES:
                misses = -HEALTH_MISSES  # time to start again
                self._tell(f"{name} has stopped answering and is started again; see {self._log(name)}")
                for child in self._children:
                    if child.spec.name == name:
                        child.signal(signal.SIGKILL)

    async def _fetch_models(self, wanted: list[Model]) -> None:
        """Fetch what is missing, again and again. Raises Misconfigured when the speech models cannot be had."""
        delay_s = PULL_AGAIN_FIRST_S
        while lacking := await asyncio.to_thread(self._missing, wanted):
            if not self._chosen.offline:
                await self._pull(wanted)
                lacking = await asyncio.to_thread(self._missing, wanted)
            names = ", ".join(m.name for m in lacking)
            if any(m.role in ("vad", "speech") for m in lacking):
                raise Misconfigured(f"the speech model is missing ({names}). {AIR_GAPPED}", source="models")
            if lacking:
                self._tell(f"captions work; still missing: {names}; see `rapporteur models list`")
            if self._chosen.offline:
                return
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, PULL_AGAIN_LONGEST_S)

    def _missing(self, wanted: list[Model]) -> list[Model]:
        progress = self._run_dir / "models.json"
        lines = [models.progress_of(m, self._chosen.models) for m in wanted]
        lacking = [m for m, line in zip(wanted, lines, strict=True) if line.state != "present"]
        if not lacking or not progress.exists():
            models.replace_file(progress, msgspec.json.encode(lines))
        return lacking

    async def _pull(self, wanted: list[Model]) -> None:
        """Run the fetching process, which shows its bars on our terminal."""
        progress = str(self._run_dir / "models.json")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.pull", progress, str(self._chosen.models), *(m.name for m in wanted)),
            env=dict(self._env) | {"PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def _drain(self) -> None:
        """Stop the children in order; a second Ctrl-C kills what is left."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._kill_now)
        (self._run_dir / "server.json").unlink(missing_ok=True)
        for prefix in ("whip", "gateway", "worker", "analyzer", "nats-server"):
            stopping = [c.stop() for c in self._children if c.spec.name.startswith(prefix)]
            await asyncio.gather(*stopping)

    def _kill_now(self) -> None:
        for child in self._children:
            child.signal(signal.SIGKILL)


def wanted_models(env: Mapping[str, str], *, tests: bool = False) -> list[Model]:
    """The models that these settings need, in the order of fetching. Raises Misconfigured."""
    speech = [env.get("WORKER_MODEL") or "base"]
    if second := env.get("WORKER_SECOND_PASS"):
        speech.append(second)
    return models.wanted(models.read_manifest(), speech=speech, llm=env.get("ANALYZER_LLM") != "ollama", tests=tests)


async def sign_in_link(http: httpx.AsyncClient, url: str, data: Path) -> str:
    """A fresh one-time link that signs the owner in. Raises Unavailable."""
    try:
        token = (data / "owner.token").read_text().strip()
        response = await http.post(f"{url}/v1/auth/links", headers={"Authorization": f"Bearer {token}"})
        return str(response.raise_for_status().json()["url"])
    except (OSError, httpx.HTTPError, ValueError, KeyError) as exc:
        raise Unavailable("the gateway gave no sign-in link", source=_SOURCE) from exc


async def _until(stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Do ``work`` until ``stop`` is set; a failure of the work is raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work, name="serve")
            await stop.wait()
            raise _Stopped
    except* _Stopped:
        pass


async def _answers(http: httpx.AsyncClient, url: str, timeout_s: float, otherwise: str) -> None:
    """Wait until ``url`` answers 2xx. Raises Unavailable after ``timeout_s``."""
    try:
        async with asyncio.timeout(timeout_s):
            while not await _healthy(http, url):  # noqa: ASYNC110  # another process has no event for us
                await asyncio.sleep(0.1)
    except TimeoutError as exc:
        raise Unavailable(otherwise, source=_SOURCE) from exc


async def _healthy(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.HTTPError:
        return False
