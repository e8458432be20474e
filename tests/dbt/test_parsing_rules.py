"""Rows that an earlier version of the project parsed are parsed again, by the first build of a new one."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from tests.dbt.dbt_process import Dbt

NEW_COLUMNS = {
    "stg_spotify__recently_played": ("parsed_by", "content_kind", "isrc"),
    "stg_spotify__streaming_history": ("parsed_by", "chapter_title", "author_name", "lost_letters"),
}


def staged_rows(dbt: Dbt) -> list[list[tuple[object, ...]]]:
    """Return the rows of the tables, columns by name."""
    found = []
    with duckdb.connect(str(dbt.dev), read_only=True) as connection:
        for table in NEW_COLUMNS:
            columns = connection.execute(f"select column_name from (describe staging.{table}) order by all").fetchall()
            chosen = ", ".join(f'"{name}"' for (name,) in columns)
            found.append(connection.execute(f"select {chosen} from staging.{table} order by all").fetchall())
    return found


def test_rows_of_earlier_rules_are_parsed_again(built: Dbt, tmp_path: Path) -> None:
    """A base without the new columns, with md5s as keys, and one of older rules become what a build makes."""
    right = staged_rows(built)
    assert all(right)
    dbt = Dbt(tmp_path / "earlier", parsed_by=built)
    dbt.folder.mkdir()
    shutil.copy(built.warehouse, dbt.warehouse)
    shutil.copy(built.dev, dbt.dev)
    with duckdb.connect(str(dbt.dev)) as connection:
        connection.execute("delete from built.relations")  # versions before had no such table
        for table, columns in NEW_COLUMNS.items():
            connection.execute(f"update staging.{table} set track_hash = 'of an earlier rule'")
            connection.execute(
                f"alter table staging.{table} alter row_key type varchar; alter table staging.{table} drop track_key;"
                f" alter table staging.{table} rename track_hash to track_key"
            )
            for column in columns:
                connection.execute(f"alter table staging.{table} drop column {column}")
    _run_staging(dbt)
    assert staged_rows(dbt) == right
    with duckdb.connect(str(dbt.dev)) as connection:
        connection.execute("update built.relations set made_of = 'other code'")
        for table in NEW_COLUMNS:
            connection.execute(f"update staging.{table} set track_hash = 'of an earlier rule', parsed_by = 1")
    _run_staging(dbt)
    assert staged_rows(dbt) == right


def _run_staging(dbt: Dbt) -> None:
    done = dbt.run("run", "--select", *NEW_COLUMNS)
    assert done.returncode == 0, done.stdout
