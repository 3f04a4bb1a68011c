"""Settings of a stream worker (prefix ``WORKER_``)."""

from pathlib import Path

import msgspec


class WorkerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one worker process transcribes and records."""

    data: Path
    """Data folder; recordings go to ``<data>/archive``."""
    models: Path
    """Folder of the model files."""
    model: str = "base"
    """Whisper model: the folder ``whisper-<model>`` in ``models``."""
    device: str = "cpu"
    """cpu or cuda."""
    compute_type: str = "int8"
    """Number format of the model's weights at work: int8 on a CPU; float16 or int8_float16 on cuda."""
    second_pass: str = ""
    """Whisper model that reads each track again when it has ended: ``model`` itself or a larger one; empty = none."""
    threads: int = 0
    """Threads of the speech model; 0 = as many as the process has cores."""
    max_tracks: int = 0
    """Tracks that this process takes at most; 0 = four for each core. More wait for another worker."""
    archive: bool = True
    """Whether recordings are kept. Without them sound is removed as soon as it is transcribed."""
    segment_s: float = 30.0
    """Length of one archived file."""
    trim_s: float = 60.0
    """How often archived sound is removed from the AUDIO stream."""
    reserve_bytes: int = 256 * 1024**2
    """Free disk space that the archive leaves alone, so that the bus can go on."""
    speakers: bool = True
    """Whether voices are told apart on tracks that may hold several people (needs the model "speakers")."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
