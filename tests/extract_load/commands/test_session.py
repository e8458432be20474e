"""The context of a command: opened from the settings, closed at the end, a run id of its own."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from extract_load.commands.session import context_of_a_command
from extract_load.core.errors import ConfigurationError


@pytest.fixture
def data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_settings_of_this_machine: None) -> Path:
    """Return the data directory that the environment names."""
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", os.devnull)
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "data" / "music_tracker.duckdb"))
    return tmp_path / "data"


def test_each_command_has_a_run_id_and_a_state_that_is_closed(data_dir: Path) -> None:
    """Also after an error."""
    with context_of_a_command("import") as first:
        assert first.settings.data_dir == data_dir
        first.state.put("a", "b", 1, first.clock.now())
    with pytest.raises(ZeroDivisionError), context_of_a_command("import") as second:
        assert second.state.get("a", "b") == 1
        raise ZeroDivisionError
    assert first.run_id.startswith("import-")
    assert first.run_id != second.run_id
    for context in (first, second):
        with pytest.raises(sqlite3.ProgrammingError):
            context.state.get("a", "b")


def test_a_wrong_setting_stops_before_anything_is_made(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No state file, no folder."""
    monkeypatch.setenv("ETL_HOUR", "noon")
    with pytest.raises(ConfigurationError, match="ETL_HOUR"), context_of_a_command("import"):
        pass
    assert not data_dir.exists()
