"""Failpoints: they kill the process at the named place, at the named time, and nowhere else."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from extract_load.core import failpoints

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


def test_a_place_can_send_another_signal() -> None:
    """SIGTERM, as a shutdown would; what cleans up gets its turn."""
    script = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('cleaned', flush=True))\n" + SCRIPT
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"MUSIC_TRACKER_KILL_AT": "here#2!SIGTERM"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.returncode) == (["0", "1", "cleaned", "2"], 0)


def test_a_place_can_wait_for_a_test(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """It says where, so that the test knows when to act."""
    monkeypatch.setattr(failpoints, "WAIT_SECONDS", 0.0)
    failpoints.arm("here!WAIT")
    try:
        failpoints.failpoint("here")
    finally:
        failpoints.arm("")
    assert caplog.messages == ["Waiting at the failpoint here."]
