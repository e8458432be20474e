"""The tables of the lake: those of the schema files, without what DuckLake does not have.

No primary key, no CHECK, no column compression: what they hold is held by statements (`merge`), by the landers, and by
the views that a build reads (sources.py). Raw tables are partitioned by the listener, which must be done before their
first row: later, or by `bucket()`, an equality filter misses rows (doctor counts them, canary.py).
"""

from __future__ import annotations

import re

import duckdb

from extract_load.core.clock import Clock
from extract_load.storage.schema_steps import pending_steps, record_steps, schema_steps
from extract_load.storage.transaction import transaction

PARTITIONED = {"raw.spotify_recently_played": "listener_id", "raw.spotify_streaming_history": "listener_id"}
_NOT_THERE = (
    re.compile(r",\s*primary key \([^)]*\)"),
    re.compile(r" primary key\b"),
    re.compile(r" check \((?:[^()]|\([^()]*\))*\)"),
    re.compile(r" using compression \w+"),
)


def lake_sql(sql: str) -> str:
    """Return a schema file without what DuckLake refuses."""
    for pattern in _NOT_THERE:
        sql = pattern.sub("", sql)
    return sql


def apply_lake_schema(connection: duckdb.DuckDBPyConnection, clock: Clock) -> None:
    """Apply the schema files that the lake does not have yet, in one transaction; call it with the lock held.

    Errors: ConfigurationError when the lake was made by a newer version of the program.
    """
    pending = pending_steps(connection, "lake")
    if not pending:
        return
    is_new = len(pending) == len(schema_steps())
    with transaction(connection):
        for step in pending:
            connection.execute(lake_sql(step.sql))
        if is_new:
            for table, column in PARTITIONED.items():
                connection.execute(f"alter table {table} set partitioned by ({column})")
        record_steps(connection, pending, clock)
