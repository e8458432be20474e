"""Doctor on a lake: well, wrong, away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring.lake_checks import check_lake
from extract_load.storage.opening import open_warehouse
from tests.support.lake import lake, servers

__all__ = ["lake", "servers"]


@pytest.mark.long
def test_a_lake_that_misses_rows_is_a_problem(lake: Callable[..., Settings]) -> None:
    """Named with the table, the listener and the rows; a lake that finds all is well."""
    settings = lake()
    at = "timestamp '2026-01-01'"
    columns = f"'me', 'x', 'x', number, 'x', '{{}}', 'f', {at}, {at}"
    with open_warehouse(settings).open("rows") as connection:
        connection.execute(
            f"insert into raw.spotify_streaming_history select {columns} from range(1500) as rows_of_it(number)"
        )
    assert [result.level for result in check_lake(settings)] == ["ok"]
    with open_warehouse(settings).open("a mistake") as connection:
        connection.execute("alter table raw.spotify_streaming_history set partitioned by (bucket(8, listener_id))")
    (found,) = check_lake(settings)
    assert found.level == "problem" and "raw.spotify_streaming_history: me (1,500)" in found.text


def test_a_database_that_is_away_is_a_problem(lake: Callable[..., Settings]) -> None:
    """And no traceback."""
    (found,) = check_lake(lake(warehouse="ducklake:postgres:host=127.0.0.1 port=1 dbname=x"))
    assert found.level == "problem"
