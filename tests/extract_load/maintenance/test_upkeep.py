"""The weekly upkeep: past days are compacted, old records of requests and tasks go, in the state and in `ops`."""

from __future__ import annotations

from datetime import timedelta

from extract_load.landing.state_copy import copy_state
from extract_load.maintenance.upkeep import KEEP_RECORDS, weekly_upkeep
from extract_load.monitoring.run_log import RunLog, RunRecord, TaskRecord, copy_runs
from extract_load.storage.spool import spooled_files
from extract_load.storage.state import RequestRecord
from tests.support.data_directories import DataDirectory


def upkeep(data_directory: DataDirectory) -> dict[str, int]:
    """Do the upkeep if it is due, and return what it counted."""
    done = weekly_upkeep(
        data_directory.settings, data_directory.state, data_directory.warehouse, clock=data_directory.clock
    )
    return dict(done.counts)


def copy(data_directory: DataDirectory) -> None:
    """Copy the state as the end of a run does."""
    with data_directory.warehouse.open("test") as connection:
        copy_state(connection, data_directory.state)
        copy_runs(connection, data_directory.state)


def test_it_is_due_once_a_week(filled: DataDirectory) -> None:
    """At the seventh daily run, also when that starts a little early; and after a clock that was ahead."""
    assert upkeep(filled)["files_compacted"] > 0
    assert spooled_files(filled.settings.spool_dir) == []
    done = []
    for _ in range(7):
        filled.clock.forward(86400 - 300)
        done.append(bool(upkeep(filled)))
    assert done == [False] * 6 + [True]
    filled.clock.forward(-30 * 86400)
    assert upkeep(filled)


def test_records_older_than_two_years_go(filled: DataDirectory) -> None:
    """From the state and from `ops`; what is younger, runs and polls stay; nothing comes back with the next copy."""
    state, now = filled.state, filled.clock.now()
    log = RunLog(state)
    for days in (800, 731, 729, 1):
        at = now - timedelta(days=days)
        state.record_request(RequestRecord(f"run-{days}", "spotify", "me", "GET", "/", at, 200, "ok", 1, 0))
        log.start(RunRecord(f"run-{days}", "daily-etl", "x", "testing", at))
        log.end(f"run-{days}", "success", "", at)
        log.task(TaskRecord(f"run-{days}", "publish", at, 1, "success"))
    copy(filled)
    polls = len(filled.rows("from ops.polls"))
    assert upkeep(filled)["records_pruned"] == 4
    for _ in range(2):
        copy(filled)
        expected = [("run-1",), ("run-729",)]
        assert filled.rows("select run_id from ops.requests order by 1") == expected
        assert filled.rows("select run_id from ops.task_runs order by 1") == expected
        assert [(row["run_id"],) for row in state.rows("select run_id from requests order by 1")] == expected
        assert len(filled.rows("from ops.runs")) == 4
        assert len(filled.rows("from ops.polls")) == polls
    state.record_request(RequestRecord("new", "spotify", "me", "GET", "/", now, 200, "ok", 1, 0))
    filled.clock.forward(KEEP_RECORDS.total_seconds() + 86400)
    upkeep(filled)
    state.record_request(RequestRecord("newer", "spotify", "me", "GET", "/", filled.clock.now(), 200, "ok", 1, 0))
    copy(filled)
    assert filled.rows("select run_id from ops.requests") == [("newer",)]
