"""A transaction: all of a block or nothing, and the first error is the one that is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from extract_load.storage.transaction import transaction


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a file with one table."""
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute("create table numbers (n integer primary key)")
        yield connection


def numbers(connection: duckdb.DuckDBPyConnection) -> list[int]:
    return [row[0] for row in connection.execute("select n from numbers order by n").fetchall()]


def test_a_block_is_in_as_a_whole(connection: duckdb.DuckDBPyConnection) -> None:
    """Other connections see all of it after the block, and nothing before."""
    with transaction(connection):
        connection.execute("insert into numbers values (1)")
        assert numbers(connection.cursor()) == []
        connection.execute("insert into numbers values (2)")
    assert numbers(connection.cursor()) == [1, 2]


@pytest.mark.parametrize("error", [ValueError("ours"), KeyboardInterrupt()])
def test_an_error_takes_everything_back(connection: duckdb.DuckDBPyConnection, error: BaseException) -> None:
    """Also Ctrl-C; the connection can be used again."""
    with pytest.raises(type(error)), transaction(connection):
        connection.execute("insert into numbers values (1)")
        raise error
    with transaction(connection):
        connection.execute("insert into numbers values (2)")
    assert numbers(connection) == [2]


def test_the_first_error_survives_a_failed_rollback(connection: duckdb.DuckDBPyConnection) -> None:
    """Whatever ended the transaction before: what went wrong first is what is raised."""
    with pytest.raises(ValueError, match="the real reason"), transaction(connection):
        connection.execute("insert into numbers values (1)")
        connection.execute("rollback")  # as DuckDB does by itself after a fatal error
        raise ValueError("the real reason")
    assert numbers(connection) == []
    with pytest.raises(ValueError, match="the real reason"), transaction(connection):
        connection.close()  # every later statement fails
        raise ValueError("the real reason")


def test_a_refused_commit_is_raised_itself(connection: duckdb.DuckDBPyConnection) -> None:
    """A conflict with another transaction is DuckDB's own error, and leaves nothing open."""
    other = connection.cursor()
    connection.execute("insert into numbers values (1)")
    with pytest.raises(duckdb.Error) as caught, transaction(connection):
        connection.execute("update numbers set n = 5 where n = 1")
        with transaction(other):
            other.execute("update numbers set n = 6 where n = 1")
    assert "onflict" in str(caught.value)
    assert numbers(connection) == [1]
