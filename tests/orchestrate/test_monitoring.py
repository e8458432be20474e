"""`monitored`: one run of a flow at a time, a lock that is never left taken, dbt results in the state."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.exceptions import TerminationSignal
from prefect.settings import get_current_settings

from extract_load.core.errors import RunStopped, ServiceUnavailable
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings
from extract_load.monitoring.run_log import RunLog
from extract_load.storage.state import State
from orchestrate.dbt_build.results import NodeResult
from orchestrate.monitoring import lock_of, monitored

ROOT = Path(__file__).parents[2]
HOLDS_AND_DIES = """
import os, sys
from extract_load.core.settings import load_settings
from orchestrate.monitoring import monitored
with monitored("daily-etl") as watched:
    print("held", bool(watched.busy), flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), 9)
"""


def test_a_second_run_is_skipped_until_the_first_has_crashed(settings: Settings, state: State) -> None:
    """While one runs, the next is skipped with a reason; after a crash nothing is in the way, and it is recorded."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_AND_DIES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'prefect'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline() == "held False\n"
        with monitored("daily-etl") as meanwhile:
            assert f"Skipped: daily-etl is already running (daily-etl (process {other.pid}, since " in meanwhile.busy
        ended = meanwhile.state()
        assert (ended.type.value, ended.name, ended.message) == ("CANCELLED", "Skipped", meanwhile.busy)
        with monitored("spotify-ingestion") as ingestion:
            assert not ingestion.busy  # the other flow is not in the way
        assert [run.flow for run in RunLog(state).running(ingestion.run.clock.now())] == ["daily-etl"]
        other.stdin.close()
        assert other.wait(timeout=30) == -9
    with monitored("daily-etl") as afterwards:
        assert not afterwards.busy
    statuses = [run.status for run in RunLog(state).latest("daily-etl", 2)]
    assert sorted(statuses) == ["crashed", "failed"]  # killed; and one whose body did nothing at all


@pytest.mark.parametrize(
    ("error", "status"), [(RunStopped("Over."), "cancelled"), (ServiceUnavailable("Down."), "failed")]
)
def test_dbt_results_are_kept_however_a_run_ends(
    state: State, settings: Settings, error: Exception, status: str
) -> None:
    """A cancelled run is no failed one; what dbt found is in the state for `status`, and the lock is free again."""
    with pytest.raises(type(error)), monitored("daily-etl") as monitored_run:
        monitored_run.run.nodes = [
            NodeResult("dim_artist", "model", "failed"),
            NodeResult("odd", "test", "warned", rows=2),
        ]
        raise error
    (ended,) = RunLog(state).latest("daily-etl")
    assert (ended.status, ended.message) == (status, str(error))
    assert state.get("dbt", "last_build") == {"failed": ["dim_artist"], "told": ["odd"], "nodes": 2}
    with lock_of("daily-etl", settings).held("a test", 0):
        pass


def test_subflows_have_no_heartbeat_of_their_own(settings: Settings) -> None:
    """Each would wait a second at its end; flows after the run have theirs again, however it ended."""
    before = get_current_settings().flows.heartbeat_frequency
    with pytest.raises(ValueError, match="a bug"), monitored("daily-etl"):
        assert get_current_settings().flows.heartbeat_frequency is None
        raise ValueError("a bug")
    assert get_current_settings().flows.heartbeat_frequency == before is not None


def test_a_fatal_task_fails_the_run(state: State) -> None:
    """The state of the flow and the run log agree."""
    with monitored("daily-etl", fatal=("publish",)) as monitored_run:
        monitored_run.run.results |= {"land": TaskResult("success"), "publish": TaskResult("failed", message="Kept.")}
    ended = monitored_run.state()
    assert (ended.type.value, ended.name, ended.message) == ("FAILED", "Failed", "publish: Kept")
    (record,) = RunLog(state).latest("daily-etl")
    assert (record.status, record.message) == ("failed", "publish: Kept")


def test_a_stop_ends_the_run_as_cancelled(state: State, settings: Settings) -> None:
    """SIGTERM, which Prefect raises as an exception of its own; no health is checked, so nobody is notified."""
    with monitored("daily-etl") as monitored_run:
        raise TerminationSignal(signal=signal.SIGTERM)
    ended = monitored_run.state()
    assert (ended.type.value, ended.name) == ("CANCELLED", "Cancelled")
    assert [run.status for run in RunLog(state).latest("daily-etl", 1)] == ["cancelled"]
    assert state.facts("alerts") == {}
    with monitored("daily-etl") as afterwards:
        assert not afterwards.busy
