"""Extensions come from installed packages, and the secret reaches one bucket."""

from __future__ import annotations

import duckdb
import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.storage.duckdb_connection import connect
from extract_load.storage.lake import connection as lake_connection
from extract_load.storage.lake.connection import attach_lake, extension_file, load_extensions
from tests.support.lake import MakeSettings


def test_each_extension_is_a_file_of_this_duckdb() -> None:
    """DuckDB loads it with no network."""
    with connect(None, memory_limit="100MB", threads=1) as connection:
        load_extensions(connection, "httpfs", "postgres_scanner", "ducklake")
        loaded = connection.execute("select extension_name from duckdb_extensions() where loaded").fetchall()
    assert {("httpfs",), ("postgres_scanner",), ("ducklake",)} <= set(loaded)


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is not installed."""
    monkeypatch.setitem(lake_connection._EXTENSIONS, "ducklake", "no_such_package_of_duckdb")
    with pytest.raises(ConfigurationError, match="ducklake is not installed"):
        extension_file("ducklake")


def test_a_reader_can_not_write(lake: MakeSettings) -> None:
    """What builds attach is read-only, as another user name of PostgreSQL would have it."""
    settings = lake()
    with connect(None, memory_limit="200MB", threads=1) as connection:
        attach_lake(connection, settings, "lake")
        connection.execute(
            "create schema lake.raw; create table lake.raw.t (a integer); insert into lake.raw.t values (1)"
        )
    with connect(None, memory_limit="200MB", threads=1) as connection:
        attach_lake(connection, settings, "lake", read_only=True)
        assert connection.execute("from lake.raw.t").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            connection.execute("insert into lake.raw.t values (2)")
