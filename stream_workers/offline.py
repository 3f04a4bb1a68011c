"""The same pipeline without a clock: a recording in, its finals out. For uploads, tests and measurements."""

from collections.abc import Iterator

from contracts.transcript import Segment
from stream_workers.models import Transcriber
from stream_workers.pipeline import Pipeline
from stream_workers.ports import Final, InterimOut, Output
from stream_workers.timeline import Pcm

_STEP = 16_000


def outputs(pcm: Pcm, pipeline: Pipeline, transcriber: Transcriber, step: int = _STEP) -> Iterator[Output]:
    """Everything that the pipeline says about ``pcm``, previews left out, fed in pieces of ``step`` samples."""
    for start in range(0, len(pcm), step):
        yield from pipeline.push(pcm[start : start + step])
        yield from _answered(pipeline, transcriber)
    yield from pipeline.finish()
    yield from _answered(pipeline, transcriber)


def transcribe(pcm: Pcm, pipeline: Pipeline, transcriber: Transcriber) -> list[Segment]:
    """The final segments of ``pcm``."""
    return [output.segment for output in outputs(pcm, pipeline, transcriber) if isinstance(output, Final)]


def _answered(pipeline: Pipeline, transcriber: Transcriber) -> Iterator[Output]:
    while (job := pipeline.next_final(0.0)) is not None:
        answer = transcriber.decode([job])[0]
        yield from (out for out in pipeline.complete(job, answer) if not isinstance(out, InterimOut))
