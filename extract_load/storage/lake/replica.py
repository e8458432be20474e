"""Bring the rows of some listeners from the lake into a plain warehouse file: what changed, from one snapshot.

In: the lake, read-only, with whatever landers appended, duplicates included. Out: `raw` and `ops` of the file as if all
had been landed into it alone, so a build of it is a build as ever and needs no lake.
Always holds: of rows with the same key, that of the file that was received first is there, and no other; a file whose
rows are other than at the last time has a later `landed_at`, by which staging knows it. A kill is repaired by the next
call. Source: docs/scaling.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from extract_load.core.settings import Settings
from extract_load.storage.duckdb_connection import attach, connect, quoted
from extract_load.storage.held_folder import held_folder, remove_abandoned
from extract_load.storage.lake.address import lake_address
from extract_load.storage.lake.connection import attach_lake
from extract_load.storage.lake.outages import outages_as_unavailable
from extract_load.storage.lake.postgres import SCHEMA
from extract_load.storage.transaction import transaction
from extract_load.storage.warehouse import CATALOGUE, STORAGE, Warehouse

LAKE = "lake"
RAW = {
    "spotify_recently_played": ("listener_id", "played_at", "track_key"),
    "spotify_streaming_history": ("listener_id", "file_sha256", "row_number"),
}
"""Tables of plays, and the key by which of several rows one counts."""
CARRIER = "carrier"
_PREFIX = ".replica-"

_KNOWN = """
create table {carrier}.known_{table} as
select source_file, count(*) as rows_landed, max(landed_at) as landed_at
from {catalogue}.raw.{table}
group by source_file
"""

# Each row of the lake with its place among those of its key; the first one counts.
_RANKED = """
create or replace temp table ranked_{table} as
with rows_of_lake as (
    select rowid as lake_row, {key}, source_file, fetched_at, landed_at{number}
    from {lake}.raw.{table}
    where {whose}
),
first_copies as (
    select source_file, min(landed_at) as landed_at from rows_of_lake group by source_file
)
select
    lake_row, source_file, first_copies.landed_at as file_landed_at,
    row_number() over same_key as place,
    first_value(source_file) over same_key as counts_in,
    first_value(first_copies.landed_at) over same_key as counts_since
from rows_of_lake
inner join first_copies using (source_file)
window same_key as (partition by {key} order by fetched_at, source_file, row_number, rows_of_lake.landed_at, lake_row)
"""

# A file is other than before when one of its rows lost its place to a file that came later.
_FILES = """
create or replace temp table files_{table} as
select
    source_file,
    count(*) filter (place = 1) as rows_landed,
    max(greatest(file_landed_at, if(counts_in = source_file, file_landed_at, counts_since))) as landed_at
from ranked_{table}
group by source_file
"""

_CHANGED = """
create table {carrier}.changed_{table} as
with known as (
    from {carrier}.known_{table}
)
select coalesce(known.source_file, files.source_file) as source_file
from known
full join (select * from files_{table} where rows_landed > 0) as files using (source_file)
where (known.rows_landed, known.landed_at) is distinct from (files.rows_landed, files.landed_at)
"""

# By the place of a row in the lake first, so that the texts of few rows are read when few are new.
_NEW = """
create table {carrier}.new_{table} as
select lake_rows.* replace (files.landed_at as landed_at)
from {lake}.raw.{table} as lake_rows
inner join ranked_{table} as ranked on lake_rows.rowid = ranked.lake_row and ranked.place = 1
inner join files_{table} as files on ranked.source_file = files.source_file
where {whose} and lake_rows.source_file in (select source_file from {carrier}.changed_{table})
"""

_MANIFEST = """
create table {carrier}.new_manifest as
with manifest as (
    select * from {lake}.ops.landed_files
    where {whose_files}
    qualify row_number() over (partition by source_file order by landed_at) = 1
),
files as (
    from files_spotify_recently_played
    union all by name
    from files_spotify_streaming_history
)
select manifest.* replace (
    if(manifest.entity in ('recently_played', 'streaming_history'),
        coalesce(files.rows_landed, 0), manifest.rows_landed) as rows_landed,
    if(manifest.entity in ('recently_played', 'streaming_history'),
        manifest.rows_counted - manifest.rows_rejected - coalesce(files.rows_landed, 0), manifest.rows_known)
        as rows_known,
    coalesce(files.landed_at, manifest.landed_at) as landed_at
)
from manifest
left join files using (source_file)
"""

_REJECTED = """
create table {carrier}.new_rejected as
select * from {lake}.ops.rejected_rows
where source_file in (select source_file from {carrier}.new_manifest)
qualify row_number() over (partition by source_file, row_number order by rejected_at) = 1
"""

_POLLS = """
create table {carrier}.new_polls as
select
    poll_id, listener_id, run_id, cast(polled_at as timestamp) as polled_at, outcome, cast(items as integer) as items,
    cast(new_items as integer) as new_items, cast(known_items as integer) as known_items,
    cast(oldest_played_at as timestamp) as oldest_played_at, cast(newest_played_at as timestamp) as newest_played_at,
    cast(gap_from as timestamp) as gap_from, cast(gap_until as timestamp) as gap_until, message
from postgres_scan('{address}', '{schema}', 'polls')
where {whose}
"""


@dataclass(frozen=True, slots=True)
class Replicated:
    """How many files of plays were new or other than before, and their rows."""

    files: int
    rows: int


def replicate(
    settings: Settings, file: Settings, listeners: Sequence[str] | None, snapshot: int | None = None
) -> Replicated:
    """Bring the rows of these listeners (None: of all, with the answers of the services) into the file's warehouse.

    Those that the lake had in a snapshot, else all.

    The lake is read on a connection of its own, into a small file that carries what is new: after an outage DuckDB may
    keep the files of that connection open. Errors: ServiceUnavailable when the lake is away; the file stays as it was.
    """
    remove_abandoned(file.data_dir, _PREFIX)
    with held_folder(file.data_dir, _PREFIX) as folder:
        carrier = folder / "carrier.duckdb"
        with Warehouse(file).open("saying what is there") as connection, _carried(connection, carrier):
            for table in RAW:
                connection.execute(_KNOWN.format(table=table, carrier=CARRIER, catalogue=CATALOGUE))
        with (
            outages_as_unavailable(),
            closing(_lake_connection(settings, folder, snapshot)) as connection,
            _carried(connection, carrier),
            transaction(connection),  # one snapshot of the lake
        ):
            _read(connection, settings, listeners)
            if listeners is None:
                _carry_answers(connection)
        with Warehouse(file).open("bringing rows from the lake") as connection, _carried(connection, carrier):
            counted = [[_count(connection, f"{kind}_{table}") for table in RAW] for kind in ("changed", "new")]
            _write(connection)
    return Replicated(sum(counted[0]), sum(counted[1]))


@contextmanager
def _carried(connection: duckdb.DuckDBPyConnection, carrier: Path) -> Iterator[None]:
    attach(connection, carrier, CARRIER, STORAGE)
    yield
    connection.execute(f"detach {CARRIER}")


def _lake_connection(settings: Settings, folder: Path, snapshot: int | None) -> duckdb.DuckDBPyConnection:
    connection = connect(folder, memory_limit=settings.duckdb_memory_limit, threads=1)  # each thread holds rows at once
    try:
        connection.execute("set preserve_insertion_order = false")
        attach_lake(connection, settings, LAKE, read_only=True, snapshot=snapshot)
    except BaseException:
        connection.close()
        raise
    return connection


def _read(connection: duckdb.DuckDBPyConnection, settings: Settings, listeners: Sequence[str] | None) -> None:
    """Read what the file lacks into the carrier."""
    whose = "true" if listeners is None else _among("listener_id", listeners)
    places = {"lake": LAKE, "carrier": CARRIER, "whose": whose}
    for table, key in RAW.items():
        number = "" if "row_number" in key else ", row_number"
        for sql in (_RANKED, _FILES, _CHANGED, _NEW):
            connection.execute(sql.format(table=table, key=", ".join(key), number=number, **places))
    whose_files = "true" if listeners is None else f"({whose} or listener_id is null)"
    connection.execute(_MANIFEST.format(whose_files=whose_files, lake=LAKE, carrier=CARRIER))
    connection.execute(_REJECTED.format(lake=LAKE, carrier=CARRIER))
    address = quoted(lake_address(settings).postgres)
    connection.execute(_POLLS.format(address=address, schema=SCHEMA, whose=whose, carrier=CARRIER))


def _carry_answers(connection: duckdb.DuckDBPyConnection) -> None:
    """Take what the services answered: it is small beside the plays, and any of it may have changed."""
    found = connection.execute(
        f"select table_name from duckdb_tables() where database_name = '{LAKE}' and schema_name = 'lookup' order by all"
    ).fetchall()
    for schema, table in (("raw", "api_responses"), *(("lookup", name) for (name,) in found)):
        connection.execute(f"create schema if not exists {CARRIER}.{schema}")
        connection.execute(f"create table {CARRIER}.{schema}.{table} as from {LAKE}.{schema}.{table}")


def _write(connection: duckdb.DuckDBPyConnection) -> None:
    """Put what was carried in its place. Deleting comes first: DuckDB finds a key twice that one transaction moves."""
    answers = connection.execute(
        f"select schema_name, table_name from duckdb_tables() where database_name = '{CARRIER}'"
        " and schema_name <> 'main' order by all"
    ).fetchall()
    with transaction(connection):
        for table in RAW:
            connection.execute(
                f"delete from raw.{table} where source_file in (select source_file from {CARRIER}.changed_{table})"
            )
        for table, new in (("landed_files", "new_manifest"), ("polls", "new_polls"), ("rejected_rows", "new_rejected")):
            connection.execute(f"create or replace table ops.{table} as from {CARRIER}.{new}")
        for schema, table in answers:
            connection.execute(f"create or replace table {schema}.{table} as from {CARRIER}.{schema}.{table}")
    with transaction(connection):
        for table in RAW:
            connection.execute(f"insert into raw.{table} from {CARRIER}.new_{table}")


def _among(column: str, values: Sequence[str]) -> str:
    return f"{column} in ({', '.join(_literal(value) for value in values)})"


def _literal(value: str) -> str:
    return f"'{quoted(value)}'"


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {CARRIER}.{table}").fetchall()[0][0])
