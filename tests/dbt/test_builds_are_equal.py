"""However things arrived, a build equals a full refresh from nothing, row for row, and no play is lost on the way.

The shared build's warehouse is built upon: polls, exports, answers and seeds arrive in random order, files and rows are
erased, and after each round dbt builds the project on top of what it had built before. The short form compares with the
compiled SQL run from nothing in bare DuckDB, the long ones with dbt's own full refresh, tests included. Many more
series of arrivals, on the facts alone: test_builds_by_month.py.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from extract_load.storage.warehouse import CATALOGUE
from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject
from tests.dbt.dbt_process import Dbt
from tests.dbt.living import Living

SCHEMAS = ("staging", "marts", "reporting")  # what the chain of plays holds after a build are the months of that build
SINCE_NOW = {"last_24_hours"}  # counts back from the moment of asking


def test_a_build_on_top_equals_the_sql_from_nothing(living: Living, compiled: CompiledProject) -> None:
    """Half of the files and a round of arrivals, followed by a build of the dirty months, without tests."""
    with_bare = BareWarehouse(compiled, [model.name for model in compiled.models])
    try:
        _fill(with_bare, living.dbt)
        with_bare.build()
        assert _differing(with_bare.connection, "dev") == {}, living.arrivals.log
    finally:
        with_bare.close()
    _no_play_is_lost(living.dbt)


def test_what_is_the_same_is_left_alone(living: Living) -> None:
    """Nothing arrived but a line of a seed: what is made of it is built, and nothing else of marts and reports is."""
    living.build("--exclude-resource-type", "unit_test", "test")  # the chain lets the months of the last build go
    living.write_seed("genre_families", "match_kind,pattern,family\nexact,zydeco,Folk\n")
    living.build("--exclude-resource-type", "unit_test", "test")
    built = {name for name, message in living.messages().items() if message != "UNCHANGED"}
    assert "dim_genre" in built
    assert not built & {"stg_spotify__tracks", "dim_track", "dim_artist", "dim_date", "fct_plays", "fct_trips"}
    assert living.built_months() == []


def test_a_changed_model_makes_everything_dirty(living: Living) -> None:
    """After a finished build nothing is dirty; after a change of one file of a fact everything is."""
    assert living.dirty_months() == []
    model = living.project / "models" / "marts" / "plays" / "fct_sessions.sql"
    model.write_text(model.read_text(encoding="utf-8").replace("with\n", "-- Changed.\nwith\n", 1), encoding="utf-8")
    done = living.dbt.run("run", "--select", "int_dirty__months", cwd=living.project)
    assert done.returncode == 0, done.stdout
    assert ("*", "the project has changed") in living.dirty_months()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_build_on_top_equals_a_full_refresh(built: Dbt, tmp_path: Path, seed: int) -> None:
    """Six rounds of arrivals; every build is green, and dbt's own full refresh makes the same rows in another file."""
    alive = Living(built, tmp_path, seed)
    alive.arrivals.begin()
    for number in range(6):
        alive.arrivals.arrive()
        alive.build("--exclude-resource-type", "unit_test")
        _equals_a_full_refresh(alive, tmp_path / f"fresh{number}")
    alive.close()


@pytest.mark.long
def test_a_killed_build_is_finished_by_the_next(built: Dbt, tmp_path: Path, seed_of: Callable[[str], int]) -> None:
    """dbt is killed after some of its models, many times over; each time the next build equals a full refresh."""
    rng = random.Random(seed_of("KILL_SEED"))
    alive = Living(built, tmp_path, rng.randrange(2**16))
    alive.arrivals.begin()
    for number in range(6):
        alive.arrivals.arrive()
        alive.dbt.kill_after(rng.randrange(1, 140), "build", "--exclude-resource-type", "unit_test", cwd=alive.project)
        if rng.random() < 0.5:
            alive.arrivals.arrive()
        alive.build("--exclude-resource-type", "unit_test")
        _equals_a_full_refresh(alive, tmp_path / f"fresh{number}")
    alive.close()


@pytest.mark.long
def test_a_changed_var_or_version_makes_everything_dirty(built: Dbt, tmp_path: Path) -> None:
    """A var of the command line is seen when it comes and when it goes; so is another dbt, here by its fingerprint."""
    alive = Living(built, tmp_path, seed=4)
    models = ("--exclude-resource-type", "unit_test", "test")
    for arguments in (("--vars", "{match_window: 60}"), ()):
        alive.build(*models, *arguments)
        assert alive.built_months() == [("*", "the project has changed")]
        alive.build(*models, *arguments)
        assert alive.built_months() == []
    with duckdb.connect(str(alive.dbt.dev)) as connection:
        connection.execute("update built.project set fingerprint = 'of another dbt'")
    alive.build(*models)
    assert alive.built_months() == [("*", "the project has changed")]
    alive.close()


def _equals_a_full_refresh(alive: Living, folder: Path) -> None:
    fresh = Dbt(folder, parsed_by=alive.dbt.parsed_by)
    fresh.folder.mkdir()
    shutil.copy(alive.dbt.warehouse, fresh.warehouse)
    done = fresh.run("build", "--full-refresh", "--exclude-resource-type", "unit_test", "test", cwd=alive.project)
    assert done.returncode == 0, done.stdout
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{fresh.dev}' as dev (read_only)")
        connection.execute(f"attach '{alive.dbt.dev}' as built (read_only)")
        connection.execute(f"attach '{fresh.warehouse}' as {CATALOGUE} (read_only)")
        assert _differing(connection, "dev") == {}, alive.arrivals.log
    _no_play_is_lost(alive.dbt)


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
    assert len(relations) > 50
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
