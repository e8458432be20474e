"""A week after everything was built, everything is built again and compared; a difference is told by its table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from extract_load.core.settings import Settings
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from orchestrate.dbt_build.results import NodeResult, blocking_failures, split_failures
from orchestrate.dbt_build.weekly_refresh import (
    COMPARISON,
    EVERY,
    is_refresh_due,
    note_refresh,
    refresh_and_compare,
)
from tests.support.clock import ManualClock

BUILT = [NodeResult("fct_plays", "model", "ok")]


@pytest.fixture
def warehouse(settings: Settings) -> Warehouse:
    """A warehouse with one mart."""
    made = Warehouse(settings)
    with made.open("test") as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.fct_plays as select i as play_key from range(3) as plays (i)")
    return made


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    """An empty state."""
    opened = State(settings.state_path)
    yield opened
    opened.close()


def test_it_is_due_a_week_after_the_last(state: State) -> None:
    """A new installation builds everything anyway; a minute less than a week is too soon."""
    clock = ManualClock()
    assert not is_refresh_due(state, clock)
    note_refresh(state, clock)
    clock.forward((EVERY - timedelta(minutes=1)).total_seconds())
    assert not is_refresh_due(state, clock)
    clock.forward(60)
    assert is_refresh_due(state, clock)


def test_equal_marts_say_nothing(warehouse: Warehouse, state: State) -> None:
    """The same rows in another order are the same; the next refresh is a week away."""
    clock = ManualClock()

    def build() -> list[NodeResult]:
        with warehouse.open("build") as connection:
            connection.execute(
                "create or replace table marts.fct_plays as select 2 - i as play_key from range(3) t (i)"
            )
        return BUILT

    with warehouse.hold("daily-etl: dbt build"):
        assert refresh_and_compare(warehouse, state, clock, build) == []
    assert state.get("dbt", "full_refresh") is not None and not is_refresh_due(state, clock)


def test_a_difference_keeps_nothing_from_readers_until_both_agree(warehouse: Warehouse, state: State) -> None:
    """It is neither a failed nor an advisory test, so the file is published; the next build is one of everything."""
    clock = ManualClock()

    def build() -> list[NodeResult]:
        with warehouse.open("build") as connection:
            connection.execute("insert into marts.fct_plays values (7)")
        return BUILT

    found = refresh_and_compare(warehouse, state, clock, build)
    assert [(node.name, node.message) for node in found] == [(COMPARISON, "marts.fct_plays has 4 rows instead of 3")]
    assert split_failures(found) == ([], []) and blocking_failures(found) == []
    assert is_refresh_due(state, clock)
    assert refresh_and_compare(warehouse, state, clock, lambda: BUILT) == []
    assert not is_refresh_due(state, clock)


def test_a_build_that_fails_is_no_comparison(warehouse: Warehouse, state: State) -> None:
    """What failed is handed on, and a refresh stays due."""
    failed = NodeResult("fct_plays", "model", "failed", "out of memory")
    assert refresh_and_compare(warehouse, state, ManualClock(), lambda: [failed]) == [failed]
    assert state.get("dbt", "full_refresh") is None
