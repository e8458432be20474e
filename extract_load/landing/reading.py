"""Read one spool file into a temporary table, and count its lines by another way than DuckDB's."""

from __future__ import annotations

import zlib

import duckdb

from extract_load.errors import BadInput
from extract_load.landing.manifest import SpoolFile
from extract_load.spool import read_lines
from extract_load.warehouse import quoted


def count_lines(file: SpoolFile) -> int:
    """Count the lines of a spool file in Python.

    Errors: BadInput when the file is not readable gzip.
    """
    try:
        return sum(1 for line in read_lines(file.path) if line.strip())
    except (OSError, EOFError, zlib.error) as error:
        msg = f"{file.path.name} is damaged."
        raise BadInput(msg, todo="Put it back from a backup, or delete it.") from error


def read_envelopes(connection: duckdb.DuckDBPyConnection, file: SpoolFile) -> None:
    """Make the temporary table `incoming`: one row a line, with row_number from 1 and the envelope's parts."""
    connection.execute(
        f"""
        create or replace temp table incoming as
        select
            row_number() over () as row_number,
            json ->> '$.listener_id' as listener_id,
            json ->> '$.run_id' as run_id,
            cast(json ->> '$.fetched_at' as timestamp) as fetched_at,
            json -> '$.request' as request,
            json -> '$.payload' as payload
        from read_ndjson_objects('{quoted(file.path)}', compression = 'gzip', maximum_object_size = 67108864)
        """
    )
