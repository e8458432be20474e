"""Failpoints: they kill the process at the named place, at the named time, and nowhere else."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

SCRIPT = """
from extract_load.core.failpoints import failpoint
for number in range(3):
    print(number, flush=True)
    failpoint("here")
"""


@pytest.mark.parametrize(("place", "lines", "dies"), [("here#2", 2, True), ("elsewhere", 3, False), ("", 3, False)])
def test_a_process_dies_at_the_named_pass(place: str, lines: int, dies: bool) -> None:
    """SIGKILL, as a power cut would."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={"MUSIC_TRACKER_KILL_AT": place}, capture_output=True, check=False
    )
    assert len(done.stdout.splitlines()) == lines
    assert done.returncode == (-signal.SIGKILL if dies else 0)
