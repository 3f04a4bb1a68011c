"""Who gets the Ctrl-C of a terminal."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def own_terminal(env: Mapping[str, str]) -> Iterator[None]:
    """Under ``make``, take the terminal for the time of the block, so that Ctrl-C ends us in order and not make.

    Otherwise make is interrupted as well and reports a failure for what was a proper end. Elsewhere: nothing.
    """
    if "MAKELEVEL" not in env or not sys.stdin.isatty():
        yield
        return
    terminal = sys.stdin.fileno()
    before = os.tcgetpgrp(terminal)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else changing the foreground group would stop us
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # nobody could wake us: our parent is not a shell
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, before)
