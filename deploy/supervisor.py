"""Child processes: started, watched, started again with a back-off, and stopped in order.

No child outlives its supervisor: on Linux the kernel kills them with it, whatever killed it.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from contracts.errors import Misconfigured
from contracts.service import EXIT_FAULT

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_AFTER_S = 60.0
FAULTS_BEFORE_GIVING_UP = 3
LOG_BYTES = 10 * 1024**2
_TAIL_BYTES = 4096
_PR_SET_PDEATHSIG = 1


class Spec(msgspec.Struct, frozen=True):
    """How a child is started; ``grace_s`` is how long it may take to stop before it is killed."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    grace_s: float = 15.0
    vital: bool = True
    """False = when it says at every start that a person must act, it is left off and the others go on."""


class Backoff:
    """How long to wait before the next start: doubles while starts fail, begins anew after a steady run."""

    def __init__(self) -> None:
        self._next_s = FIRST_DELAY_S

    def delay_s(self, ran_s: float) -> float:
        """The wait after a run that lasted ``ran_s``."""
        if ran_s >= STEADY_AFTER_S:
            self._next_s = FIRST_DELAY_S
        delay, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_DELAY_S)
        return delay


class Child:
    """One supervised process; ``tell`` gets one line for people whenever it ended by itself."""

    def __init__(self, spec: Spec, tell: Callable[[str], None]) -> None:
        self.spec = spec
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._faults = 0
        self._tail = b""

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def keep(self) -> None:
        """Run the child until ``stop``; start it again whenever it ends.

        Raises Misconfigured when it says at every start that a person must act.
        """
        backoff = Backoff()
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            ran_s = time.monotonic() - started
            if self._gives_up(code, ran_s):
                self._tell(f"{self.spec.name} is left off: {self._last_line()}")
                return
            delay_s = backoff.delay_s(ran_s)
            self._tell(
                f"{self.spec.name} ended ({_why(code)}), starting it again in {delay_s:g} s; see {self.spec.log}"
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay_s)

    def _gives_up(self, code: int, ran_s: float) -> bool:
        self._faults = self._faults + 1 if code == EXIT_FAULT and ran_s < STEADY_AFTER_S else 0
        if self._faults < FAULTS_BEFORE_GIVING_UP:
            return False
        if self.spec.vital:
            raise Misconfigured(f"{self.spec.name}: {self._last_line()}", source="supervisor")
        return True

    def _last_line(self) -> str:
        lines = [line for line in self._tail.decode(errors="replace").splitlines() if line.strip()]
        said = [line for line in lines if line.startswith("error: ")] or lines or ["no reason given"]
        return said[-1].removeprefix("error: ")

    async def _run_once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            *self.spec.argv,
            env=dict(self.spec.env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the children in order
            preexec_fn=die_with_parent(),
        )
        await self._copy_output(self._process)
        return await self._process.wait()

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101  # a pipe was asked for
        with RotatingLog(self.spec.log) as log:
            while chunk := await process.stdout.read(65536):
                log.write(chunk)
                self._tail = (self._tail + chunk)[-_TAIL_BYTES:]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def stop(self) -> None:
        """Ask it to end, wait ``grace_s``, then kill it. Returns when it is gone."""
        self._stopping.set()
        if self._process is None or self._process.returncode is not None:
            return
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.spec.grace_s):
                await self._process.wait()
        except TimeoutError:
            self._tell(f"{self.spec.name} did not stop within {self.spec.grace_s:g} s and was killed")
            self.signal(signal.SIGKILL)
            await self._process.wait()


class RotatingLog:
    """A log file that never grows beyond LOG_BYTES; one older file is kept beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")

    def __enter__(self) -> "RotatingLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Append ``data``; what cannot be written (a full disk) is left out."""
        with contextlib.suppress(OSError):
            if self._file.tell() + len(data) > LOG_BYTES:
                self._file.close()
                self._path.replace(self._path.with_name(self._path.name + ".1"))
                self._file = self._path.open("ab")
            self._file.write(data)
            self._file.flush()


def die_with_parent() -> Callable[[], None] | None:
    """A function for the child to call before it becomes the program; None where the system has no such thing."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def call() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died in between
            os._exit(1)

    return call


def _why(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
