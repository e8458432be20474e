"""The project holds with nothing, with polls alone, with exports alone, and always without enrichment.

Quick: the compiled models and blocking tests in bare DuckDB. At length: dbt itself, from both working directories.
"""

from __future__ import annotations

import copy
from pathlib import Path

import duckdb
import pytest

from extract_load.core.clock import SystemClock
from extract_load.storage.warehouse import CATALOGUE, apply_schema
from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject
from tests.dbt.dbt_process import ROOT, Dbt
from tests.dbt.play_history import Story
from tests.dbt.raw_rows import write_stories
from tests.dbt.strategies import random_stories

SCENARIOS = ("nothing", "polls only", "exports only")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_all_models_and_blocking_tests_hold(compiled: CompiledProject, scenario: str) -> None:
    """Every model of the project can be made, and no blocking test finds a row."""
    warehouse = BareWarehouse(compiled, [model.name for model in compiled.models])
    write_stories(warehouse.connection, _stories(scenario))
    warehouse.build()
    found = {name: warehouse.rows(sql) for name, sql in compiled.blocking_tests.items()}
    assert len(found) > 50
    assert {name: rows for name, rows in found.items() if rows} == {}


@pytest.mark.long
@pytest.mark.parametrize("cwd", [ROOT, ROOT / "dbt_project"], ids=["root", "dbt_project"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_dbt_build_is_green_and_silent(tmp_path: Path, scenario: str, cwd: Path) -> None:
    """`dbt build` with nothing but paths set ends well, with no warning and no deprecation."""
    dbt = Dbt(tmp_path)
    if scenario != "nothing":
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"attach '{dbt.warehouse}' as {CATALOGUE}")
            connection.execute(f"use {CATALOGUE}")
            apply_schema(connection, SystemClock())
            write_stories(connection, _stories(scenario))
            connection.execute("drop table truth")
    done = dbt.run("build", "--exclude-resource-type", "unit_test", cwd=cwd)
    assert done.returncode == 0, done.stdout
    assert "WARN=0" in done.stdout and "WARNING" not in done.stdout and "eprecat" not in done.stdout, done.stdout


def test_a_warehouse_in_use_is_reported_plainly(built: Dbt, tmp_path: Path) -> None:
    """With the file open elsewhere, dbt ends with our sentence for it, not with DuckDB's."""
    dbt = Dbt(tmp_path, parsed_by=built)
    with duckdb.connect(str(dbt.warehouse)):
        done = dbt.run("run", "--select", "stg_ops__polls")
    assert done.returncode != 0
    assert "warehouse file is open in" in done.stdout


def _stories(scenario: str) -> list[Story]:
    stories = [copy.copy(story) for story in random_stories(seed=7)] if scenario != "nothing" else []
    for story in stories:
        if scenario == "polls only":
            story.exports = []
        else:
            story.items = []
    return stories
