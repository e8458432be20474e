"""Copy the state (requests, polls, facts about services) into `ops`, so that SQL can ask about it."""

from __future__ import annotations

import duckdb

from extract_load.storage.state import State
from extract_load.storage.transaction import transaction


def copy_state(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """Bring `ops.requests`, `ops.polls` and `ops.service_state` up to the state file, in one transaction."""
    with transaction(connection):
        _copy_requests(connection, state)
        _copy_polls(connection, state)
        connection.execute("delete from ops.service_state")
        for fact in state.rows("select service, key, value, updated_at from service_state"):
            connection.execute("insert into ops.service_state values (?, ?, ?, ?)", list(fact.values()))


def _copy_requests(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    last, latest = connection.execute("select max(request_id), max(requested_at) from ops.requests").fetchall()[0]
    if last is not None:
        state.number_requests_above(last, latest)
    columns = (
        "request_id, run_id, service, bucket, method, endpoint, requested_at, status, outcome, duration_ms, waited_ms"
    )
    rows = state.rows(f"select {columns} from requests where request_id > ? order by request_id", (last or 0,))
    if rows:
        marks = ", ".join("?" * 11)
        connection.executemany(f"insert into ops.requests values ({marks})", [list(row.values()) for row in rows])


def _copy_polls(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    known = {row[0] for row in connection.execute("select poll_id from ops.polls").fetchall()}
    rows = [row for row in state.rows("select * from polls order by polled_at") if row["poll_id"] not in known]
    if rows:
        marks = ", ".join("?" * 13)
        connection.executemany(f"insert into ops.polls values ({marks})", [list(row.values()) for row in rows])
