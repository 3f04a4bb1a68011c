"""Structured logs: pretty on a terminal, JSON lines otherwise. Never speech, prompts, names or tokens."""

import logging
import sys

import structlog


def set_up(service: str, *, level: str = "INFO") -> None:
    """Configure logging of this process; called once, by the composition root."""
    tty = sys.stderr.isatty()
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if tty else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def get(**bound: object) -> structlog.stdlib.BoundLogger:
    """A logger with fields bound."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(**bound)
    return logger
