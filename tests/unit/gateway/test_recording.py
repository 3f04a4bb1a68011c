"""The recording as a WAV file that exists only while it is read."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from contracts.archive import ArchiveEntry
from contracts.audio import Frame
from contracts.errors import BadInput
from gateway.recording import HEADER_BYTES, Recording, archived, not_yet_archived, parse_range
from stream_workers.archive import TrackArchive


@pytest.fixture
def two_tracks(tmp_path: Path) -> Recording:
    """Track a: samples 1, 2, 3, ... in two files. Track b: the constant 1000, half a second later, in memory."""
    folder = tmp_path / "m" / "a"
    folder.mkdir(parents=True)
    ramp = np.arange(1, 16_001, dtype=np.int16)
    soundfile.write(folder / "000000000000.flac", ramp[:8000], 16_000, subtype="PCM_16")
    soundfile.write(folder / "000000008000.flac", ramp[8000:], 16_000, subtype="PCM_16")
    entries = [
        ArchiveEntry(0, 8000, 1, "000000000000.flac"),
        ArchiveEntry(8000, 8000, 2, "000000008000.flac"),
        ArchiveEntry(16_000, 16_000, 3, cause="network"),
    ]
    frames = [Frame(1, n, n * 960, np.full(960, 1000, np.int16).tobytes()) for n in range(3)]
    return Recording(archived(tmp_path, "m", "a", 0.0, entries) + not_yet_archived(0.5, frames, 960))


def test_it_is_a_wav_file_with_all_tracks_added_on_the_meetings_clock(two_tracks: Recording) -> None:
    data = two_tracks.wav(0, two_tracks.size_bytes)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 16_000)
        samples = np.frombuffer(file.readframes(16_000), dtype="<i2")
    assert samples[0] == 1
    assert samples[8959] == 8960
    assert samples[8960] == 8961 + 1000
    assert samples[15_999] == 16_000


@pytest.mark.parametrize(("start", "count"), [(0, 10), (40, 9), (45, 7), (44 + 15_999, 5), (31_000, 1000)])
def test_any_part_equals_that_part_of_the_whole(two_tracks: Recording, start: int, count: int) -> None:
    whole = two_tracks.wav(0, two_tracks.size_bytes)
    assert two_tracks.wav(start, count) == whole[start : start + count]


def test_a_damaged_file_is_silence_of_its_length(tmp_path: Path) -> None:
    sound = Recording(archived(tmp_path, "m", "a", 0.0, [ArchiveEntry(0, 100, 1, "000.flac")]))
    assert sound.mix(0, 100) == bytes(200)


def test_a_file_that_is_not_the_one_that_was_recorded_is_silence(tmp_path: Path) -> None:
    archive = TrackArchive(tmp_path, "m", "a", 0)
    archive.open()
    entries = [archive.add_sound(np.full(16_000, value, np.int16), value) for value in (100, 200)]
    whole = Recording(archived(tmp_path, "m", "a", 0.0, entries))
    assert set(np.frombuffer(whole.mix(0, 32_000), "<i2")) == {100, 200}
    file = tmp_path / "m" / "a" / (entries[0].file or "")
    other = tmp_path / "other.flac"
    soundfile.write(other, np.full(16_000, 300, np.int16), 16_000, subtype="PCM_16", format="FLAC")
    other.rename(file)
    sound = np.frombuffer(Recording(archived(tmp_path, "m", "a", 0.0, entries)).mix(0, 32_000), "<i2")
    assert set(sound[:16_000]) == {0}
    assert set(sound[16_000:]) == {200}


def test_an_empty_recording_is_an_empty_wav_file() -> None:
    assert len(Recording([]).wav(0, HEADER_BYTES)) == HEADER_BYTES


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-99", (0, 99)),
        ("bytes=100-", (100, 999)),
        ("bytes=-100", (900, 999)),
        ("bytes=0-5000", (0, 999)),
        ("bytes=0-1,5-6", None),
        ("lines=1-2", None),
        ("bytes=x-y", None),
    ],
)
def test_ranges(header: str, part: tuple[int, int] | None) -> None:
    assert parse_range(header, 1000) == part


def test_a_range_outside_is_refused() -> None:
    with pytest.raises(BadInput):
        parse_range("bytes=1000-", 1000)
