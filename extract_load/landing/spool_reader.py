"""Read spool files into a temporary table, and count the lines of each in Python: the control total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import orjson

from extract_load.core.clock import Clock
from extract_load.core.errors import MALFORMED, BadInput, MusicTrackerError
from extract_load.landing.manifest import SpoolFile
from extract_load.storage.duckdb_connection import file_literal, quoted
from extract_load.storage.gzip_files import damage_as_bad_input, read_lines

# What DuckDB raises for values that do not fit: a cast, a check, a missing value, a line that is no JSON.
_MISFITS: tuple[type[Exception], ...] = (
    *(duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException),
    *MALFORMED,
)


@contextmanager
def file_errors_as_bad_input(file: SpoolFile) -> Iterator[None]:
    """Raise BadInput with the file's name for an error of the block that comes from what is in the file.

    DuckDB reports a damaged file and a full disk by the same type, so the file is then read by another reader: only
    if that one fails as well, the file is to blame. All other errors pass unchanged.
    """
    try:
        yield
    except MusicTrackerError:
        raise
    except _MISFITS as error:
        raise _unusable(file, "holds values that do not fit its table") from error
    except duckdb.IOException as error:
        if _is_intact(file):
            raise
        raise _unusable(file, "is damaged") from error


def _unusable(file: SpoolFile, what: str) -> BadInput:
    return BadInput(f"{file.path.name} {what}.", hint="Put it back from a backup, or delete it.")


def _is_intact(file: SpoolFile) -> bool:
    """Return whether every line of a file can be read as JSON, by Python."""
    try:
        with damage_as_bad_input(file.path):
            for line in read_lines(file.path):
                if line.strip():
                    orjson.loads(line)
    except (BadInput, ValueError):
        return False
    return True


def count_lines(file: SpoolFile) -> int:
    """Count the lines of a spool file in Python.

    Errors: BadInput when the file is not readable gzip.
    """
    with damage_as_bad_input(file.path):
        return sum(1 for line in read_lines(file.path) if line.strip())


def read_file(connection: duckdb.DuckDBPyConnection, file: SpoolFile) -> int:
    """Make the temporary table `incoming` of a file, and return its number of lines, which both readers agree on.

    Errors: BadInput for a file without lines, and for one whose lines DuckDB counts otherwise.
    """
    return read_files(connection, [file])[0]


def read_files(connection: duckdb.DuckDBPyConnection, files: Sequence[SpoolFile]) -> list[int]:
    """Make the temporary table `incoming` of some files, and return the number of lines of each.

    Errors: BadInput as for one file.
    """
    counted = [count_lines(file) for file in files]
    for file, lines in zip(files, counted, strict=True):
        if not lines:
            raise _unusable(file, "holds nothing")
    read_envelopes(connection, files)
    found = dict(connection.execute("select source_file, count(*) from incoming group by source_file").fetchall())
    for file, lines in zip(files, counted, strict=True):
        if found.get(file.name) != lines:
            raise _unusable(file, "holds lines that are no JSON objects")
    return counted


def read_envelopes(connection: duckdb.DuckDBPyConnection, files: Sequence[SpoolFile]) -> None:
    """Make the temporary table `incoming`: one row a line, with row_number from 1 and the envelope's parts.

    `source_file` is the manifest path of the line's file and `file_number` its place among the files, from 1.
    `forgotten` names the rule that erased a line (a tombstone); it is null in all other lines.
    """
    literals = ", ".join(file_literal(file.path) for file in files)
    places = ", ".join(f"'{quoted(file.path)}'" for file in files)
    names = ", ".join(f"'{quoted(file.name)}'" for file in files)
    connection.execute(
        f"""
        create or replace temp table incoming as
        with lines as (
            select json, list_position([{places}], filename) as file_number, row_number() over () as line_number
            from read_ndjson_objects(
                [{literals}], compression = 'gzip', maximum_object_size = 67108864, filename = true
            )
        )
        select
            file_number,
            [{names}][file_number] as source_file,
            row_number() over (partition by file_number order by line_number) as row_number,
            json ->> '$.listener_id' as listener_id,
            json ->> '$.run_id' as run_id,
            cast(json ->> '$.fetched_at' as timestamp) as fetched_at,
            json -> '$.request' as request,
            json ->> '$.request.forgotten' as forgotten,
            json -> '$.payload' as payload
        from lines
        order by line_number
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
