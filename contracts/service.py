"""How every service process starts and stops: signals, one clear line on a Fault, an exit code."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from contracts.errors import Fault

EXIT_OK = 0
EXIT_FAULT = 2
_AUTOGROUP = Path("/proc/self/autogroup")
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


def step_back(niceness: int) -> None:
    """Let other processes go first, by ``niceness`` (0 to 19).

    Linux weighs sessions against each other, not processes, so a process that leads a session of its own lowers
    that as well: without it niceness means nothing to a process of another session.
    """
    os.nice(niceness)
    if _AUTOGROUP.exists() and os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # a kernel that has the file may still refuse
            _AUTOGROUP.write_text(str(niceness))


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
