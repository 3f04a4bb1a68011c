"""``rapporteur doctor``: what is installed, what answers, what is free, and how fast this machine is."""

import asyncio
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import httpx
import msgspec
import numpy as np
import onnxruntime
from faster_whisper import WhisperModel
from rich.console import Console

from analyzer.llama import LlamaModel
from analyzer.llm import Prompt
from contracts.errors import Fault
from contracts.settings import cpu_count
from deploy import models, natsconf, settings
from deploy.onebox import wanted_models
from deploy.play import decode
from deploy.preflight import read_address
from deploy.settings import ROOT, OneBoxSettings

PACKAGES = ("litestar", "uvicorn", "nats-py", "faster-whisper", "ctranslate2", "onnxruntime", "xllamacpp", "sqlalchemy")
BACK_ENDS = {
    "Ollama": ("OLLAMA_HOST", "http://127.0.0.1:11434"),
    "Weaviate": ("WEAVIATE_URL", ""),
    "Redis": ("REDIS_URL", ""),
    "PostgreSQL": ("DATABASE_URL", ""),
}
SAMPLES = (ROOT / "web" / "sample" / "planning.flac", ROOT / "tests" / "data" / "standup.flac")
_VAD_SAMPLES = 512
_DEFAULT_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}
_MARKS = {True: "[green]ok[/]", False: "[red]no[/]", None: "[dim]-[/]"}


class Finding(msgspec.Struct, frozen=True):
    """One line: ``good`` None = neither good nor bad, False = a person should act."""

    part: str
    good: bool | None
    said: str


@click.command()
@click.option("--speed/--no-speed", default=True, help="Also measure the models (about 20 seconds).")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def doctor(speed: bool, as_json: bool) -> None:
    """Check this machine: versions, back ends, disk, models and their speed."""
    chosen = settings.load(os.environ)
    console = Console(highlight=False)
    findings: list[Finding] = []
    for check in (_versions, _folders, _models, _back_ends, *([_speeds] if speed else [])):
        for finding in check(chosen):
            findings.append(finding)
            if not as_json:
                console.print(f"{_MARKS[finding.good]:<4} [bold]{finding.part:<24}[/] {finding.said}", soft_wrap=True)
    if as_json:
        click.echo(msgspec.json.encode(findings).decode())
    sys.exit(0 if all(f.good is not False for f in findings) else 1)


def _versions(_: OneBoxSettings) -> Iterator[Finding]:
    yield Finding("machine", None, f"{platform.system()} {platform.machine()}, {cpu_count()} cores")
    yield Finding("Python", sys.version_info >= (3, 11), platform.python_version())
    for package in PACKAGES:
        try:
            yield Finding(package, True, version(package))
        except PackageNotFoundError:
            yield Finding(package, False, "not installed: make setup")
    try:
        binary = natsconf.find_binary(os.environ)
        major, minor = natsconf.version_of(binary)
        yield Finding("nats-server", True, f"{major}.{minor} ({binary})")
    except Fault as fault:
        yield Finding("nats-server", False, fault.detail)


def _folders(chosen: OneBoxSettings) -> Iterator[Finding]:
    for name, folder in (("data folder", chosen.data), ("model folder", chosen.models)):
        there = next(p for p in (folder, *folder.parents) if p.exists())
        free_mb = shutil.disk_usage(there).free // 10**6
        writable = os.access(there, os.W_OK)
        said = f"{folder}, {free_mb:,} MB free" + ("" if writable else ", cannot be written")
        yield Finding(name, writable and free_mb >= chosen.min_free_mb, said)


def _models(chosen: OneBoxSettings) -> Iterator[Finding]:
    for model in wanted_models(os.environ):
        here = models.present(model, chosen.models)
        yield Finding(model.name, here, model.about if here else "not here: rapporteur models pull")


def _back_ends(chosen: OneBoxSettings) -> Iterator[Finding]:
    address = read_address(chosen.data)
    if address is None:
        yield Finding("server", None, "not running on this data folder")
    else:
        yield Finding("server", _answers(f"{address.url}/health/ready"), address.url)
    for name, (variable, default) in BACK_ENDS.items():
        url = os.environ.get(variable) or default
        if not url:
            yield Finding(name, None, f"not used ({variable} is not set)")
            continue
        found = asyncio.run(_listens(url))
        where = f"{urlsplit(url if '//' in url else '//' + url).hostname}"
        named = variable in os.environ
        yield Finding(name, found if found or named else None, f"{where} {'answers' if found else 'does not answer'}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False


async def _listens(url: str) -> bool:
    parts = urlsplit(url if "//" in url else f"//{url}")
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 5432)
    try:
        async with asyncio.timeout(3):
            _, writer = await asyncio.open_connection(parts.hostname or "127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _speeds(chosen: OneBoxSettings) -> Iterator[Finding]:
    sample = next((s for s in SAMPLES if s.exists()), None)
    if sample is None:
        yield Finding("speed", None, "no sample recording in this installation")
        return
    sound = np.frombuffer(decode(sample), "<i2").astype(np.float32) / 32768
    speech = f"whisper-{os.environ.get('WORKER_MODEL') or 'base'}"
    yield from _speed(chosen, "silero-vad", sound, _hear_pauses)
    yield from _speed(chosen, speech, sound, _transcribe)
    gguf = next(chosen.models.glob("*/model.gguf"), None)
    if gguf is not None:
        yield asyncio.run(_writing(gguf))


def _speed(
    chosen: OneBoxSettings,
    name: str,
    sound: Any,
    work: Callable[[Path, Any], float],
) -> Iterator[Finding]:
    folder = chosen.models / name
    if not folder.exists():
        return
    cost_s, sound_s = work(folder, sound), len(sound) / 16_000
    share = cost_s / sound_s
    said = f"{share:.3f} of real time ({sound_s:.0f} s of speech in {cost_s:.1f} s)"
    yield Finding(f"{name} speed", share < 1, said)


def _hear_pauses(folder: Path, sound: Any) -> float:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(next(folder.glob("*.onnx"))), options)
    state, rate = np.zeros((2, 1, 128), np.float32), np.array(16_000, np.int64)
    context = np.zeros((1, 64), np.float32)
    started = time.perf_counter()
    for at in range(0, len(sound) - _VAD_SAMPLES, _VAD_SAMPLES):
        block = np.concatenate([context, sound[None, at : at + _VAD_SAMPLES]], axis=1)
        _, state = session.run(None, {"input": block, "state": state, "sr": rate})
        context = block[:, -64:]
    return time.perf_counter() - started


async def _writing(gguf: Path) -> Finding:
    """Tokens that the embedded language model reads and writes in a second, with the threads it has in service."""
    model = await LlamaModel.load(gguf)
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"type": "string"}}},
    }
    question = Prompt("You take minutes.", "List twenty things that a meeting about a product launch decides.")
    try:
        started = time.perf_counter()
        answer = await model.write(question, schema, 96)
        cost_s = time.perf_counter() - started
    finally:
        await model.close()
    rate = answer.answer_tokens / cost_s
    return Finding(f"{gguf.parent.name} speed", rate > 5, f"{rate:.0f} tokens a second")


def _transcribe(folder: Path, sound: Any) -> float:
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=cpu_count())
    started = time.perf_counter()
    segments, _ = model.transcribe(sound, beam_size=1, language="en", condition_on_previous_text=False)
    for _ in segments:
        pass
    return time.perf_counter() - started
