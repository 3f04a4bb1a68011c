"""One machine, one command: what starts, what refuses to, what comes back, and what is left afterwards."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.box import Box, alive, lacking_models, wait_until

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.skipif(bool(lacking_models()), reason=lacking_models() or "models are here"),
]
ROLES = {"gateway.app", "whip", "stream_workers", "analyzer", "nats-server"}
MakeBox = Callable[..., Box]


@pytest.fixture
def make_box(tmp_path: Path) -> Iterator[MakeBox]:
    boxes: list[Box] = []

    def make(name: str = "data", **settings: str) -> Box:
        boxes.append(Box(tmp_path / name, **settings))
        return boxes[-1]

    yield make
    for box in boxes:
        if box.process and box.process.poll() is None:
            box.process.kill()
            box.process.wait()


def test_it_starts_with_its_children_and_ctrl_c_ends_them_all_with_exit_code_0(make_box: MakeBox) -> None:
    box = make_box().start()
    box.ready()
    children = box.children()
    assert set(children) == ROLES
    code, said = box.stop()
    assert code == 0
    assert "signin?code=" in said
    assert "Traceback" not in said
    assert not [pid for pid in children.values() if alive(pid)]
    assert not (box.data / "run" / "server.json").exists()


def test_a_killed_child_is_started_again_and_what_was_stored_is_still_there(make_box: MakeBox) -> None:
    box = make_box().start()
    box.ready()
    meeting = box.api("POST", "/v1/meetings", {"title": "Kept"}).json()["id"]
    for role in sorted(ROLES):
        before = box.children()[role]
        os.kill(before, signal.SIGKILL)
        wait_until(lambda role=role, before=before: box.children().get(role, before) != before)
        wait_until(box.answers)
    assert box.api("GET", f"/v1/meetings/{meeting}").json()["title"] == "Kept"
    code, said = box.stop()
    assert code == 0
    assert "SIGKILL" in said


def test_a_killed_supervisor_leaves_nothing_behind_and_the_next_start_goes_on(make_box: MakeBox) -> None:
    box = make_box().start()
    box.ready()
    meeting = box.api("POST", "/v1/meetings", {"title": "Kept"}).json()["id"]
    children = box.children()
    box.stop(signal.SIGKILL)
    wait_until(lambda: not [pid for pid in children.values() if alive(pid)])
    box.start()
    box.ready()
    assert box.api("GET", f"/v1/meetings/{meeting}").json()["title"] == "Kept"
    assert box.stop()[0] == 0


def test_a_frozen_gateway_is_replaced(make_box: MakeBox) -> None:
    box = make_box().start()
    box.ready()
    before = box.children()["gateway.app"]
    os.kill(before, signal.SIGSTOP)
    wait_until(lambda: box.children().get("gateway.app", before) != before, 120)
    wait_until(box.answers)
    assert box.stop()[0] == 0


def test_two_servers_with_their_own_folders_never_meet_and_one_folder_has_one_server(make_box: MakeBox) -> None:
    first, second = make_box("a").start(), make_box("b").start()
    first.ready()
    second.ready()
    first.api("POST", "/v1/meetings", {"title": "Only here"})
    assert second.api("GET", "/v1/meetings").json()["items"] == []
    assert first.token() != second.token()

    code, said = make_box("a").start().ends()
    assert code == 2
    assert said.count("\n") == 1
    assert "is in use by a running Rapporteur at http://127.0.0.1:" in said
    assert first.answers()


REFUSALS = {
    "a misspelt setting": ({"WORKER_MODLE": "base"}, "unknown field"),
    "a port that is none": ({"PORT": "99999"}, "PORT must be a number"),
    "too little disk": ({"RAPPORTEUR_MIN_FREE_MB": "999999999"}, "MB are free"),
    "an unknown model": ({"WORKER_MODEL": "huge"}, "speech model 'huge' is not one of"),
    "no model and no network": ({"RAPPORTEUR_MODELS": "/nonexistent/models"}, "the speech model is missing"),
    "no nats-server": ({"NATS_SERVER_BIN": "/nonexistent/nats-server"}, "no nats-server at"),
    "a folder that cannot be made": ({"RAPPORTEUR_DATA": "/proc/nowhere"}, "cannot be written"),
    "a host that is not ours": ({"RAPPORTEUR_HOST": "192.0.2.1"}, "192.0.2.1"),
}


@pytest.mark.parametrize("what", sorted(REFUSALS))
def test_what_cannot_start_says_so_in_one_line(make_box: MakeBox, what: str) -> None:
    settings, expected = REFUSALS[what]
    code, said = make_box(**settings).start().ends()
    assert code == 2
    assert expected in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def test_a_taken_port_says_so_in_one_line(make_box: MakeBox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = make_box(PORT=str(taken.getsockname()[1])).start().ends()
    assert code == 2
    assert "is taken; choose another with PORT=" in said
    assert said.count("\n") == 1
