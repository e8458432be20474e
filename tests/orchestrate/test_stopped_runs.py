"""SIGTERM, or a cancel on the server's page, in the middle of a stage: cancelled, nothing half, no alert.

A stop is what a person or a shutdown asks for: it is no crash and no failure, so nobody is notified.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.monitoring.run_log import RunLog
from extract_load.storage.state import State
from tests.support import prefect_api
from tests.support.alert_receiver import AlertReceiver, alert_receiver

ROOT = Path(__file__).parents[2]
SCRIPT = "prefect/orchestrate/prefect_flows.py"
SECONDS = 900
"""A run may take long on a busy machine."""
HALF = ("*.partial", "*.draft", "*.tmp")
STAGES = {
    "load": "landing.in_transaction",
    "enrich": "spool.before_rename#3",
    "build": "dbt.model#20",
    "test": "dbt.test",
    "publish": "publish.before_rename",
}
IN_THE_MAIN_THREAD = {**STAGES, "build": "dbt.build"}
"""A place in a thread of dbt would keep dbt waiting, not be interrupted."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[AlertReceiver]:
    """Yield a receiver of alerts."""
    with alert_receiver() as running:
        yield running


def half_files(folder: Path) -> list[str]:
    """Return what is left of files that were being written; those of Prefect's server are its own."""
    found = [path for pattern in HALF for path in folder.rglob(pattern)]
    return [str(path) for path in found if "prefect" not in path.relative_to(folder).parts]


def latest(installation: Any, flow: str) -> tuple[str, str]:
    """Return id and status of the latest run of a flow, as the run log has it."""
    (run,) = recorded(installation, flow)
    return run.run_id, run.status


def recorded(installation: Any, flow: str) -> list[Any]:
    """Return the latest run of a flow, as the run log has it; none before its end."""
    with closing(State(installation.settings().state_path)) as state:
        return list(RunLog(state).latest(flow, 1))


def shown(api: str, run_id: str) -> str:
    """Return the state of a run on the server."""
    return str(prefect_api.get(f"{api}/flow_runs/{run_id}", timeout=60).json()["state_type"])


def stop_at(installation: Any, place: str, flow: str) -> subprocess.CompletedProcess[str]:
    """Run a flow, and let it be stopped at a named place."""
    installation.extra["MUSIC_TRACKER_KILL_AT"] = f"{place}!SIGTERM"
    try:
        done = installation.run(sys.executable, SCRIPT, "--flow", flow, expect=None, timeout=SECONDS)
    finally:
        del installation.extra["MUSIC_TRACKER_KILL_AT"]
    assert "Traceback" not in done.stderr, done.stderr
    return done  # type: ignore[no-any-return]


def assert_cancelled(installation: Any, api: str, flow: str, receiver: AlertReceiver) -> None:
    """Check what a stopped run leaves behind: its record, no half file, no lock, no alert."""
    run_id, status = latest(installation, flow)
    assert (status, shown(api, run_id)) == ("cancelled", "CANCELLED")
    assert half_files(installation.path) == []
    assert list(installation.path.rglob("*.lock.json")) == []
    assert receiver.messages == []


def test_a_poll_that_is_stopped_is_cancelled_and_the_next_one_is_whole(
    make_installation: Callable[..., Any], api: str, tmp_path: Path, receiver: AlertReceiver
) -> None:
    """Stopped while its file is written: the file is not there, and the next poll has its items."""
    installation = make_installation(tmp_path, api, ALERT_URLS=receiver.url)
    done = stop_at(installation, "spool.before_rename", "spotify")
    assert done.returncode == 1, done.stderr
    assert_cancelled(installation, api, "spotify-ingestion", receiver)
    assert list(installation.settings().spool_dir.rglob("*.gz")) == []
    installation.run(sys.executable, SCRIPT, "--flow", "spotify")
    assert latest(installation, "spotify-ingestion")[1] == "success"
    assert len(list(installation.settings().spool_dir.rglob("*.gz"))) == 1


@pytest.mark.long
@pytest.mark.parametrize("stage", STAGES)
def test_stopped_in_each_stage_of_daily_etl(
    make_installation: Callable[..., Any], api: str, tmp_path: Path, receiver: AlertReceiver, stage: str
) -> None:
    """Cancelled, the published file as it was (none), and the next run is Completed with every play."""
    installation = make_installation(tmp_path, api, ALERT_URLS=receiver.url)
    installation.run(sys.executable, "-m", "extract_load", "import", str(installation.export))
    if stage == "load":
        installation.settings().warehouse_path.unlink()  # so that there is something to land
    done = stop_at(installation, STAGES[stage], "etl")
    assert done.returncode == 1, done.stderr
    assert_cancelled(installation, api, "daily-etl", receiver)
    assert not installation.settings().published_path.exists()
    installation.run(sys.executable, SCRIPT, "--flow", "etl", timeout=SECONDS)
    run_id, status = latest(installation, "daily-etl")
    assert (status, shown(api, run_id)) == ("success", "COMPLETED")
    assert published_plays(installation) > 0


@pytest.mark.long
@pytest.mark.parametrize("stage", IN_THE_MAIN_THREAD)
def test_cancelled_on_the_page_in_each_stage_of_daily_etl(
    make_installation: Callable[..., Any], api: str, tmp_path: Path, receiver: AlertReceiver, stage: str
) -> None:
    """The state that the page's button sets; the process that serves the deployment ends the run."""
    waiting = {"MUSIC_TRACKER_KILL_AT": f"{IN_THE_MAIN_THREAD[stage]}!WAIT"}
    installation = make_installation(tmp_path, api, ALERT_URLS=receiver.url)
    installation.run(sys.executable, "-m", "extract_load", "import", str(installation.export))
    if stage == "load":
        installation.settings().warehouse_path.unlink()
    installation.extra.update(waiting)
    with serving(installation) as log:
        run_id = start_deployment(api, "daily-etl")
        wait_until(lambda: "Waiting at the failpoint" in log.read_text())
        cancel_on_the_page(api, run_id)
        wait_until(lambda: shown(api, run_id) == "CANCELLED")
        wait_until(lambda: [run.status for run in recorded(installation, "daily-etl")] == ["cancelled"])
    installation.extra.clear()
    assert_cancelled(installation, api, "daily-etl", receiver)
    installation.run(sys.executable, SCRIPT, "--flow", "etl", timeout=SECONDS)
    assert latest(installation, "daily-etl")[1] == "success"


@pytest.mark.long
def test_cancelled_on_the_page_while_every_service_keeps_it_waiting(
    make_installation: Callable[..., Any], api: str, tmp_path: Path, receiver: AlertReceiver
) -> None:
    """A request may take two minutes, and Prefect kills after half a minute: the run ends itself before that."""
    installation = make_installation(tmp_path, api, ALERT_URLS=receiver.url)
    installation.run(sys.executable, "-m", "extract_load", "import", str(installation.export))
    faults = installation.sandbox.faults
    try:
        waiting = [faults.add(service, "timeout") for service in ("spotify", "musicbrainz")]
        with serving(installation):
            run_id = start_deployment(api, "daily-etl")
            wait_until(lambda: all(fault.hits for fault in waiting))
            cancel_on_the_page(api, run_id)
            wait_until(lambda: shown(api, run_id) == "CANCELLED")
            wait_until(lambda: [run.status for run in recorded(installation, "daily-etl")] == ["cancelled"], 60)
    finally:
        faults.clear()
    assert_cancelled(installation, api, "daily-etl", receiver)


def cancel_on_the_page(api: str, run_id: str) -> None:
    """Set the state that the page's button sets."""
    cancel = {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": True}
    prefect_api.post(f"{api}/flow_runs/{run_id}/set_state", json=cancel, timeout=60).raise_for_status()


@contextmanager
def serving(installation: Any) -> Iterator[Path]:
    """Serve the deployments for the length of the block, and yield the log."""
    log = installation.path / "serve.log"
    with log.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "extract_load", "serve"],
            env=installation.environment,
            cwd=ROOT,
            stdout=words,
            stderr=words,
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(60)


def start_deployment(api: str, flow: str) -> str:
    """Start a run of a deployment once it is served, as the page's button does, and return its id."""
    found: list[str] = []

    def known() -> bool:
        wanted = {"flows": {"name": {"any_": [flow]}}}
        answer = prefect_api.post(f"{api}/deployments/filter", json=wanted, timeout=60).json()
        found[:] = [one["id"] for one in answer if one["status"] == "READY"]
        return bool(found)

    wait_until(known)
    run = prefect_api.post(f"{api}/deployments/{found[0]}/create_flow_run", json={}, timeout=60)
    run.raise_for_status()
    return str(run.json()["id"])


def wait_until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.2)


def published_plays(installation: Any) -> int:
    """Return the number of published plays."""
    with duckdb.connect(str(installation.settings().published_path), read_only=True) as reader:
        return int(reader.execute("select count(*) from marts.fct_plays").fetchall()[0][0])
