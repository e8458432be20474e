"""Land one file of an export: its rows into raw.spotify_streaming_history, its rejects with their reasons.

The spool file's first line names the original (spotify/history_import/spool_writer.py); line n + 1 is its row n. An
original that is in already adds the rows that an earlier parser did not find; the others are known. A tombstone is a
reject without content.
Always holds: rows_counted, by another reader of the original, = landed + known + rejected.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import orjson

from extract_load.core.clock import Clock
from extract_load.core.errors import BadInput
from extract_load.landing.manifest import Landed, SpoolFile
from extract_load.landing.spool_reader import file_errors_as_bad_input
from extract_load.storage.duckdb_connection import file_literal
from extract_load.storage.gzip_files import damage_as_bad_input, read_lines

# A line that is no row starts with this key, which no row of Spotify's has.
MARK = '{"_":'

# A row of 1 MiB at most is a line of 6 MiB at most, if all of it is signs that JSON must escape.
_LINES = """
(
    select row_number() over () - 1 as row_number, json
    from read_ndjson_objects({literal}, compression = 'gzip', maximum_object_size = 8388608)
)
"""

_INSERT = """
insert into raw.spotify_streaming_history
select
    $listener_id, $export_id, $sha256, row_number, $format, json, $source_file, $fetched_at::timestamp,
    $landed_at::timestamp
from {lines}
where row_number > 0 and not starts_with(cast(json as varchar), $mark)
"""

_NOT_LANDED = """
    and row_number not in (
        select row_number from raw.spotify_streaming_history where file_sha256 = $sha256 and listener_id = $listener_id
    )
"""

_NOT_REJECTED = """
    and row_number not in (
        select earlier.row_number
        from ops.rejected_rows as earlier
        inner join ops.landed_files as files using (source_file)
        where files.original_sha256 = $sha256 and files.listener_id = $listener_id
    )
"""

_REJECT = """
insert into ops.rejected_rows
select
    $source_file, row_number, coalesce(json ->> '$.reason', 'forgotten'),
    coalesce(json ->> '$.detail', json ->> '$.request.forgotten'), json ->> '$.payload', $landed_at::timestamp
from {lines}
where row_number > 0 and starts_with(cast(json as varchar), $mark)
"""

_IS_IN = """
select count(*) from ops.landed_files
where source = 'spotify' and entity = 'streaming_history' and original_sha256 = ? and listener_id = ?
"""

_TEXTS = ("sha256", "export_id", "format", "file")


def land_history(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of an export inside the caller's transaction.

    Errors: BadInput when the spool file is damaged, or does not hold what its first line says.
    """
    head = _head(file)
    request = head["request"]
    counted = int(request["rows_counted"])
    is_in = bool(connection.execute(_IS_IN, [request["sha256"], head["listener_id"]]).fetchall()[0][0])
    landed, rejected = _insert(connection, file, head, clock.now(), is_in=is_in)
    known = counted - landed - rejected
    if known < 0 or (known and not is_in):
        msg = f"{file.path.name} has {landed + rejected:,} rows where its first line says {counted:,}."
        raise BadInput(msg, hint="Delete it and import the original again.")
    return Landed(
        fetched_at=datetime.fromisoformat(head["fetched_at"]),
        counted=counted,
        landed=landed,
        known=known,
        rejected=rejected,
        listener_id=head["listener_id"],
        export_id=request["export_id"],
        original_name=request["file"],
        original_sha256=request["sha256"],
    )


def _insert(
    connection: duckdb.DuckDBPyConnection, file: SpoolFile, head: dict[str, Any], now: datetime, *, is_in: bool
) -> tuple[int, int]:
    """Insert the lines of a file; return how many became rows and how many rejects.

    Of an original that `is_in` from an earlier file, only the lines that are missing.
    """
    request = {key: head["request"][key] for key in ("export_id", "sha256", "format")}
    of_head = {"listener_id": head["listener_id"], "fetched_at": head["fetched_at"]}
    values = {**request, **of_head, "source_file": file.name, "landed_at": now, "mark": MARK}
    lines = _LINES.format(literal=file_literal(file.path))
    insert, reject = _INSERT.format(lines=lines), _REJECT.format(lines=lines)
    with file_errors_as_bad_input(file):
        if is_in:
            rejected = _run(connection, reject + _NOT_LANDED + _NOT_REJECTED, values)
            return _run(connection, insert + _NOT_LANDED, values), rejected
        landed = _run(connection, insert, values)
        is_all = landed == int(head["request"]["rows_counted"])
        return landed, 0 if is_all else _run(connection, reject, values)


def _run(connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, Any]) -> int:
    """Run an insert with those of the values that it names, and return how many rows it added."""
    named = {name: value for name, value in values.items() if f"${name}" in statement}
    return int(connection.execute(statement, named).fetchall()[0][0])


def _head(file: SpoolFile) -> dict[str, Any]:
    with damage_as_bad_input(file.path):
        first = next(iter(read_lines(file.path)), b"")
    try:
        head: dict[str, Any] = orjson.loads(first)
        request = head["request"]
        texts = (head["listener_id"], head["fetched_at"], *(request[key] for key in _TEXTS))
        if not all(isinstance(text, str) for text in texts) or type(request["rows_counted"]) is not int:
            raise TypeError("a first line with values of other types")
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{file.path.name} has no first line that says what it is."
        raise BadInput(msg, hint="Delete it and import the original again.") from error
    return head
