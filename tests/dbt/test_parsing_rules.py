"""Rows that an earlier version of the project parsed are parsed again, by the first build of a new one."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from tests.dbt.conftest import Dbt

POLLS, EXPORTS = STAGED = ("stg_spotify__recently_played", "stg_spotify__streaming_history")
NEW_COLUMNS = ("parsed_by", "content_kind", "isrc")


def staged_rows(dbt: Dbt, table: str) -> list[tuple[object, ...]]:
    """Return the rows of a table of staging, columns by name."""
    with duckdb.connect(str(dbt.dev), read_only=True) as connection:
        columns = connection.execute(f"select column_name from (describe staging.{table}) order by all").fetchall()
        chosen = ", ".join(f'"{name}"' for (name,) in columns)
        return connection.execute(f"select {chosen} from staging.{table} order by all").fetchall()


def test_rows_of_earlier_rules_are_parsed_again(built: Dbt, tmp_path: Path) -> None:
    """A base without the new columns, and one of older rules that has them, become what a build from nothing makes."""
    right = {table: staged_rows(built, table) for table in STAGED}
    dbt = Dbt(tmp_path / "earlier", parsed_by=built)
    dbt.folder.mkdir()
    shutil.copy(built.warehouse, dbt.warehouse)
    shutil.copy(built.dev, dbt.dev)
    with duckdb.connect(str(dbt.dev)) as connection:
        connection.execute(f"update staging.{POLLS} set track_key = 'of an earlier rule'")
        for column in NEW_COLUMNS:
            connection.execute(f"alter table staging.{POLLS} drop column {column}")
        connection.execute(f"update staging.{EXPORTS} set track_key = 'of an earlier rule', parsed_by = 1")
    done = dbt.run("run", "--select", *STAGED)
    assert done.returncode == 0, done.stdout
    assert {table: staged_rows(dbt, table) for table in STAGED} == right
