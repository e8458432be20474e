"""The run log: what ran, how it ended, what each task counted. Kept in the state, copied to `ops`.

A run is recorded when it starts, so an orphaned one, whose process crashed or was killed, is found by the next reader
and marked as `crashed` (the work of a reaper, without a process of its own).
Times are naive UTC.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import duckdb
import psutil

from extract_load.core.results import TaskResult
from extract_load.landing.state_copy import copy_new_rows
from extract_load.storage.ports import State
from extract_load.storage.state import from_iso, to_iso
from extract_load.storage.transaction import transaction

RunStatus = Literal["running", "success", "no_updates", "partial", "failed", "cancelled", "crashed"]

_LONGEST_RUN = timedelta(hours=24)
CRASH_MESSAGE = "Its process crashed or was killed; the next run goes on from there."

_SCHEMA = """
create table if not exists runs (
    run_id text primary key, flow text not null, name text not null, environment text not null,
    started_at text not null, ended_at text, status text not null, message text,
    host text not null, pid integer not null, pid_started real not null
);
create index if not exists runs_by_flow on runs (flow, started_at);
create index if not exists runs_by_start on runs (started_at);
create index if not exists runs_unended on runs (started_at) where status = 'running';
create table if not exists task_runs (
    run_id text not null, task text not null, attempt integer not null, started_at text not null,
    seconds real not null, status text not null, counts text not null, requests integer not null,
    waited_seconds real not null, message text,
    primary key (run_id, task, attempt)
);
"""
_COPIED_COLUMNS = "run_id, flow, name, environment, started_at, ended_at, status, message"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of a flow as the run log has it."""

    run_id: str
    flow: str
    name: str
    environment: str
    started_at: datetime
    status: RunStatus = "running"
    ended_at: datetime | None = None
    message: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took, None while it runs."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One attempt at one task of a run; `seconds` in all, of which `waited_seconds` throttled."""

    run_id: str
    task: str
    started_at: datetime
    seconds: float
    status: str
    counts: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    waited_seconds: float = 0.0
    message: str = ""

    @classmethod
    def of(cls, run_id: str, task: str, started_at: datetime, result: TaskResult) -> TaskRecord:
        """Return the record of one attempt from its result."""
        return cls(
            run_id=run_id,
            task=task,
            started_at=started_at,
            seconds=result.seconds,
            status=result.status,
            counts=result.counts,
            requests=result.requests,
            waited_seconds=result.waited_seconds,
            message=result.message,
        )


class RunLog:
    """The runs in the state file. Safe from any thread and process, as the state is."""

    def __init__(self, state: State) -> None:
        self._state = state
        for statement in filter(str.strip, _SCHEMA.split(";")):
            with state.transaction() as db:
                db.execute(statement)

    def start(self, run: RunRecord) -> None:
        """Record that a run of this process starts, and mark orphaned runs as crashed."""
        self.mark_crashed(run.started_at)
        me = psutil.Process(os.getpid())
        values = (run.run_id, run.flow, run.name, run.environment, to_iso(run.started_at), None, "running", "")
        with self._state.transaction() as db:
            db.execute("delete from runs where run_id = ?", (run.run_id,))
            db.execute(
                "insert into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, socket.gethostname(), me.pid, me.create_time()),
            )

    def end(self, run_id: str, status: RunStatus, message: str, at: datetime) -> None:
        """Record how a run ended."""
        with self._state.transaction() as db:
            db.execute(
                "update runs set ended_at = ?, status = ?, message = ? where run_id = ?",
                (to_iso(at), status, message, run_id),
            )

    def task(self, record: TaskRecord) -> None:
        """Record one attempt at a task."""
        with self._state.transaction() as db:
            attempt = db.execute(
                "select count(*) from task_runs where run_id = ? and task = ?", (record.run_id, record.task)
            ).fetchone()[0]
            db.execute(
                "insert into task_runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(record.run_id, record.task, attempt + 1, to_iso(record.started_at), round(record.seconds, 3)),
                    *(record.status, json.dumps(dict(record.counts)), record.requests),
                    *(round(record.waited_seconds, 3), record.message),
                ),
            )

    def mark_crashed(self, at: datetime) -> list[str]:
        """Mark orphaned runs, whose process is gone, as crashed, and return their ids."""
        orphaned = [
            str(row["run_id"])
            for row in self._state.rows("select * from runs where status = 'running'")
            if not _is_alive(row, at)
        ]
        for run_id in orphaned:
            self.end(run_id, "crashed", CRASH_MESSAGE, at)
        return orphaned

    def latest(self, flow: str, count: int = 1) -> list[RunRecord]:
        """Return the latest runs of a flow that have ended, newest first."""
        sql = "select * from runs where flow = ? and status <> 'running' order by started_at desc limit ?"
        return [_run(row) for row in self._state.rows(sql, (flow, count))]

    def running(self, at: datetime) -> list[RunRecord]:
        """Return the runs whose process is alive, oldest first."""
        found = self._state.rows("select * from runs where status = 'running' order by started_at")
        return [_run(row) for row in found if _is_alive(row, at)]

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Return the tasks of a run in the order in which they started."""
        sql = "select * from task_runs where run_id = ? order by started_at, task, attempt"
        return [_task(row) for row in self._state.rows(sql, (run_id,))]


def copy_runs(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """Copy runs and tasks from the state into `ops.runs` and `ops.task_runs`, in one transaction.

    Only new rows are read, and the runs that had not ended when they were copied before.
    """
    RunLog(state)
    if state.is_shared:
        return
    with transaction(connection):
        unended = connection.execute("select run_id from ops.runs where ended_at is null").fetchall()
        copy_new_rows(connection, state, "runs", ("run_id",), _COPIED_COLUMNS)
        for (run_id,) in unended:
            for row in state.rows(f"select {_COPIED_COLUMNS} from runs where run_id = ?", (run_id,)):
                connection.execute(
                    "update ops.runs set ended_at = ?, status = ?, message = ? where run_id = ?",
                    [row["ended_at"], row["status"], row["message"], run_id],
                )
        copy_new_rows(connection, state, "task_runs", ("run_id", "task", "attempt"))


def _is_alive(row: dict[str, Any], at: datetime) -> bool:
    """Return whether a run's process still exists.

    Process ids are reused, so its start time is compared; a run on another machine is taken for alive for a day.
    """
    if row["host"] != socket.gethostname():
        return at - from_iso(row["started_at"]) < _LONGEST_RUN
    try:
        return abs(psutil.Process(int(row["pid"])).create_time() - float(row["pid_started"])) < 2
    except psutil.Error:
        return False


def _run(row: dict[str, Any]) -> RunRecord:
    return RunRecord(
        run_id=row["run_id"],
        flow=row["flow"],
        name=row["name"],
        environment=row["environment"],
        started_at=from_iso(row["started_at"]),
        status=row["status"],
        ended_at=from_iso(row["ended_at"]) if row["ended_at"] else None,
        message=row["message"] or "",
    )


def _task(row: dict[str, Any]) -> TaskRecord:
    return TaskRecord(
        run_id=row["run_id"],
        task=row["task"],
        started_at=from_iso(row["started_at"]),
        seconds=row["seconds"],
        status=row["status"],
        counts=json.loads(row["counts"]),
        requests=row["requests"],
        waited_seconds=row["waited_seconds"],
        message=row["message"] or "",
    )
