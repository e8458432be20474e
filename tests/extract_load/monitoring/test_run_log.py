"""The log of runs: what ran, how it ended, and those that never came to an end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from extract_load.core.clock import SystemClock
from extract_load.monitoring.run_log import RunLog, RunRecord, TaskRecord, copy_runs
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from tests.support.state_cost import vm_steps

DIES = """
import os, sys
from pathlib import Path
from extract_load.core.clock import SystemClock
from extract_load.monitoring.run_log import RunLog, RunRecord
from extract_load.storage.state import State
log = RunLog(State(Path(sys.argv[1])))
log.start(RunRecord("killed", "daily-etl", "daily-etl", "testing", SystemClock().now()))
os.kill(os.getpid(), 9)
"""


def record(run_id: str, flow: str = "daily-etl") -> RunRecord:
    """Return a run that starts now."""
    return RunRecord(run_id, flow, f"{flow} today", "testing", SystemClock().now())


def test_runs_and_tasks_land_in_the_warehouse(state: State, warehouse: Warehouse) -> None:
    """Copying twice adds nothing; a run that has ended meanwhile is brought up to date."""
    log, clock = RunLog(state), SystemClock()
    log.start(record("one"))
    log.task(TaskRecord("one", "land", clock.now(), 1.5, "success", {"files": 2}, 3, 0.25, "Landed."))
    log.task(TaskRecord("one", "land", clock.now(), 0.5, "success", {"files": 0}))
    with warehouse.open("metrics") as connection:
        copy_runs(connection, state)
        assert connection.execute("select status, ended_at from ops.runs").fetchall() == [("running", None)]
        log.end("one", "partial", "Work is left.", clock.now())
        copy_runs(connection, state)
        copy_runs(connection, state)
        assert connection.execute("select run_id, status, message from ops.runs").fetchall() == [
            ("one", "partial", "Work is left.")
        ]
        tasks = "select task, attempt, counts ->> 'files', requests, waited_seconds from ops.task_runs order by attempt"
        assert connection.execute(tasks).fetchall() == [("land", 1, "2", 3, 0.25), ("land", 2, "0", 0, 0.0)]


def test_a_killed_run_is_seen_as_crashed(state: State) -> None:
    """The next run to start writes down that the one before it died."""
    subprocess.run([sys.executable, "-c", DIES, str(state.path)], check=False, cwd=Path(__file__).parents[3])
    log = RunLog(state)
    assert log.latest("daily-etl") == []
    assert log.running(SystemClock().now()) == []
    log.start(record("next"))
    (crashed,) = log.latest("daily-etl")
    assert (crashed.run_id, crashed.status) == ("killed", "crashed")
    assert [run.run_id for run in log.running(SystemClock().now())] == ["next"]


def test_the_latest_come_first(state: State) -> None:
    """Only runs of that flow which have ended are given, newest first."""
    log, clock = RunLog(state), SystemClock()
    for run_id in ("a", "b", "c"):
        log.start(record(run_id))
        log.end(run_id, "success", "", clock.now())
    log.start(record("other", "spotify-ingestion"))
    log.start(record("d"))
    assert [run.run_id for run in log.latest("daily-etl", 2)] == ["c", "b"]


def test_a_copy_of_runs_reads_only_what_is_new(state: State, warehouse: Warehouse) -> None:
    """A long run that ends after others were copied is brought up to date; one that starts again as well."""
    log, clock = RunLog(state), SystemClock()
    log.start(record("long"))
    with warehouse.open("metrics") as connection:
        for run_id in ("a", "b"):
            log.start(record(run_id, "spotify-ingestion"))
            log.task(TaskRecord(run_id, "poll", clock.now(), 1, "success"))
            log.end(run_id, "success", "", clock.now())
            copy_runs(connection, state)
        log.end("long", "failed", "Broken.", clock.now())
        log.start(record("a", "spotify-ingestion"))
        with_steps = vm_steps(state, lambda: copy_runs(connection, state))
        runs = connection.execute("select run_id, status from ops.runs order by 1").fetchall()
        assert runs == [("a", "running"), ("b", "success"), ("long", "failed")]
        assert connection.execute("select count(*) from ops.task_runs").fetchall() == [(2,)]
        with state.transaction():
            for number in range(400):
                log.task(TaskRecord("a", f"task {number}", clock.now(), 1, "success"))
        copy_runs(connection, state)
        assert connection.execute("select count(*) from ops.task_runs").fetchall() == [(402,)]
        assert vm_steps(state, lambda: copy_runs(connection, state)) <= with_steps
