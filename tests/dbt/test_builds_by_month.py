"""Whatever arrives, is forgotten or changes, and where a build is killed: the months that a build replaces are right.

Random series of arrivals, each followed by a build of what is dirty; the facts equal a build from nothing, row for row.
And a bug put into what decides the months, or into how they are replaced, does not get through.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from extract_load.storage.warehouse import CATALOGUE
from tests.dbt.arrivals import Arrivals
from tests.dbt.bare_duckdb import CompiledProject
from tests.dbt.monthly_builds import MonthlyWarehouse
from tests.dbt.months_of_plays import stories_of_months

ROUNDS = 3
Bug = Callable[[str, str], str]


class Series:
    """Rounds of arrivals at one warehouse, all chosen by a seed."""

    def __init__(self, warehouse: MonthlyWarehouse, seed: int) -> None:
        self.warehouse, self.rng = warehouse, random.Random(seed)
        stories = stories_of_months(self.rng)
        self.arrivals = Arrivals(warehouse.connection, nullcontext, warehouse.write_seed, self.rng, stories)
        self.arrivals.begin()
        warehouse.build()

    def next_round(self) -> dict[str, int]:
        """Let things arrive, perhaps kill a build, build, and return by how many rows each fact is wrong."""
        self.arrivals.arrive(self.rng.choice((1, 1, 2, 3)))
        if self.rng.random() < 0.4:
            model = self.rng.randrange(len(self.warehouse.windowed))
            self.warehouse.build(killed_before=model)
            self.arrivals.log.append(f"killed before {self.warehouse.windowed[model].name}")
            if self.rng.random() < 0.5:
                self.arrivals.arrive(1)
        self.warehouse.build()
        return self.warehouse.differences()


def _wrong_round(warehouse: MonthlyWarehouse, seed: int, rounds: int = ROUNDS) -> tuple[dict[str, int], list[str]]:
    """Return what is wrong after the first round that is wrong, and what had arrived; nothing when all are right."""
    series = Series(warehouse, seed)
    try:
        for _ in range(rounds):
            wrong = series.next_round()
            if wrong:
                return wrong, series.arrivals.log
        return {}, series.arrivals.log
    finally:
        warehouse.close()


@pytest.mark.parametrize("seed", [1, 5, 20])
def test_a_build_by_month_equals_one_from_nothing(
    compiled: CompiledProject, windowed: CompiledProject, tmp_path: Path, seed: int
) -> None:
    """Three rounds each."""
    wrong, log = _wrong_round(MonthlyWarehouse(compiled, windowed, tmp_path), seed)
    assert wrong == {}, log


@pytest.mark.long
def test_a_build_by_month_equals_one_from_nothing_at_length(
    compiled: CompiledProject, windowed: CompiledProject, tmp_path: Path, seed_of: Callable[[str], int]
) -> None:
    """50 seeds of ten rounds, others each time; MONTHS_SEED tells the same again."""
    first = seed_of("MONTHS_SEED")
    for seed in range(first, first + 50):
        wrong, log = _wrong_round(MonthlyWarehouse(compiled, windowed, tmp_path), seed, rounds=10)
        assert wrong == {}, (seed, log)


def test_a_build_with_nothing_new_replaces_nothing(
    compiled: CompiledProject, windowed: CompiledProject, tmp_path: Path
) -> None:
    """The second build finds no dirty month; one poll more dirties the month of its plays and no other."""
    warehouse = MonthlyWarehouse(compiled, windowed, tmp_path)
    Series(warehouse, seed=1)
    warehouse.build(killed_before=_place_of(warehouse, "int_plays__timed"))
    assert warehouse.rows(f"from {warehouse.catalogue}.intermediate.int_dirty__months") == []
    assert warehouse.rows(f"from {warehouse.catalogue}.intermediate.int_plays__export_rows") == []
    warehouse.rows(
        f"insert into {CATALOGUE}.raw.spotify_recently_played"
        " select * replace (timestamp '2025-04-10' as played_at, 'new' as source_file)"
        f" from {CATALOGUE}.raw.spotify_recently_played limit 1"
    )
    warehouse.build(killed_before=_place_of(warehouse, "int_plays__timed"))
    dirty = warehouse.rows(f"select month, reason from {warehouse.catalogue}.intermediate.int_dirty__months")
    assert [(f"{month:%Y-%m}", reason) for month, reason in dirty] == [("2025-04", "rows")]
    warehouse.close()


def _margin_0(model: str, sql: str) -> str:
    """The chain is given the dirty months alone."""
    chain = ("int_plays__export_rows", "int_plays__poll_items", "int_dirty__offline_days")
    return sql.replace("interval '2 days'", "interval '0 days'") if model in chain else sql


def _no_neighbour(model: str, sql: str) -> str:
    """A change near the edge of a month is one of its month only."""
    for side in ("spans.from_at - interval '2 days'", "spans.until_at + interval '2 days'"):
        sql = _replaced(model, sql, "int_dirty__months", side, side.split()[0])
    return sql


def _no_lost_spans(model: str, sql: str) -> str:
    """Coverage, clocks and exclusions are seen when they come, not when they go."""
    return _replaced(model, sql, "int_dirty__spans", ") <> exists (", ") and not exists (")


def _no_lost_plays(model: str, sql: str) -> str:
    """An excluded play is seen, and not that it is let in again."""
    old = "select * from pointers_before\n            except\n            select * from pointers"
    return _replaced(model, sql, "int_dirty__moments", old, "select * from pointers_before where false")


def _no_offline_days(model: str, sql: str) -> str:
    """The rows that report an offline play of a dirty month stay away when they ended in another."""
    return _replaced(model, sql, "int_dirty__offline_days", "where ended_at <> reported_end_at", "where false")


def _replaced(model: str, sql: str, name: str, old: str, new: str) -> str:
    """Change one place in one model; the place must be there, else the test would test nothing."""
    if model != name:
        return sql
    assert sql.count(old) == 1, f"{name} has changed: {old!r} is there {sql.count(old)} times"
    return sql.replace(old, new)


@pytest.mark.parametrize(
    ("bug", "seed"),
    [(_margin_0, 20), (_no_neighbour, 41), (_no_lost_spans, 5), (None, 1)],
    ids=["margin 0", "no neighbour", "no lost spans", "nothing deleted"],
)
def test_a_seeded_bug_is_caught(
    compiled: CompiledProject, windowed: CompiledProject, tmp_path: Path, bug: Bug | None, seed: int
) -> None:
    """A series is wrong with the bug; that such series are right without it is the test above."""
    warehouse = (
        MonthlyWarehouse(compiled, windowed, tmp_path, forgets_to_delete=True)
        if bug is None
        else MonthlyWarehouse(compiled, windowed, tmp_path, mutate=bug)
    )
    assert _wrong_round(warehouse, seed)[0] != {}


@pytest.mark.parametrize("bug", [None, _no_lost_plays], ids=["as it is", "no lost plays"])
def test_a_play_that_is_let_in_again_counts_again(
    compiled: CompiledProject, windowed: CompiledProject, tmp_path: Path, bug: Bug | None
) -> None:
    """A play comes into the seed excluded_plays and leaves it; with the bug it stays excluded."""
    warehouse = MonthlyWarehouse(compiled, windowed, tmp_path, mutate=bug or (lambda _, sql: sql))
    Series(warehouse, seed=1)
    excluded = f"select count(*) from {warehouse.catalogue}.marts.fct_plays where exclusion_reason = 'play: noise'"
    ((key,),) = warehouse.rows(f"select min(play_key) from {warehouse.catalogue}.marts.fct_plays where is_counted")
    warehouse.write_seed("excluded_plays", f"play_key,reason\n{key},noise\n")
    assert not warehouse.build() and warehouse.rows(excluded) == [(1,)] and warehouse.differences() == {}
    warehouse.write_seed("excluded_plays", "play_key,reason\n")
    assert not warehouse.build() and (warehouse.differences() == {}) == (bug is None)
    warehouse.close()


def _place_of(warehouse: MonthlyWarehouse, name: str) -> int:
    return [model.name for model in warehouse.windowed].index(name)
