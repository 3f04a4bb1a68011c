"""Settings of the supervisor, and what each service gets of the environment."""

import socket
from pathlib import Path

import msgspec
import pytest

from contracts import settings as env_settings
from contracts.errors import Misconfigured
from deploy.preflight import free_beside
from deploy.settings import check_services, child_env, load


def test_port_wins_over_the_long_name() -> None:
    assert load({"PORT": "9000", "RAPPORTEUR_PORT": "9001"}).port == 9000


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "1e3"])
def test_a_port_that_is_none_is_one_clear_line(port: str) -> None:
    with pytest.raises(Misconfigured, match="PORT must be a number from 1 to 65535"):
        load({"PORT": port})


def test_a_misspelt_setting_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match="dta"):
        load({"RAPPORTEUR_DTA": "/x"})


def test_folders_are_absolute_and_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    chosen = load({"RAPPORTEUR_DATA": "~/d", "RAPPORTEUR_MODELS": "m"})
    assert chosen.data == Path("/home/someone/d")
    assert chosen.models.is_absolute()


def test_a_service_gets_its_own_settings_and_not_those_of_others() -> None:
    env = {"WORKER_MODEL": "small", "ANALYZER_LLM": "llama", "RAPPORTEUR_TOKEN": "t", "PATH": "/bin", "PORT": "1"}
    got = child_env(env, load({}), "worker", "nats://u:p@h", {"audio_max_bytes": 5})
    assert got["WORKER_MODEL"] == "small"
    assert got["BUS_AUDIO_MAX_BYTES"] == "5"
    assert got["PATH"] == "/bin"
    assert not {"ANALYZER_LLM", "RAPPORTEUR_TOKEN", "PORT"} & set(got)


def test_a_budget_that_a_person_set_is_kept() -> None:
    got = child_env({"BUS_AUDIO_MAX_BYTES": "7"}, load({}), "worker", "nats://h", {"audio_max_bytes": 5})
    assert got["BUS_AUDIO_MAX_BYTES"] == "7"


@pytest.mark.parametrize("variable", ["WORKER_MODLE", "ANALYZER_THREADS", "BUS_REPLICAS"])
def test_a_bad_setting_of_a_service_is_found_before_anything_starts(variable: str) -> None:
    with pytest.raises(Misconfigured, match=variable.split("_")[0]):
        check_services({variable: "x"}, load({}))


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    origins: tuple[str, ...] = ()
    folder: Path = Path()
    keep: bool = True


def test_lists_are_written_with_commas_and_folders_become_paths() -> None:
    got = env_settings.load("X_", Sample, {"X_ORIGINS": "https://a, https://b", "X_FOLDER": "/f", "X_KEEP": "false"})
    assert got == Sample(("https://a", "https://b"), Path("/f"), keep=False)


def test_webrtc_input_signs_in_as_the_gateway_and_listens_on_the_next_port() -> None:
    got = child_env({}, load({"PORT": "9000"}), "whip", "nats://h", {})
    assert (got["BUS_NAME"], got["WHIP_PORT"], got["WHIP_GATEWAY_URL"]) == ("gateway", "9001", "http://127.0.0.1:9000")
    assert child_env({"WHIP_PORT": "7"}, load({}), "whip", "nats://h", {})["WHIP_PORT"] == "7"
    assert child_env({}, load({}), "gateway", "nats://h", {}, 7000)["GATEWAY_WHIP_URL"] == "http://127.0.0.1:7000"


def test_a_second_server_beside_the_first_finds_another_port_for_webrtc() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert free_beside(load({"PORT": str(taken - 1)})) not in (taken, 0)
    assert free_beside(load({"PORT": "65535"})) > 0
