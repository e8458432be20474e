"""Build the project once per test run, by one real dbt run over a temporary warehouse; many cheap tests read it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from extract_load.core.clock import SystemClock
from extract_load.storage.warehouse import CATALOGUE, apply_schema
from tests.dbt.bare_duckdb import CompiledProject
from tests.dbt.dbt_process import PARTIAL_PARSE, ROOT, Dbt
from tests.dbt.living import Living
from tests.dbt.raw_rows import write_stories
from tests.dbt.strategies import random_stories

__all__ = ["PARTIAL_PARSE", "ROOT", "Dbt"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """Build the project over ten listeners' stories, with all unit tests and data tests, and expect no failure."""
    dbt = Dbt(tmp_path_factory.mktemp("built"))
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{dbt.warehouse}' as {CATALOGUE}")
        connection.execute(f"use {CATALOGUE}")
        apply_schema(connection, SystemClock())
        write_stories(connection, random_stories(seed=5))
        connection.execute("drop table truth")
    done = dbt.run("build")
    assert done.returncode == 0, done.stdout
    assert "WARN=0" in done.stdout and "WARNING" not in done.stdout and "eprecat" not in done.stdout, done.stdout
    return dbt


@pytest.fixture(scope="session")
def compiled(built: Dbt) -> CompiledProject:
    """What dbt made of the models, as it ran in the first build."""
    return CompiledProject.load(built.target)


@pytest.fixture(scope="session")
def living(built: Dbt, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """Build on top of the first build, after one round of arrivals."""
    alive = Living(built, tmp_path_factory.mktemp("living"), seed=11)
    alive.arrivals.begin()
    alive.arrivals.arrive()
    alive.build("--exclude-resource-type", "unit_test", "test")
    assert alive.built_months() and "*" not in dict(alive.built_months())
    alive.windowed = CompiledProject.load(alive.dbt.target)
    yield alive
    alive.close()


@pytest.fixture(scope="session")
def windowed(living: Living) -> CompiledProject:
    """What dbt made of the models in a build that replaced some months."""
    assert living.windowed is not None
    return living.windowed
