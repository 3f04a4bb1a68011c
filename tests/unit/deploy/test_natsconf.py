"""What each role of the bus may not write, in the generated configuration and in the one for containers."""

from pathlib import Path

from deploy import natsconf
from deploy.natsconf import NatsPlan, denied
from deploy.settings import ROOT

PLAN = NatsPlan(Path("nats-server"), (2, 15), 1, 2, Path('/x "y"'), 10, dict.fromkeys(natsconf.ROLES, "secret"))


def test_every_log_has_one_kind_of_writer() -> None:
    for subject in ("meeting.*.notes", "meeting.*.edits", "meeting.*.lifecycle", "audio.*.*"):
        assert sum(subject not in denied(role) for role in ("gateway", "worker", "analyzer")) == 1


def test_nobody_but_the_admin_removes_streams() -> None:
    assert all("$JS.API.STREAM.DELETE.>" in denied(role) for role in ("gateway", "worker", "analyzer"))
    assert denied("admin") == ()


def test_paths_and_passwords_are_quoted() -> None:
    assert 'store_dir: "/x \\"y\\""' in natsconf.render(PLAN)


def test_an_older_server_is_not_given_flags_that_it_does_not_know() -> None:
    old = NatsPlan(Path("n"), (2, 12), 1, 2, Path("/x"), 10, PLAN.passwords)
    assert "feature_flags" in natsconf.render(PLAN)
    assert "feature_flags" not in natsconf.render(old)


def test_the_configuration_for_containers_has_the_same_rules() -> None:
    text = (ROOT / "deploy" / "nats.conf").read_text()
    for role in ("gateway", "worker", "analyzer"):
        rules = ", ".join(f'"{subject}"' for subject in denied(role))
        head = f"user: {role}, password: $NATS_{role.upper()}_PASSWORD, permissions: {{"
        assert f"{head}\n        publish: {{ deny: [{rules}] }}" in text
    assert "sync_interval: always" in text
