"""How a process steps back behind the others."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
AUTOGROUP = Path("/proc/self/autogroup")
_TELL = """
import os
from pathlib import Path
from contracts import service
before = os.nice(0)
service.step_back(7)
group = Path("/proc/self/autogroup")
words = group.read_text().split() if group.exists() else []
print(os.nice(0) - before, words[-1] if words else "-")
"""


def weight() -> str:
    """How this session is weighed: "-" where the kernel knows no such thing or weighs this process in no session."""
    words = AUTOGROUP.read_text().split() if AUTOGROUP.exists() else []
    return words[-1] if words else "-"


def told(*, leads: bool) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-c", _TELL], start_new_session=leads, capture_output=True, text=True, timeout=30, check=True
    )
    return found.stdout.split()


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel weighs processes only")
def test_a_process_with_a_session_of_its_own_steps_back_behind_other_sessions():
    assert told(leads=True) in (["7", "7"], ["7", "-"])  # "-": a container that weighs sessions otherwise


def test_a_process_that_shares_its_session_leaves_the_others_in_it_alone():
    assert told(leads=False) == ["7", weight()]
