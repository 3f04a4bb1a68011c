"""Builds the speech parts of a process from its settings, by hand."""

import asyncio
from pathlib import Path

import msgspec

from contracts import log
from contracts.bus import Bus
from contracts.errors import Misconfigured
from contracts.live import TrackWork
from contracts.settings import cpu_count
from stream_workers import ports, voices
from stream_workers.echoless import echoless
from stream_workers.engine import Engine
from stream_workers.labelled import LabellingEngine, labelled
from stream_workers.overhear import OverhearingEngine
from stream_workers.pipeline import Pipeline
from stream_workers.ports import MakePipeline
from stream_workers.scheduler import Pace
from stream_workers.second import SecondEngine
from stream_workers.settings import WorkerSettings
from stream_workers.silero import Silero
from stream_workers.speech_settings import SpeechSettings
from stream_workers.whisper import Whisper

_VAD_FILE = Path("silero-vad") / "silero_vad_16k_op15.onnx"
_POLL_S = 1.0
_LARGE = 4
_WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")


def whisper_folder(models: Path, model: str) -> Path:
    """Where the Whisper model called ``model`` is."""
    return models / f"whisper-{model}"


def missing(models: Path, model: str) -> list[Path]:
    """The files that speech needs and that are not there yet."""
    needed = [models / _VAD_FILE, *(whisper_folder(models, model) / name for name in _WHISPER_FILES)]
    return [path for path in needed if not path.exists()]


def load_whisper(config: WorkerSettings) -> Whisper:
    """The model on the device of the settings; on the CPU, with a warning, when that device cannot take it."""
    folder = whisper_folder(config.models, config.model)
    try:
        return Whisper(folder, config.device, config.compute_type, config.threads)
    except Misconfigured as fault:
        if config.device == "cpu":
            raise
        log.get().warning("engine.fell_back", device=config.device, compute_type=config.compute_type, why=fault.detail)
        return _on_cpu(config)


def _on_cpu(config: WorkerSettings) -> Whisper:
    return Whisper(whisper_folder(config.models, config.model), "cpu", "int8", config.threads)


def hands_of(cores: int) -> int:
    """How many windows are decoded side by side: a core each on a small machine, two each on a larger one."""
    return min(cores, 2) if cores < _LARGE else cores // 2


def build_engine(config: WorkerSettings, speech: SpeechSettings) -> Engine:
    """A started engine; the model loads in its own thread and jobs wait for it."""
    spare = None if config.device == "cpu" else lambda: _on_cpu(config)
    cores = config.threads or cpu_count()
    hands = hands_of(cores) if config.device == "cpu" else 1
    folder = whisper_folder(config.models, config.model)
    engine = Engine(
        lambda: load_whisper(config),
        Pace(least_s=speech.interim_s),
        spare=spare,
        narrow=lambda: Whisper(folder, "cpu", config.compute_type, cores // hands, hands),
        hands=hands,
    )
    engine.start()
    return engine


def _with_second(engine: Engine, config: WorkerSettings) -> ports.Engine:
    """``engine``, and the model of the second pass when that is another one."""
    if config.second_pass in ("", config.model):
        return engine
    second = msgspec.structs.replace(config, model=config.second_pass)
    return SecondEngine(engine, lambda: load_whisper(second))


def pipelines(config: WorkerSettings, speech: SpeechSettings, engine: Engine) -> MakePipeline:
    """What makes a track's pipeline, fresh or from a checkpoint."""
    vad = Silero(config.models / _VAD_FILE)

    def make(work: TrackWork, samples: int, state: bytes) -> Pipeline:
        return Pipeline(work, samples, state, vad=vad, settings=speech, pace=engine.interval_s, pressed=engine.pressed)

    return make


async def build(config: WorkerSettings, bus: Bus) -> tuple[ports.Engine, MakePipeline]:
    """Engine and pipelines for a worker, once the files of the models are there."""
    if missing(config.models, config.model):
        log.get().info("models.awaited", model=config.model)
    while missing(config.models, config.model):  # noqa: ASYNC110 (another process writes the files)
        await asyncio.sleep(_POLL_S)
    speech = SpeechSettings()
    engine = build_engine(config, speech)
    make = echoless(pipelines(config, speech, engine))
    hearing = OverhearingEngine(_with_second(engine, config), bus)
    if config.speakers and not voices.missing(config.models):
        known = await asyncio.to_thread(voices.Voices, config.models)
        return LabellingEngine(hearing, known), labelled(make, engine.crowded)
    return hearing, make
