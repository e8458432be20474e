"""Nightly maintenance of the lake, and the canary that finds rows which an equality filter misses.

All of it happens under the lake's lock. Builders read from one snapshot for seconds, so those of a day are more than
enough; appenders that lose a race against it try again.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from extract_load.storage.lake.replica import RAW
from extract_load.storage.lake.warehouse import LakeWarehouse
from extract_load.storage.warehouse import CATALOGUE

KEPT = "1 day"


@dataclass(frozen=True, slots=True)
class Maintained:
    """How many files of rows there were and are, and how many old ones were removed."""

    files_before: int
    files: int
    removed: int


def maintain(warehouse: LakeWarehouse, *, kept: str = KEPT) -> Maintained:
    """Put inlined rows into files, merge small files, forget old snapshots, remove what belongs to nothing.

    Errors: WarehouseBusy; ServiceUnavailable. What was done stays, the rest is done the next time.
    """
    with warehouse.open("maintenance of the lake") as connection:
        before = _files(connection)
        connection.execute(f"call ducklake_flush_inlined_data('{CATALOGUE}')")
        connection.execute(f"call ducklake_merge_adjacent_files('{CATALOGUE}')")
        removed = forget_snapshots(connection, kept)
        return Maintained(before, _files(connection), removed)


def forget_snapshots(connection: duckdb.DuckDBPyConnection, kept: str) -> int:
    """Expire snapshots that are older, and delete the files that only they had; return how many files."""
    older = f"older_than => now() - interval '{kept}'"
    connection.execute(f"call ducklake_expire_snapshots('{CATALOGUE}', {older})")
    removed = connection.execute(f"call ducklake_cleanup_old_files('{CATALOGUE}', {older})").fetchall()
    orphans = connection.execute(f"call ducklake_delete_orphaned_files('{CATALOGUE}', {older})").fetchall()
    return len(removed) + len(orphans)


def erase_dead_rows(warehouse: LakeWarehouse) -> None:
    """Leave nothing of deleted rows in files, inlined tables, statistics or older snapshots, in the order that does so.

    Everybody's older snapshots end with it. PostgreSQL's own log and backups are its owner's.
    """
    with warehouse.open("erasing from the lake") as connection:
        connection.execute(f"call ducklake_flush_inlined_data('{CATALOGUE}')")
        connection.execute(f"call ducklake_rewrite_data_files('{CATALOGUE}', delete_threshold => 0)")
        connection.execute(f"call ducklake_expire_snapshots('{CATALOGUE}', older_than => now())")
        connection.execute(f"call ducklake_cleanup_old_files('{CATALOGUE}', cleanup_all => true)")
        connection.execute(f"call ducklake_delete_orphaned_files('{CATALOGUE}', cleanup_all => true)")


def missed_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return by `table: listener` how many rows a filter `listener_id = ...` misses; nothing means that all is well.

    Where partitions or statistics are wrong, DuckLake 1.0 leaves rows out of the answers of such a filter.
    """
    missed: dict[str, int] = {}
    for table in RAW:
        counted = connection.execute(
            f"select listener_id || '', count(*) from raw.{table} group by 1 order by 1"
        ).fetchall()
        for listener, rows in counted:
            sql = f"select count(*) from raw.{table} where listener_id = ?"
            found = int(connection.execute(sql, [listener]).fetchall()[0][0])
            if found != rows:
                missed[f"raw.{table}: {listener}"] = int(rows) - found
    return missed


def _files(connection: duckdb.DuckDBPyConnection) -> int:
    found = connection.execute(f"select sum(file_count) from ducklake_table_info('{CATALOGUE}')").fetchall()
    return int(found[0][0] or 0)
