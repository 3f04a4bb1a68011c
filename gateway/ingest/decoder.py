"""An uploaded file as samples, decoded by a child process that cannot harm us."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from contracts.audio import SAMPLE_RATE_HZ
from contracts.errors import BadInput, TooLarge, Unavailable
from gateway.ingest.decode_child import NO_SOUND, TOO_LONG, Job

BLOCK_BYTES = SAMPLE_RATE_HZ * 2
"""One second of samples."""
MIN_SAMPLES = SAMPLE_RATE_HZ // 10
"""Less than a tenth of a second is no recording: noise in which a decoder sees a frame or two."""
STALL_S = 60.0
MAX_DURATION_S = 12 * 3600.0
MAX_MEMORY_BYTES = 2 * 1024**3
MAX_CPU_S = 3600


class Limits(msgspec.Struct, frozen=True):
    """What decoding one file may cost."""

    max_duration_s: float = MAX_DURATION_S
    max_memory_bytes: int = MAX_MEMORY_BYTES
    max_cpu_s: int = MAX_CPU_S
    stall_s: float = STALL_S
    """A child that gives nothing for this long is ended."""


async def probe(path: Path, container: str, limits: Limits) -> None:
    """Whether the file can be read, holds sound and says that it is not too long. Raises BadInput or TooLarge."""
    job = Job(container, limits.max_duration_s, limits.max_memory_bytes, limits.max_cpu_s, MIN_SAMPLES)
    async with _child(path, job) as process, asyncio.timeout(limits.stall_s):
        found, _ = await process.communicate()
        _judge(process.returncode or 0)
    if len(found) < MIN_SAMPLES * 2:
        raise BadInput("the file holds no sound", source="client")


async def decoded(path: Path, container: str, limits: Limits) -> AsyncIterator[bytes]:
    """Blocks of one second, the last one shorter. Raises BadInput or TooLarge when the file is at fault."""
    job = Job(container, limits.max_duration_s, limits.max_memory_bytes, limits.max_cpu_s)
    async with _child(path, job) as process:
        if process.stdout is None:
            raise Unavailable("the decoder did not start", source="decoder")
        while True:
            async with asyncio.timeout(limits.stall_s):
                block = await _block(process.stdout)
            if block:
                yield block
            if len(block) < BLOCK_BYTES:
                break
        async with asyncio.timeout(limits.stall_s):
            _judge(await process.wait())


@contextlib.asynccontextmanager
async def _child(path: Path, job: Job) -> AsyncIterator[asyncio.subprocess.Process]:
    """The decoder at work on a file; it is gone when the context ends. A timeout in it is the file's fault."""
    process = await _start(path, job)
    try:
        yield process
    except TimeoutError as exc:
        raise BadInput("the file takes too long to read", source="client") from exc
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _start(path: Path, job: Job) -> asyncio.subprocess.Process:
    with await asyncio.to_thread(path.open, "rb") as file:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway.ingest.decode_child",
            msgspec.json.encode(job).decode(),
            stdin=file,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONPATH": ":".join(p for p in sys.path if p), "PATH": ""},
            start_new_session=True,
        )


async def _block(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readexactly(BLOCK_BYTES)
    except asyncio.IncompleteReadError as end:
        return end.partial[: len(end.partial) // 2 * 2]


def _judge(code: int) -> None:
    if code == TOO_LONG:
        raise TooLarge("the recording is too long", source="client")
    if code == NO_SOUND:
        raise BadInput("the file holds no sound", source="client")
    if code != 0:
        raise BadInput("the file is damaged or not what it claims to be", source="client")
