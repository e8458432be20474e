"""The fingerprint of the project changes with what can change a fact, and with nothing else."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.dbt_process import ROOT

_PLUGIN_FILE = ROOT / "dbt_project" / "plugins" / "project_fingerprint.py"


@pytest.fixture
def module() -> Any:
    """Return the module, as dbt-duckdb finds it."""
    spec = importlib.util.spec_from_file_location("project_fingerprint", _PLUGIN_FILE)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project's files."""
    copied = tmp_path / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", copied, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb*"))
    return copied


def test_the_same_files_have_the_same_fingerprint(module: Any, project: Path) -> None:
    """Wherever they lie, and whatever reports, seeds and tests are there."""
    here = module.fingerprint_project(ROOT / "dbt_project")
    for name in ("models/reporting/habits/streaks.sql", "seeds/excluded_artists.csv", "tests/blocking/new.sql"):
        (project / name).write_text("changed", encoding="utf-8")
    assert module.fingerprint_project(project) == here


@pytest.mark.parametrize(
    "name",
    [
        "dbt_project.yml",
        "macros/play_rules.sql",
        "macros/incremental/dirty_months.sql",
        "models/staging/spotify/stg_spotify__tracks.sql",
        "models/intermediate/tracks/int_tracks__resolved.sql",
        "models/marts/plays/fct_plays.sql",
        "models/marts/plays/_plays__models.yml",
    ],
)
def test_each_file_that_leads_to_a_fact_counts(module: Any, project: Path, name: str) -> None:
    """One more comment is another fingerprint; so is a file that is gone."""
    before = module.fingerprint_project(project)
    file = project / name
    file.write_text(file.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    changed = module.fingerprint_project(project)
    file.unlink()
    assert len({before, changed, module.fingerprint_project(project)}) == 3


def test_a_version_counts(module: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another dbt or DuckDB may build other rows."""
    before = module.fingerprint_project(project)
    monkeypatch.setattr(module, "version", lambda name: f"99 of {name}")
    assert module.fingerprint_project(project) != before
