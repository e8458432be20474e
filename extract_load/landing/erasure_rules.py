"""Land erasure rules into `ops.forgotten`: their kind, span and note; they hold no content of what was erased."""

from __future__ import annotations

import duckdb

from extract_load.core.clock import Clock
from extract_load.landing.manifest import Landed, SpoolFile
from extract_load.landing.spool_reader import read_file

_INSERT = """
insert into ops.forgotten
select
    payload ->> '$.forget_id',
    row_number,
    fetched_at,
    payload ->> '$.kind',
    listener_id,
    cast(payload ->> '$.reaches_from' as timestamp),
    cast(payload ->> '$.reaches_until' as timestamp),
    coalesce(json_array_length(payload, '$.subjects'), 0),
    payload ->> '$.note',
    ?,
    ?
from incoming
"""


def land_rules(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of erasure rules inside the caller's transaction."""
    counted = read_file(connection, file)
    connection.execute(_INSERT, [file.name, clock.now()])
    fetched_at = connection.execute("select max(fetched_at) from incoming").fetchall()[0][0]
    return Landed(fetched_at=fetched_at, counted=counted, landed=counted)
