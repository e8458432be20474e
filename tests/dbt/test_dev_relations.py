"""What `dev` has before dbt begins: the seeds as their files are now, and the tables of the warehouse that it lacks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt_common.exceptions import DbtRuntimeError

from extract_load.storage.warehouse import CATALOGUE
from tests.dbt.dbt_process import ROOT


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with one mart, and an empty `dev`."""
    with duckdb.connect(":memory:") as opened:
        for name in (CATALOGUE, "dev"):
            opened.execute(f"attach ':memory:' as {name}")
        opened.execute(f"create schema {CATALOGUE}.marts")
        opened.execute(f"create table {CATALOGUE}.marts.dim_artist as select 'ann' as artist_name")
        yield opened


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """A folder of one seed, in a folder whose name is a pattern."""
    folder = tmp_path / "[a]*"
    folder.mkdir()
    (folder / "_my__seeds.yml").write_text(
        "seeds:\n  - {name: zones, config: {column_types: {zone: varchar, valid_from: timestamp}}}\n", encoding="utf-8"
    )
    (folder / "zones.csv").write_text('zone,valid_from\n"Berlin, Mitte",2025-07-01 14:30:00\n,\n', encoding="utf-8")
    return folder


def prepare(connection: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    """Call what the plugin calls."""
    plugins = str(ROOT / "dbt_project" / "plugins")
    if plugins not in sys.path:
        sys.path.append(plugins)
    from dev_relations import prepare_dev

    prepare_dev(connection, seeds)


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_seeds_are_what_their_files_say(connection: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    """A field with a comma is one value, an empty one is null; a changed file is read again."""
    prepare(connection, seeds)
    found = rows(connection, "select zone, valid_from::varchar from dev.seeds.zones")
    assert found == [("Berlin, Mitte", "2025-07-01 14:30:00"), (None, None)]
    (seeds / "zones.csv").write_text("zone,valid_from\nUTC,2026-01-01\n", encoding="utf-8")
    prepare(connection, seeds)
    assert rows(connection, "select zone from dev.seeds.zones") == [("UTC",)]


def test_a_seed_that_cannot_be_read_is_named(connection: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    """dbt ends with the name of the file, before anything is built."""
    (seeds / "zones.csv").write_text("zone,valid_from\nUTC,yesterday\n", encoding="utf-8")
    with pytest.raises(DbtRuntimeError, match=r"zones\.csv"):
        prepare(connection, seeds)


def test_what_dev_lacks_is_the_warehouses(connection: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    """A view follows the table of the warehouse when its columns change, and goes when it goes."""
    prepare(connection, seeds)
    assert rows(connection, "from dev.marts.dim_artist") == [("ann",)]
    connection.execute(f"create or replace table {CATALOGUE}.marts.dim_artist as select 1 as n, 'bob' as artist_name")
    connection.execute(f"create table {CATALOGUE}.marts.half__dbt_tmp as select 1")
    prepare(connection, seeds)
    assert rows(connection, "from dev.marts.dim_artist") == [(1, "bob")]
    assert rows(connection, "select view_name from duckdb_views() where database_name = 'dev'") == [("dim_artist",)]
    connection.execute(f"drop table {CATALOGUE}.marts.dim_artist")
    prepare(connection, seeds)
    assert rows(connection, "select view_name from duckdb_views() where database_name = 'dev'") == []


@pytest.mark.parametrize("kind", ["table", "view"])
def test_what_dev_built_stays(connection: duckdb.DuckDBPyConnection, seeds: Path, kind: str) -> None:
    """A model that was built in `dev` is never replaced by the warehouse's."""
    prepare(connection, seeds)
    connection.execute(f"drop view dev.marts.dim_artist; create {kind} dev.marts.dim_artist as select 'mine' as name")
    prepare(connection, seeds)
    assert rows(connection, "from dev.marts.dim_artist") == [("mine",)]
