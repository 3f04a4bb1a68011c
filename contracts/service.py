"""How every service process starts and stops: signals, one clear line on a Fault, an exit code."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from contracts.errors import Fault

EXIT_OK = 0
EXIT_FAULT = 2
Main = Callable[[asyncio.Event], Awaitable[None]]


def run(main: Main) -> int:
    """Run ``main(stop)`` until it returns; SIGINT and SIGTERM set ``stop``. Returns the exit code.

    A Fault is printed as one line; anything else is a bug and keeps its traceback.
    """
    code = EXIT_OK
    try:
        asyncio.run(_supervised(main))
    except* Fault as group:
        for fault in _leaves(group):
            print(f"error: {fault}", file=sys.stderr)
        code = EXIT_FAULT
    return code


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for exc in group.exceptions:
        found += _leaves(exc) if isinstance(exc, BaseExceptionGroup) else [exc]
    return found


async def _supervised(main: Main) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await main(stop)
