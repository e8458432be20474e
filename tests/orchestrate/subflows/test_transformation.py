"""Transformation: what was not built is not tested, what was not tested is not published, what did not change is not
built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import published_path_of
from extract_load.core.settings import Settings
from extract_load.daily_run.local_steps import NOT_TESTED, publish_last_build
from extract_load.maintenance.listener_changes import add_listener
from extract_load.monitoring.health import health
from extract_load.storage.state import State, to_iso
from extract_load.storage.writer_lock import WriterLock
from orchestrate.dbt_build.alone import BUILD, TEST, record_build
from orchestrate.dbt_build.weekly_refresh import EVERY, is_refresh_due
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.subflows.transformation import transformation_subflow
from tests.support.small_dbt_project import small_dbt_project


def test_a_busy_warehouse_fails_the_build_and_publishes_nothing(settings: Settings) -> None:
    """The sentences say who uses the warehouse, and that readers keep their file."""
    with (
        WriterLock(settings.lock_path).held("a long import", 1),
        shared_run(FlowConfig(environment="testing"), "a-run") as run,
    ):
        ended = transformation_subflow(None, "a-run", return_state=True)
        assert "a long import" in run.results[BUILD].message
        assert NOT_TESTED in run.results["publish"].message
        assert "run the tests" not in run.results
    assert (ended.type.value, ended.name) == ("FAILED", "Failed")
    assert not settings.published_path.exists()


def test_it_is_skipped_as_long_as_nothing_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On a small dbt project: a run with nothing new, one that is forced, one with another model."""
    project = small_dbt_project(tmp_path / "root")
    monkeypatch.setenv("MUSIC_TRACKER_HOME", str(project.parent))

    def ends(**options: Any) -> tuple[str, str, dict[str, str]]:
        with shared_run(FlowConfig(environment="testing"), "a-run") as run:
            ended = transformation_subflow(None, "a-run", return_state=True, **options)
            return ended.type.value, ended.name, {name: result.status for name, result in run.results.items()}

    done = {BUILD: "success", TEST: "success", "publish": "success"}
    assert ends() == ("COMPLETED", "Completed", done)
    first = settings.published_path.stat().st_mtime_ns
    assert ends() == ("COMPLETED", "Skipped", {"transformation": "no_updates"})
    assert settings.published_path.stat().st_mtime_ns == first
    assert ends(force=True)[2] == done
    model = project / "models/staging/doubled.sql"
    model.write_text(model.read_text().replace("2 * number", "number"))
    assert ends() == ("FAILED", "Failed", {**done, TEST: "failed", "publish": "failed"})


def test_a_run_for_one_listener_leaves_the_others_to_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Her file is new, his is as it was, and the run of all that follows is not skipped."""
    project = small_dbt_project(tmp_path / "root")
    monkeypatch.setenv("MUSIC_TRACKER_HOME", str(project.parent))
    model = project / "models/staging/doubled.sql"
    model.write_text(model.read_text().replace("select", "select 'me' as listener_id,", 1))
    for name in ("anna", "bob"):
        add_listener(settings, Listener(name))
    files = {name: published_path_of(settings, name) for name in ("me", "anna", "bob")}

    def ends(*named: str) -> tuple[str, set[str]]:
        """Return how a run ended, and whose files are there."""
        with shared_run(FlowConfig(environment="testing"), "a-run") as run:
            run.work_for(named)
            ended = transformation_subflow(None, "a-run", return_state=True, force=bool(named))
        return str(ended.name), {name for name, file in files.items() if file.exists()}

    assert ends("anna") == ("Completed", {"anna"})
    assert ends() == ("Completed", {"anna", "bob", "me"})
    assert ends()[0] == "Skipped"


def test_a_weekly_build_that_differs_alerts_and_is_published(
    settings: Settings, state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Readers get the rows of the full build, nothing new is built afterwards, and the next build compares again."""
    project = small_dbt_project(tmp_path / "root")
    monkeypatch.setenv("MUSIC_TRACKER_HOME", str(project.parent))
    model = project / "models/staging/doubled.sql"
    as_it_was = model.read_text()
    model.write_text("{{ config(schema='marts', materialized='table') }} select 2 as number, random() as other")

    def ends(**options: Any) -> str:
        with shared_run(FlowConfig(environment="testing"), "a-run") as run:
            name = str(transformation_subflow(None, "a-run", return_state=True, **options).name)
            if run.nodes:
                record_build(state, run.nodes, run.clock)  # as the recorder of the whole run does
            assert is_refresh_due(state, run.clock) == bool(alerts())
            return name

    def alerts() -> list[str]:
        return [line.key for line in health(settings, state).alerts() if line.key == "weekly-build"]

    assert (ends(), alerts()) == ("Completed", [])
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        state.put("dbt", "full_refresh", {"at": to_iso(run.clock.now() - EVERY)}, run.clock.now())
    first = settings.published_path.stat().st_mtime_ns
    assert (ends(force=True), alerts()) == ("Completed", ["weekly-build"])
    assert settings.published_path.stat().st_mtime_ns > first
    assert ends() == "Skipped"
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        assert publish_last_build(run.context()).status == "success"
    model.write_text(as_it_was)
    assert (ends(), alerts()) == ("Completed", [])
