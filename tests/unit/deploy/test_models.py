"""The manifest, and when a model counts as present."""

import hashlib
import json
from pathlib import Path

import pytest

from contracts.errors import Misconfigured
from deploy.models import STAMP, Model, ModelFile, Variant, present, read_manifest, wanted


def tiny_model(*contents: bytes) -> Model:
    files = tuple(
        ModelFile(f"f{n}", len(data), hashlib.sha256(data).hexdigest(), wheels=("p==1!m",))
        for n, data in enumerate(contents)
    )
    return Model("tiny", "speech", "MIT", "default", "", (Variant(files),))


def lay(root: Path, *contents: bytes) -> None:
    (root / "tiny").mkdir(parents=True)
    for n, data in enumerate(contents):
        (root / "tiny" / f"f{n}").write_bytes(data)


def test_every_file_of_the_manifest_has_a_source_a_size_and_a_hash() -> None:
    for model in read_manifest():
        for file in (f for v in model.variant for f in v.file):
            assert file.hub or file.wheels
            assert len(file.sha256) == 64
            assert file.size_bytes > 0


def test_models_come_in_the_order_in_which_a_person_needs_them() -> None:
    assert [m.role for m in wanted(read_manifest())] == ["vad", "speech", "embeddings", "speakers", "llm"]


def test_only_the_speech_model_of_the_settings_is_fetched() -> None:
    names = [m.name for m in wanted(read_manifest(), speech=("small",), llm=False)]
    assert names == ["silero-vad", "whisper-small", "minilm-l6-v2", "speakers"]


def test_tests_also_get_the_smallest_model() -> None:
    names = [m.name for m in wanted(read_manifest(), tests=True)]
    assert "whisper-base" in names
    assert "whisper-tiny.en" in names
    assert "whisper-small" not in names


def test_an_unknown_speech_model_is_named_with_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match=r"'huge' is not one of base, tiny\.en"):
        wanted(read_manifest(), speech=("huge",))


def test_a_complete_model_is_present_and_its_hashing_is_remembered(tmp_path: Path) -> None:
    lay(tmp_path, b"one", b"two")
    assert present(tiny_model(b"one", b"two"), tmp_path)
    assert set(json.loads((tmp_path / "tiny" / STAMP).read_bytes())) == {"f0", "f1"}


def test_a_file_of_the_right_size_and_the_wrong_content_is_not_present(tmp_path: Path) -> None:
    lay(tmp_path, b"one", b"owt")
    assert not present(tiny_model(b"one", b"two"), tmp_path)


def test_a_file_that_changed_after_it_was_hashed_is_hashed_again(tmp_path: Path) -> None:
    lay(tmp_path, b"one")
    assert present(tiny_model(b"one"), tmp_path)
    (tmp_path / "tiny" / "f0").write_bytes(b"eno")
    assert not present(tiny_model(b"one"), tmp_path)


def test_a_missing_file_makes_the_model_missing(tmp_path: Path) -> None:
    lay(tmp_path, b"one")
    assert not present(tiny_model(b"one", b"two"), tmp_path)


def test_an_unreadable_manifest_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text("[[model]]\nnam = 1\n")
    with pytest.raises(Misconfigured, match=r"models\.toml"):
        read_manifest(tmp_path / "models.toml")
