"""The process that decodes one uploaded file: ``python -m gateway.ingest.decode_child`` with a Job as JSON argument.

It reads the file from standard input and writes mono 16 kHz 16-bit samples to standard output. It limits itself
before it touches the file: memory, processor time, no new files, no more processes; and it never opens anything
else, because the demuxer is given and gets a file object, not a name.
"""

import os
import resource
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

NO_SOUND = 3
NOT_READABLE = 4
TOO_LONG = 5


class Job(msgspec.Struct, frozen=True):
    """What to decode and how much it may cost."""

    container: str
    max_duration_s: float
    max_memory_bytes: int
    max_cpu_s: int
    enough_samples: int | None = None
    """So many samples show that there is sound; None = all are wanted."""


def main(argument: str) -> int:
    """Decode; returns the exit code."""
    job = msgspec.json.decode(argument, type=Job)
    _limit(job)
    try:
        return _decode(job, sys.stdin.buffer, sys.stdout.buffer)
    except MemoryError:
        return NOT_READABLE


def _limit(job: Job) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (job.max_memory_bytes, job.max_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (job.max_cpu_s, job.max_cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _decode(job: Job, source: BinaryIO, target: BinaryIO) -> int:
    import av  # after the limits are set

    left, written = int(job.max_duration_s * 16_000), 0
    try:
        with av.open(source, mode="r", format=job.container) as container:
            if not container.streams.audio:
                return NO_SOUND
            if _declared_s(container, job.container, os.fstat(source.fileno()).st_size) > job.max_duration_s:
                return TOO_LONG
            resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
            stream = container.streams.audio[0]
            stream.codec_context.thread_count = 1
            for frame in _frames(container, stream):
                for piece in resampler.resample(frame):
                    left -= piece.samples
                    if left < 0:
                        return TOO_LONG
                    target.write(bytes(piece.planes[0])[: piece.samples * 2])
                    written += piece.samples
                if job.enough_samples is not None and written >= job.enough_samples:
                    break
        target.flush()
    except (av.error.FFmpegError, ValueError, EOFError):
        return NOT_READABLE
    return 0


def _declared_s(container: Any, kind: str, size_bytes: int) -> float:
    """How long the file says it is; 0 when it does not say. No wav is longer than its bytes."""
    declared_s = (container.duration or 0) / 1_000_000
    rate_bytes = (container.streams.audio[0].codec_context.bit_rate or 0) / 8
    return min(declared_s, size_bytes / rate_bytes) if kind == "wav" and rate_bytes else declared_s


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Decoded frames, then None to flush the resampler; damaged packets are passed over, up to a point."""
    import av  # after the limits are set

    damaged = 0
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            damaged += 1
            if damaged > 100:
                raise
    yield None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
