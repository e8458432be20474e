"""The lake as a warehouse: the lock for everything, appends of many at once."""

from __future__ import annotations

import threading

import duckdb
import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.storage.lake.warehouse import LakeWarehouse
from extract_load.storage.opening import open_warehouse
from tests.support.lake import MakeSettings

APPEND = "insert into ops.rejected_rows values (?, ?, 'reason', null, null, timestamp '2026-01-01')"


def test_rows_stay_and_the_lock_is_free_again(lake: MakeSettings) -> None:
    """Another machine reads what one wrote; nested calls of a thread share one connection."""
    warehouse = open_warehouse(lake())
    with warehouse.open("writing") as connection, warehouse.open("nested") as same:
        assert same is connection
        connection.execute("insert into lookup.musicbrainz_genres values ('jazz', timestamp '2026-01-01')")
    assert warehouse.lock.holder() is None
    with open_warehouse(lake("two")).open("reading") as other:
        assert other.execute("select genre from lookup.musicbrainz_genres").fetchall() == [("jazz",)]
        versions = other.execute("select count(*), count(distinct version) from ops.schema_versions").fetchall()[0]
    assert versions[0] == versions[1] > 0


def test_appends_of_several_at_once_are_each_in_once(lake: MakeSettings) -> None:
    """Whole transactions, tried again: 3 threads with 8 appends of 5 rows; while one holds the lock."""
    settings = lake()
    with open_warehouse(settings).open("a long build"):
        failures: list[BaseException] = []

        def work(name: str) -> None:
            warehouse = LakeWarehouse(settings)
            try:
                for number in range(8):
                    rows = [[f"{name}-{number}", row] for row in range(5)]
                    warehouse.append(lambda connection, rows=rows: connection.executemany(APPEND, rows))  # type: ignore[misc]
            except BaseException as error:
                failures.append(error)
            finally:
                warehouse.close()

        threads = [threading.Thread(target=work, args=(f"lander{number}",)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    with open_warehouse(settings).open("counting") as connection:
        counted = connection.execute(
            "select count(*), count(distinct (source_file, row_number)) from ops.rejected_rows"
        ).fetchall()
    assert counted == [(120, 120)]


def test_a_wrong_statement_is_not_tried_again(lake: MakeSettings) -> None:
    """And nothing of its transaction stays."""
    warehouse, calls = LakeWarehouse(lake()), []

    def work(connection: duckdb.DuckDBPyConnection) -> None:
        calls.append(1)
        connection.execute(APPEND, ["half", 1])
        connection.execute("select no_such_column from ops.rejected_rows")

    with pytest.raises(duckdb.BinderException):
        warehouse.append(work)
    assert calls == [1]
    assert warehouse.append(lambda connection: connection.execute("from ops.rejected_rows").fetchall()) == []


def test_a_database_that_is_away_is_an_outage(lake: MakeSettings) -> None:
    """Told apart from a wrong setting, and without the address."""
    warehouse = LakeWarehouse(lake(warehouse="ducklake:postgres:host=127.0.0.1 port=1 dbname=secret_name"))
    with pytest.raises(ServiceUnavailable) as caught, warehouse.open("anything", 1):
        pass
    assert "secret_name" not in str(caught.value)
