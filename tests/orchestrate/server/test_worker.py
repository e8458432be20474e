"""The worker of docker-compose: a stop ends the runs first, as they end themselves, then the worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from extract_load.core.settings import Settings
from extract_load.monitoring.run_log import RunLog
from extract_load.storage.state import State
from tests.support.unprivileged import without_root_rights

ROOT = Path(__file__).parents[3]
NOBODY = "http://127.0.0.1:9/api"
# A run as the run log has it, whose process records its own end when it is stopped, as a flow does.
FLOW = """
import os, signal, sys, time
from datetime import datetime
from extract_load.core.settings import load_settings
from extract_load.monitoring.run_log import RunLog, RunRecord
from extract_load.storage.state import State
log = RunLog(State(load_settings().state_path))
def stop(*_):
    time.sleep(0.5)
    log.end("the-run", "cancelled", "It was stopped.", datetime(2026, 1, 1, 1))
    os.write(1, b"the run has ended\\n")  # print may be at work when the signal comes
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
log.start(RunRecord("the-run", "daily-etl", "daily-etl", "testing", datetime(2026, 1, 1)))
print("the run is working", flush=True)
time.sleep(60)
"""
WORKER = f"""
import os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {FLOW!r}])
def stop(*_):
    os.write(1, f"the worker was stopped {{child.poll()}}\\n".encode())
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
child.wait()
signal.pause()
"""


def started(command: list[str]) -> subprocess.Popen[str]:
    """Start the worker's process with a command in place of Prefect's worker."""
    return subprocess.Popen(
        [sys.executable, "-m", "orchestrate.server.worker", *command],
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": NOBODY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_stop_ends_the_run_before_the_worker(settings: Settings) -> None:
    """The run is asked once, and has recorded its end when the worker is stopped; that nobody answers stops nothing."""
    worker = started([sys.executable, "-c", WORKER])
    assert worker.stdout is not None
    assert worker.stdout.readline() == "the run is working\n"
    worker.send_signal(signal.SIGTERM)
    out, err = worker.communicate(timeout=60)
    assert out.splitlines() == ["the run has ended", "the worker was stopped 0"], err
    assert worker.returncode == 0
    assert err.count("Stopping the run of process") == 1
    assert "Traceback" not in err
    with closing(State(settings.state_path)) as state:
        assert [run.status for run in RunLog(state).latest("daily-etl")] == ["cancelled"]


def test_a_worker_that_ends_by_itself_ends_the_container() -> None:
    """With its exit code, so that docker-compose starts it again."""
    worker = started([sys.executable, "-c", "raise SystemExit(3)"])
    worker.communicate(timeout=60)
    assert worker.returncode == 3


def test_a_folder_that_can_not_be_written_is_said_once_and_the_worker_works(settings: Settings) -> None:
    """Its runs fail with the same sentence, and its health check says it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.data_dir.chmod(0o500)
    worker = (sys.executable, "-m", "orchestrate.server.worker", sys.executable, "-c", "print('at work')")
    environment = {**os.environ, "PREFECT_API_URL": NOBODY}
    try:
        done = subprocess.run(
            without_root_rights(*worker), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        settings.data_dir.chmod(0o700)
    assert done.stdout == "at work\n"
    assert done.stderr.count("Give yourself write access to") == 1
    assert "Traceback" not in done.stderr
