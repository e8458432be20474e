"""The worker of docker-compose with what a container needs around it: `python -m orchestrate.server.worker COMMAND...`.

Starts the command (`prefect worker start ...`), and beside it: says in one sentence when the data folder can't be
written; marks runs that an earlier worker left behind; names the coming runs. When it is stopped (SIGTERM), it first
stops the runs, which end as Cancelled while the worker is still there, and then the worker. Imports nothing of Prefect:
its memory is that of a small script.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psutil
import requests

from extract_load.core.errors import ConfigurationError
from extract_load.core.folder_access import require_writable
from extract_load.core.network_environment import prepare_network
from extract_load.core.private_files import keep_files_private
from extract_load.core.settings import Settings, load_settings
from extract_load.storage.opening import open_state
from orchestrate.server.credentials import CLIENT_VARIABLE, known_password
from orchestrate.server.upkeep_client import UpkeepClient

log = logging.getLogger(__name__)

STOP_SECONDS = 90.0
"""How long stopped runs may take to end; `stop_grace_period` of docker-compose.yml is longer."""
_WORKER_SECONDS = 15.0
_UPKEEP_SECONDS = 60.0
_POLL_SECONDS = 0.2


def main(command: list[str]) -> int:
    """Run the worker until it ends or is stopped, and return its exit code."""
    keep_files_private()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", stream=sys.stderr)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    for sentence in prepare_network():
        log.warning("%s", sentence)
    settings = load_settings()
    _report_folders(settings)
    password = os.environ.get(CLIENT_VARIABLE) or known_password(settings)
    if password:
        os.environ[CLIENT_VARIABLE] = password
    client = UpkeepClient(os.environ["PREFECT_API_URL"], password, settings)
    _try("Orphaned runs could not be looked for", client.mark_orphans_crashed)
    # a group of its own: Ctrl-C is for this process, which ends the runs before the worker
    worker = subprocess.Popen(command, start_new_session=True)
    _watch(worker, client, stopped)
    if worker.poll() is None:
        _stop(worker, settings)
    return worker.returncode if not stopped.is_set() else 0


def _watch(worker: subprocess.Popen[bytes], client: UpkeepClient, stopped: threading.Event) -> None:
    """Wait until the worker ends or a stop is asked for; meanwhile name the runs that are coming."""
    due = time.monotonic()
    while worker.poll() is None and not stopped.wait(_POLL_SECONDS):
        if time.monotonic() >= due:
            _try("The coming runs could not be named", client.name_coming_runs)
            due = time.monotonic() + _UPKEEP_SECONDS


def _report_folders(settings: Settings) -> None:
    """Say what can't be written; the health check says it too, and each run."""
    try:
        require_writable(settings)
    except ConfigurationError as error:
        log.error("%s", error)


def _try(failure: str, work: object) -> None:
    """Do something that the worker can do without."""
    try:
        if callable(work):
            work()
    except (requests.RequestException, ConfigurationError, OSError, ValueError, LookupError) as error:
        log.warning("%s: %s", failure, error)


def _stop(worker: subprocess.Popen[bytes], settings: Settings) -> None:
    """Stop the runs, wait until they have ended as cancelled, then stop the worker."""
    deadline = time.monotonic() + STOP_SECONDS
    asked: set[int] = set()
    while (below := _processes_below(worker.pid)) and worker.poll() is None and time.monotonic() < deadline:
        for pid in sorted(_running_flows(settings, below) - asked):
            asked.add(pid)
            log.info("Stopping the run of process %d.", pid)
            _signal(pid, signal.SIGTERM)
        time.sleep(_POLL_SECONDS)
    _signal(worker.pid, signal.SIGTERM)
    try:
        worker.wait(_WORKER_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _running_flows(settings: Settings, below: set[int]) -> set[int]:
    """Return the processes of the worker that work on a run, as the run log has them, else those that begin one.

    A flow is asked to stop itself; a process that has not come so far has nothing to end.
    """
    known = set(_recorded_pids(settings))
    running = known & below
    leaves = {pid for pid in below if not _processes_below(pid)}
    return running or (leaves if not known else set())


def _recorded_pids(settings: Settings) -> Iterator[int]:
    try:
        with closing(open_state(settings)) as state:
            sql = "select pid from runs where status = 'running' and host = ?"
            yield from (int(row["pid"]) for row in state.rows(sql, (socket.gethostname(),)))
    except Exception as error:
        log.warning("The run log can't be read: %s", error)


def _processes_below(pid: int) -> set[int]:
    try:
        return {child.pid for child in psutil.Process(pid).children(recursive=True)}
    except psutil.Error:
        return set()


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it has ended by itself


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
