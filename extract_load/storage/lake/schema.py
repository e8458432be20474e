"""The tables of the lake: those of the schema files, without what DuckLake does not have.

No primary key, no CHECK, no column compression: what they hold is held by statements (`merge`), by the landers, and by
the views that a build reads (sources.py). Raw tables are partitioned by the listener, which must be done before their
first row: later, or by `bucket()`, an equality filter misses rows (doctor counts them, canary.py).
"""

from __future__ import annotations

import re

import duckdb

from extract_load.core.clock import Clock
from extract_load.core.errors import ConfigurationError
from extract_load.storage.transaction import transaction
from extract_load.storage.warehouse import SCHEMA_DIR

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
    steps = [(int(path.name.split("_")[0]), path) for path in sorted(SCHEMA_DIR.glob("[0-9]*.sql"))]
    done = applied_versions(connection)
    if done and max(done) > steps[-1][0]:
        msg = f"The lake has schema version {max(done)}, this program knows {steps[-1][0]}."
        raise ConfigurationError(msg, hint="Update the music tracker, then try again.")
    pending = [(version, path) for version, path in steps if version not in done]
    if not pending:
        return
    with transaction(connection):
        for _, path in pending:
            connection.execute(lake_sql(path.read_text(encoding="utf-8")))
        if not done:
            for table, column in PARTITIONED.items():
                connection.execute(f"alter table {table} set partitioned by ({column})")
        for version, path in pending:
            connection.execute("insert into ops.schema_versions values (?, ?, ?)", [version, path.stem, clock.now()])


def applied_versions(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """Return the versions of the schema that the lake in use has."""
    known = connection.execute(
        "select count(*) from duckdb_tables() where database_name = current_database()"
        " and schema_name = 'ops' and table_name = 'schema_versions'"
    ).fetchall()[0][0]
    if not known:
        return set()
    return {int(row[0]) for row in connection.execute("select version from ops.schema_versions").fetchall()}
