"""The recording of a track: what is in the index is whole, and one writer at a time adds to it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from contracts.archive import index_path, read_index, track_dir
from contracts.errors import Fenced, StorageFull
from stream_workers.archive import TrackArchive
from tests.fakes.sound import pcm


def _archive(root: Path, reserve_bytes: int = 0) -> TrackArchive:
    archive = TrackArchive(root, "m", "t", reserve_bytes)
    archive.open()
    return archive


def test_entries_follow_each_other_and_sound_comes_back_bit_by_bit(tmp_path: Path) -> None:
    archive = _archive(tmp_path)
    archive.add_sound(pcm(0, 5000), 3)
    archive.add_gap(700, "paused", 3)
    archive.add_sound(pcm(5700, 100), 4)
    entries = read_index(tmp_path, "m", "t")
    assert [(e.start_sample, e.samples, e.cause) for e in entries] == [
        (0, 5000, None),
        (5000, 700, "paused"),
        (5700, 100, None),
    ]
    sound, rate = soundfile.read(track_dir(tmp_path, "m", "t") / str(entries[2].file), dtype="int16")
    assert rate == 16000
    assert np.array_equal(sound, pcm(5700, 100))


def test_a_new_writer_goes_on_where_the_index_ends(tmp_path: Path) -> None:
    _archive(tmp_path).add_sound(pcm(0, 5000), 3)
    again = _archive(tmp_path)
    assert (again.end_sample, again.audio_seq) == (5000, 3)


def test_a_torn_line_and_a_half_written_file_are_as_if_they_never_were(tmp_path: Path) -> None:
    _archive(tmp_path).add_sound(pcm(0, 5000), 3)
    index = index_path(tmp_path, "m", "t")
    whole = index.read_bytes()
    index.write_bytes(whole + b'{"start_sample":50')
    part = track_dir(tmp_path, "m", "t") / ".000000005000.1.tmp"
    part.write_bytes(b"half")
    again = _archive(tmp_path)
    assert again.end_sample == 5000
    assert index.read_bytes() == whole
    assert not part.exists()
    again.add_sound(pcm(5000, 100), 4)
    assert [e.start_sample for e in read_index(tmp_path, "m", "t")] == [0, 5000]


def test_a_writer_that_was_replaced_changes_nothing(tmp_path: Path) -> None:
    old, new = _archive(tmp_path), _archive(tmp_path)
    new.add_sound(pcm(0, 5000), 3)
    before = sorted(p.read_bytes() for p in track_dir(tmp_path, "m", "t").iterdir())
    with pytest.raises(Fenced):
        old.add_sound(pcm(0, 4000), 2)
    with pytest.raises(Fenced):
        old.add_gap(10, "network", 2)
    assert sorted(p.read_bytes() for p in track_dir(tmp_path, "m", "t").iterdir()) == before


def test_the_reserve_of_the_disk_is_left_alone(tmp_path: Path) -> None:
    archive = _archive(tmp_path, reserve_bytes=2**60)
    with pytest.raises(StorageFull):
        archive.add_sound(pcm(0, 5000), 3)
    assert read_index(tmp_path, "m", "t") == []
