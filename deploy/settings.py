"""Settings of the one-box supervisor and of the command line, and what the children get in their environment."""

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from analyzer.settings import AnalyzerSettings
from contracts import settings
from contracts.errors import Misconfigured
from contracts.settings import BusSettings, data_dir, models_dir
from gateway.ingest.settings import WhipSettings
from gateway.settings import GatewaySettings
from stream_workers.settings import WorkerSettings

PREFIX = "RAPPORTEUR_"
ROOT = Path(__file__).resolve().parent.parent
"""The checkout (or installed tree) that the services run from."""
SERVICES = {
    "gateway": "gateway.app",
    "whip": "gateway.ingest.whip",
    "worker": "stream_workers.worker",
    "analyzer": "analyzer.worker",
}
STRUCTS: dict[str, type[msgspec.Struct]] = {
    "gateway": GatewaySettings,
    "whip": WhipSettings,
    "worker": WorkerSettings,
    "analyzer": AnalyzerSettings,
}


class OneBoxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one machine needs to know (prefix ``RAPPORTEUR_``)."""

    data: Path = Path()
    """Data folder; default: the user's data directory."""
    models: Path = Path()
    """Model folder, shared by all data folders of a user; default: the user's cache directory."""
    host: str = "127.0.0.1"
    """Address that the page is served on; 0.0.0.0 opens it to the network."""
    port: int = 8710
    """Port of the page. The plain variable ``PORT`` wins over it."""
    workers: int = 1
    """Speech worker processes."""
    min_free_mb: int = 1000
    """Free disk space below which nothing is started."""
    offline: bool = False
    """True = never fetch a model."""
    url: str = ""
    """For the commands that talk to a server: its address; default: the server of the data folder."""
    token: str = ""
    """For the same commands: the token to sign in with; default: the owner's token in the data folder."""

    @property
    def address(self) -> str:
        """The address of the page, as this machine reaches it."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def load(env: Mapping[str, str]) -> OneBoxSettings:
    """The settings in ``env``. Raises Misconfigured with one clear line."""
    chosen = settings.load(PREFIX, OneBoxSettings, env)
    port = env.get("PORT") or str(chosen.port)
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Misconfigured(f"PORT must be a number from 1 to 65535, not {port!r}", source="settings")
    if chosen.workers < 1:
        raise Misconfigured("RAPPORTEUR_WORKERS must be at least 1", source="settings")
    return msgspec.structs.replace(
        chosen, port=int(port), data=data_dir(env).absolute(), models=models_dir(env).absolute()
    )


def child_env(
    env: Mapping[str, str],
    chosen: OneBoxSettings,
    service: str,
    bus_url: str,
    bus_budget: Mapping[str, int],
    whip_port: int = 0,
) -> dict[str, str]:
    """The environment of a service: what the person set, and what the supervisor decides.

    Settings of the other services and of the supervisor are left out. ``whip_port``: where WebRTC sound is taken.
    """
    at = env.get("WHIP_PORT") or str(whip_port or chosen.port + 1)
    prefixes = (PREFIX, *(f"{name.upper()}_" for name in SERVICES if name != service))
    mine = f"{service.upper()}_"
    result = {k: v for k, v in env.items() if not k.startswith(prefixes) and k not in ("PORT", "PYTHONPATH")}
    result = {f"BUS_{name.upper()}": str(size) for name, size in bus_budget.items()} | result
    result |= {"BUS_URL": bus_url, "BUS_NAME": role_of(service), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    if service == "whip":
        result |= {"WHIP_PORT": at}
        return result | {"WHIP_HOST": chosen.host, "WHIP_GATEWAY_URL": chosen.address}
    result |= {f"{mine}DATA": str(chosen.data), f"{mine}MODELS": str(chosen.models)}
    if service == "worker":
        # Its few matrix products are small: more threads would only spin beside those of the speech model.
        result = {"OPENBLAS_NUM_THREADS": "1"} | result
    if service == "gateway":
        result |= {f"{mine}HOST": chosen.host, f"{mine}PORT": str(chosen.port)}
        result.setdefault(f"{mine}WHIP_URL", f"{chosen.address.rpartition(':')[0]}:{at}")
    return result


def role_of(service: str) -> str:
    """The user of the bus that a service signs in as: WebRTC sound is written by a part of the gateway."""
    return "gateway" if service == "whip" else service


def check_services(env: Mapping[str, str], chosen: OneBoxSettings) -> None:
    """Raises Misconfigured now for what a service would refuse at its start."""
    for service, struct in STRUCTS.items():
        wired = child_env(env, chosen, service, "nats://127.0.0.1", {})
        settings.load(f"{service.upper()}_", struct, wired)
        settings.load("BUS_", BusSettings, wired)


def argv(service: str) -> tuple[str, ...]:
    """How a service is started."""
    return (sys.executable, "-m", SERVICES[service])
