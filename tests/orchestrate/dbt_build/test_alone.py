"""dbt's steps alone, on a project of one seed, one model and one test: what they leave in the state."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.daily_run.local_steps import publish_last_build
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from orchestrate.dbt_build.alone import build_alone, run_tests_alone
from tests.support.small_dbt_project import small_dbt_project


@pytest.fixture
def context(settings: Settings, state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Context:
    """Return the context of a home whose dbt project is small."""
    monkeypatch.setenv("MUSIC_TRACKER_HOME", str(small_dbt_project(tmp_path / "root").parent))
    return Context(settings, Warehouse(settings), state, "a test")


def test_a_build_is_untested_until_its_tests_have_run(context: Context) -> None:
    """And is published only then; a failed blocking test keeps it back."""
    built = build_alone(context)
    assert (built.status, built.counts) == ("success", {"models": 1})
    assert context.state.get("dbt", "untested") is True
    assert "the build was not tested" in publish_last_build(context).message
    tested = run_tests_alone(context)
    assert (tested.status, tested.counts) == ("success", {"tests": 1, "warnings": 0})
    assert (context.state.get("dbt", "untested"), context.state.get("dbt", "last_build")["failed"]) == (False, [])
    assert publish_last_build(context).status == "success"
    with context.warehouse.open("a test") as connection:
        connection.execute("insert into marts.doubled values (7)")
    failed = run_tests_alone(context)
    assert (failed.status, failed.message) == ("failed", "Tests failed: none_is_odd (1 rows)")
    assert "none_is_odd" in publish_last_build(context).message
