"""What the last dbt build made again is read from the warehouse and said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from extract_load.publishing.last_build import describe_last_build, read_last_build

PLAYS = """
create schema marts;
create schema built;
create table marts.fct_plays as
select who as listener_id, cast(moment as timestamp) as ended_at
from (values ('me', '2025-01-31 23:59:59'), ('me', '2025-02-01'), ('me', '2025-02-28 23:00'), ('you', '2025-02-02'))
    as plays (who, moment);
create table built.months (listener_id varchar, month timestamp, reason varchar);
"""


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with four plays in three months of two listeners, of which a build made none."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(PLAYS)
        yield connection


def test_before_any_build_nothing_is_known() -> None:
    """An empty warehouse, as a first publishing meets it, has no answer."""
    with duckdb.connect(":memory:") as connection:
        assert read_last_build(connection) is None


def test_nothing_new(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A build that found no dirty month says so."""
    found = read_last_build(warehouse)
    assert found == {"months": 0, "plays": 0, "everything": False, "reasons": []}
    assert describe_last_build(found) == "The last build found nothing new in the plays."


def test_some_months(warehouse: duckdb.DuckDBPyConnection) -> None:
    """The plays of the months are counted, the reasons told once each; a month of another listener is another."""
    warehouse.execute(
        "insert into built.months values ('me', '2025-02-01', 'clock, rows'), ('me', '2025-03-01', 'rows')"
    )
    found = read_last_build(warehouse)
    assert found is not None and (found["months"], found["plays"]) == (2, 2)
    assert describe_last_build(found) == (
        "The last build made 2 months again, 2 plays (the clock was changed, rows came or went)."
    )
    warehouse.execute("delete from built.months where month = '2025-03-01'")
    found = read_last_build(warehouse)
    assert found is not None and "made 1 month again, 2 plays" in describe_last_build(found)


def test_everything(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A build of everything counts all plays, and gives its own reason only."""
    warehouse.execute(
        "insert into built.months values ('*', '1970-01-01', 'the project has changed'), ('me', '2025-02-01', 'rows')"
    )
    found = read_last_build(warehouse)
    assert found is not None
    assert describe_last_build(found) == "The last build made everything again, 4 plays (the project has changed)."
