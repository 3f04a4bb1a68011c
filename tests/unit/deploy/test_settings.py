"""Settings of the supervisor, and what each service gets of the environment."""

from pathlib import Path

import pytest

from contracts.errors import Misconfigured
from deploy.settings import child_env, load


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
