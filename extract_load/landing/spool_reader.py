"""Read one spool file into a temporary table, and count its lines in Python: the control total."""

from __future__ import annotations

import duckdb

from extract_load.core.clock import Clock
from extract_load.landing.manifest import SpoolFile
from extract_load.storage.duckdb_connection import file_literal
from extract_load.storage.gzip_files import damage_as_bad_input, read_lines


def count_lines(file: SpoolFile) -> int:
    """Count the lines of a spool file in Python.

    Errors: BadInput when the file is not readable gzip.
    """
    with damage_as_bad_input(file.path):
        return sum(1 for line in read_lines(file.path) if line.strip())


def read_envelopes(connection: duckdb.DuckDBPyConnection, file: SpoolFile) -> None:
    """Make the temporary table `incoming`: one row a line, with row_number from 1 and the envelope's parts.

    `forgotten` names the rule that erased a line (a tombstone); it is null in all other lines.
    """
    connection.execute(
        f"""
        create or replace temp table incoming as
        select
            row_number() over () as row_number,
            json ->> '$.listener_id' as listener_id,
            json ->> '$.run_id' as run_id,
            cast(json ->> '$.fetched_at' as timestamp) as fetched_at,
            json -> '$.request' as request,
            json ->> '$.request.forgotten' as forgotten,
            json -> '$.payload' as payload
        from read_ndjson_objects({file_literal(file.path)}, compression = 'gzip', maximum_object_size = 67108864)
        """
    )


def reject_tombstones(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> int:
    """Record the tombstones of `incoming` as rejected rows without content, and return how many."""
    rejected = connection.execute(
        "insert into ops.rejected_rows select ?, row_number, 'forgotten', forgotten, null, ? from incoming"
        " where forgotten is not null",
        [file.name, clock.now()],
    ).fetchall()
    return int(rejected[0][0])
