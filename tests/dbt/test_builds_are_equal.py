"""However things arrived, a build equals a full refresh from nothing, row for row, and no play is lost on the way.

The shared build's warehouse is built upon: polls, exports, answers and seeds arrive in random order, a file is erased,
and after each round the project is built on top of what it had built before. The short form compares with the compiled
SQL run from nothing in bare DuckDB, the long one with dbt's own full refresh, tests included.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from extract_load.storage.warehouse import CATALOGUE
from tests.dbt.arrivals import Arrivals
from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject
from tests.dbt.conftest import ROOT, Dbt

SCHEMAS = ("staging", "intermediate", "marts", "reporting")
SINCE_NOW = {"last_24_hours"}  # counts back from the moment of asking


class Living:
    """A warehouse that goes on from the session's build, with a project folder of its own, so that seeds can change."""

    def __init__(self, built: Dbt, folder: Path, seed: int) -> None:
        self.project = folder / "dbt_project"
        shutil.copytree(
            ROOT / "dbt_project", self.project, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb*")
        )
        self.dbt = Dbt(folder / "living", parsed_by=built)
        self.dbt.folder.mkdir()
        for old, new in ((built.warehouse, self.dbt.warehouse), (built.dev, self.dbt.dev)):
            shutil.copy(old, new)
        self.arrivals = Arrivals(self.dbt.warehouse, self.project / "seeds", random.Random(seed))

    def build(self, *arguments: str) -> None:
        done = self.dbt.run("build", *arguments, cwd=self.project)
        assert done.returncode == 0, (self.arrivals.log, done.stdout)


@pytest.fixture
def living(built: Dbt, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Living]:
    alive = Living(built, tmp_path, request.param)
    yield alive
    alive.arrivals.close()


@pytest.mark.parametrize("living", [11], indirect=True)
def test_a_build_on_top_equals_the_sql_from_nothing(living: Living, compiled: CompiledProject) -> None:
    """One round of arrivals, followed by a build without tests."""
    living.arrivals.arrive()
    living.build("--exclude-resource-type", "unit_test", "test")
    with_bare = BareWarehouse(compiled, [model.name for model in compiled.models])
    try:
        _fill(with_bare, living.dbt)
        with_bare.build()
        assert _differing(with_bare.connection, "dev") == {}, living.arrivals.log
    finally:
        with_bare.close()
    _no_play_is_lost(living.dbt)


@pytest.mark.long
@pytest.mark.parametrize("living", [1, 2, 3], indirect=True)
def test_a_build_on_top_equals_a_full_refresh(living: Living, tmp_path: Path) -> None:
    """Six rounds of arrivals; every build is green, and dbt's own full refresh makes the same rows in another file."""
    for number in range(6):
        living.arrivals.arrive()
        living.build("--exclude-resource-type", "unit_test")
        fresh = Dbt(tmp_path / f"fresh{number}", parsed_by=living.dbt.parsed_by)
        fresh.folder.mkdir()
        shutil.copy(living.dbt.warehouse, fresh.warehouse)
        done = fresh.run("build", "--full-refresh", "--exclude-resource-type", "unit_test", "test", cwd=living.project)
        assert done.returncode == 0, done.stdout
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"attach '{fresh.dev}' as dev (read_only)")
            connection.execute(f"attach '{living.dbt.dev}' as built (read_only)")
            connection.execute(f"attach '{fresh.warehouse}' as {CATALOGUE} (read_only)")
            assert _differing(connection, "dev") == {}, living.arrivals.log
        _no_play_is_lost(living.dbt)


def _fill(bare: BareWarehouse, dbt: Dbt) -> None:
    """Copy what landing and the seeds hold; attach what dbt made as `built`."""
    bare.copy_landed(dbt.warehouse)
    bare.connection.execute(f"attach '{dbt.dev}' as built (read_only)")
    bare.copy_tables("built", ["seeds"], bare.catalogue)


def _differing(connection: duckdb.DuckDBPyConnection, fresh: str) -> dict[str, tuple[int, int]]:
    """Count, for each relation, the rows that only the build has and those that only the fresh one has."""
    relations: dict[tuple[str, str], list[str]] = {}
    old_names = "select schema_name, view_name from duckdb_views() where database_name = 'built' and comment like ?"
    former = set(connection.execute(old_names, ["Now called %"]).fetchall())
    for schema, table, column in connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = 'built' order by all"
    ).fetchall():
        if schema in SCHEMAS and table not in SINCE_NOW and (schema, table) not in former:
            relations.setdefault((schema, table), []).append(f'"{column}"')
    assert len(relations) > 60
    differing = {}
    for (schema, table), columns in relations.items():
        chosen = ", ".join(columns)
        here, there = (f"select {chosen} from {catalogue}.{schema}.{table}" for catalogue in ("built", fresh))
        counts = connection.execute(
            f"select (select count(*) from ({here} except all {there})),"
            f" (select count(*) from ({there} except all {here}))"
        ).fetchall()[0]
        if counts != (0, 0):
            differing[f"{schema}.{table}"] = counts
    return differing


def _no_play_is_lost(dbt: Dbt) -> None:
    """Every landed row has one fate, and every play one row that counts it."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{dbt.warehouse}' as {CATALOGUE} (read_only)")
        connection.execute(f"attach '{dbt.dev}' as dev (read_only)")
        landed, fates, counted, plays = connection.execute(
            f"select (select count(*) from {CATALOGUE}.raw.spotify_recently_played)"
            f" + (select count(*) from {CATALOGUE}.raw.spotify_streaming_history),"
            " (select count(*) from dev.marts.fct_source_rows),"
            " (select count(distinct play_key) from dev.marts.fct_source_rows where fate = 'counted'),"
            " (select count(*) from dev.marts.fct_plays)"
        ).fetchall()[0]
    assert landed == fates
    assert counted == plays > 0
