"""Maintenance: only what is due runs, one task each, and a trouble of it is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract_load.core.settings import Settings
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import shared_run
from orchestrate.subflows.maintenance import is_maintenance_due, maintenance_subflow


def test_the_upkeep_runs_once_a_week(settings: Settings) -> None:
    """Right after it, nothing is due."""
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        assert is_maintenance_due(run)
        ended = maintenance_subflow(None, "a-run", return_state=True)
        assert {name: result.status for name, result in run.results.items()} == {"tidy up": "no_updates"}
        assert ended.is_completed()
        assert not is_maintenance_due(run)
    assert settings.warehouse_path.exists()


def test_a_missing_drive_is_reported(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The upkeep is done all the same, and nothing is written in the place of the drive."""
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path / "drive"))
    with shared_run(FlowConfig(environment="testing"), "a-run") as run:
        ended = maintenance_subflow(None, "a-run", return_state=True)
        assert (run.results["tidy up"].status, run.results["back up"].status) == ("no_updates", "failed")
        assert "is its drive mounted?" in run.results["back up"].message
    assert (ended.type.value, ended.name) == ("FAILED", "Partial")
    assert not (tmp_path / "drive").exists()
