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
print(os.nice(0) - before, group.read_text().split()[-1] if group.exists() else "-")
"""


def told(*, leads: bool) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-c", _TELL], start_new_session=leads, capture_output=True, text=True, timeout=30, check=True
    )
    return found.stdout.split()


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel weighs processes only")
def test_a_process_with_a_session_of_its_own_steps_back_behind_other_sessions():
    assert told(leads=True) == ["7", "7"]


def test_a_process_that_shares_its_session_leaves_the_others_in_it_alone():
    group = AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else "-"
    assert told(leads=False) == ["7", group]
