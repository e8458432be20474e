"""The weekly upkeep that keeps the data directory from growing without end; the daily run does it when it is due.

Past days of spool and cache are compacted, and records of requests and tasks older than two years are deleted, from the
state and from its copy in `ops` alike. Runs, polls and plays stay: coverage and history are made of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings
from extract_load.core.text import join_first
from extract_load.maintenance.compact import compact
from extract_load.monitoring.run_log import RunLog
from extract_load.storage.ports import State, Warehouse
from extract_load.storage.state import from_iso, to_iso
from extract_load.storage.transaction import transaction

SERVICE, KEY = "upkeep", "last"
EVERY = timedelta(days=7)
KEEP_RECORDS = timedelta(days=730)
_SLACK = timedelta(hours=6)  # a daily run that starts a little earlier than a week ago still does it
_PRUNED = {"requests": "requested_at", "task_runs": "started_at"}
_BATCH = 5000
"""Rows that are deleted in one transaction of the state, which a poll may be waiting for."""


def weekly_upkeep(settings: Settings, state: State, warehouse: Warehouse, *, clock: Clock | None = None) -> TaskResult:
    """Compact and prune when that was last done a week ago. Safe to call again after a kill.

    Errors: WarehouseBusy, ServiceUnavailable while another process has the spool.
    """
    clock = clock or SystemClock()
    if not is_upkeep_due(state, clock.now()):
        return TaskResult("no_updates")
    compacted = compact(settings, warehouse, clock=clock)
    pruned = prune_records(state, warehouse, clock.now() - KEEP_RECORDS)
    state.put(SERVICE, KEY, {"at": to_iso(clock.now())}, clock.now())
    counts = {"days_compacted": compacted.days, "files_compacted": compacted.files, "records_pruned": pruned}
    left = f"left as they are: {join_first(compacted.left_alone)}" if compacted.left_alone else ""
    return TaskResult("success" if any(counts.values()) else "no_updates", counts, message=left)


def is_upkeep_due(state: State, now: datetime) -> bool:
    """Return whether the last upkeep is a week ago, or in the future (the clock was wrong), or never was."""
    last = state.get(SERVICE, KEY)
    return not (last and from_iso(last["at"]) <= now < from_iso(last["at"]) + EVERY - _SLACK)


def prune_records(state: State, warehouse: Warehouse, before: datetime) -> int:
    """Delete records of requests and tasks from before a moment (UTC), and return how many the state had."""
    RunLog(state)  # makes its tables where no run was recorded yet
    pruned = 0
    for table, column in _PRUNED.items():
        statement = f"delete from {table} where rowid in (select rowid from {table} where {column} < ? limit {_BATCH})"
        deleted = _BATCH
        while deleted == _BATCH:
            with state.transaction() as db:
                deleted = db.execute(statement, (to_iso(before),)).rowcount
            pruned += deleted
    with warehouse.open("upkeep") as connection, transaction(connection):
        for table, column in _PRUNED.items():
            connection.execute(f"delete from ops.{table} where {column} < ?", [before])
    return pruned
