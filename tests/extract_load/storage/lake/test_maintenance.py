"""Maintenance keeps every row, the canary finds what a filter misses, and erased rows are nowhere."""

from __future__ import annotations

import pytest

from extract_load.storage.lake.maintenance import erase_dead_rows, maintain, missed_rows
from extract_load.storage.lake.warehouse import LakeWarehouse
from tests.support.lake import MakeSettings
from tests.support.lake_traces import traces

INSERT = """
insert into raw.spotify_recently_played
select
    {listener}, timestamp '2026-01-01' + interval (number) minute, 'track' || number, {payload}, 'file', number, 'run',
    timestamp '2026-01-02', timestamp '2026-01-02'
from range({first}, {last}) as numbers(number)
"""


def insert(warehouse: LakeWarehouse, first: int, last: int, listener: str, payload: str) -> None:
    sql = INSERT.format(listener=f"'{listener}'", payload=f"""'{{"name": "{payload}"}}'""", first=first, last=last)
    warehouse.append(lambda connection: connection.execute(sql).fetchall())


@pytest.mark.long
def test_many_small_appends_become_few_files_with_the_same_rows(lake: MakeSettings) -> None:
    """Twice: the second run has nothing to do."""
    warehouse = LakeWarehouse(lake())
    for number in range(3):
        insert(warehouse, number * 50, number * 50 + 50, "me", "x")
    insert(warehouse, 0, 1500, "anna", "y")
    done = [maintain(warehouse, kept="0 seconds") for _ in range(2)]
    with warehouse.open("counting") as connection:
        rows = connection.execute(
            "select listener_id, count(*), count(distinct track_key) from raw.spotify_recently_played group by 1"
        ).fetchall()
        assert sorted(rows) == [("anna", 1500, 1500), ("me", 150, 150)]
        assert missed_rows(connection) == {}
    assert done[1].files == done[0].files <= 20


def test_the_canary_finds_rows_that_a_filter_misses(lake: MakeSettings) -> None:
    """As DuckLake 1.0 misses them, when a table that has rows is partitioned by bucket."""
    warehouse = LakeWarehouse(lake())
    insert(warehouse, 0, 1500, "me", "x")
    insert(warehouse, 0, 1200, "anna", "x")
    with warehouse.open("a mistake") as connection:
        assert missed_rows(connection) == {}
        connection.execute("alter table raw.spotify_recently_played set partitioned by (bucket(8, listener_id))")
        found = missed_rows(connection)
    assert found == {"raw.spotify_recently_played: anna": 1200, "raw.spotify_recently_played: me": 1500}


def test_what_is_erased_is_in_no_object_and_in_no_table(lake: MakeSettings) -> None:
    """Rows in files and inlined ones, payload, key and statistics; another listener's stay."""
    settings = lake()
    warehouse = LakeWarehouse(settings)
    insert(warehouse, 0, 1500, "zara-the-erased", "her-secret-song")
    insert(warehouse, 2000, 2010, "zara-the-erased", "her-secret-song")
    insert(warehouse, 0, 1500, "me", "mine")
    assert {name.partition("/")[0] for name in traces(settings, "zara-the-erased")} >= {"rows"}
    with warehouse.open("forgetting") as connection:
        connection.execute("delete from raw.spotify_recently_played where listener_id || '' = 'zara-the-erased'")
    assert list(traces(settings, "zara-the-erased"))
    erase_dead_rows(warehouse)
    assert [list(traces(settings, text)) for text in ("zara-the-erased", "her-secret-song")] == [[], []]
    with warehouse.open("counting") as connection:
        rows = connection.execute("select listener_id, count(*) from raw.spotify_recently_played group by 1").fetchall()
    assert rows == [("me", 1500)]
