"""Copy the state (requests, polls, facts about services) into `ops`, so that SQL can ask about it.

Only what is new since the last copy is read. Polls are append-only, in the state and in `ops`, so the poll that was
copied last marks how far the copy has come; a state file that does not know that poll (lost, or restored from a
backup) is compared in full, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from extract_load.storage.ports import State
from extract_load.storage.state import LANDING, NEW
from extract_load.storage.transaction import transaction


def copy_state(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """Bring `ops.requests`, `ops.polls` and `ops.service_state` up to the state file, in one transaction."""
    if state.is_shared:
        return
    if state.get(*NEW):
        _bring_back(connection, state)
    with transaction(connection):
        _copy_requests(connection, state)
        copy_new_rows(connection, state, "polls", ("poll_id",))
        _copy_facts(connection, state)


def _bring_back(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """Bring what `ops` knows into a state file that is new: facts and polls that it lacks, and the requests.

    Facts that the new file has itself are newer and stay.
    """
    with transaction(connection):
        _copy_requests(connection, state)  # numbers those of the new file above the others
    stamp = "strftime({0}, '%Y-%m-%d %H:%M:%S.%f')"
    tables = {"service_state": "service, key, cast(value as varchar), " + stamp.format("updated_at")}
    for table in ("polls", "requests"):
        described = connection.execute(
            "select column_name, data_type from duckdb_columns() where database_name = current_database()"
            " and schema_name = 'ops' and table_name = ? order by column_index",
            [table],
        ).fetchall()
        tables[table] = ", ".join(stamp.format(name) if kind == "TIMESTAMP" else name for name, kind in described)
    with state.transaction() as db:
        for table, columns in tables.items():
            rows = connection.execute(f"select {columns} from ops.{table} order by rowid").fetchall()
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                db.executemany(f"insert or ignore into {table} values ({marks})", rows)
        db.execute("delete from service_state where service = ? and key = ?", NEW)


def copy_new_rows(
    connection: duckdb.DuckDBPyConnection, state: State, table: str, key: Sequence[str], columns: str = "*"
) -> int:
    """Copy the rows of an append-only table of the state that `ops` does not have yet; return how many were read.

    Everything up to the row that was copied last is in `ops` already. `columns` are those of `ops`, in its order; a row
    whose `key` is there replaces the one that is.
    """
    last = _last_copied(connection, state, table, key)
    rows = state.rows(f"select {columns} from {table} where rowid > ? order by rowid", (last,))
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        insert = f"insert or replace into ops.{table} values ({marks})"
        connection.executemany(insert, [list(row.values()) for row in rows])
    return len(rows)


def _last_copied(connection: duckdb.DuckDBPyConnection, state: State, table: str, key: Sequence[str]) -> int:
    """Return the rowid in the state of the row that was copied last; 0 when the state does not know it.

    The number of a table's newest row is at least their count less one, so DuckDB passes over all others.
    """
    newest = connection.execute(
        f"select {', '.join(key)} from ops.{table} where rowid >= (select count(*) - 1 from ops.{table})"
        " order by rowid desc limit 1"
    ).fetchone()
    if newest is None:
        return 0
    condition = " and ".join(f"{name} = ?" for name in key)
    found = state.rows(f"select rowid from {table} where {condition}", newest)
    return int(found[0]["rowid"]) if found else 0


def _copy_facts(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """Make `ops.service_state` equal to the facts of the state; only facts that changed are written."""
    columns = "service, key, value, updated_at"
    query = "select service, key, cast(value as varchar), strftime(updated_at, '%Y-%m-%d %H:%M:%S.%f')"
    copied: dict[tuple[Any, Any], tuple[Any, ...]] = {
        (row[0], row[1]): row for row in connection.execute(f"{query} from ops.service_state").fetchall()
    }
    facts = state.rows(f"select {columns} from service_state where service <> ?", (LANDING,))
    current = {(row["service"], row["key"]): tuple(row.values()) for row in facts}
    gone = [list(key) for key in copied.keys() - current.keys()]
    changed = [list(row) for key, row in current.items() if copied.get(key) != row]
    if gone:
        connection.executemany("delete from ops.service_state where service = ? and key = ?", gone)
    if changed:
        connection.executemany("insert or replace into ops.service_state values (?, ?, ?, ?)", changed)


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
