"""`music-tracker move`, as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from extract_load.commands import move
from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from tests.support.data_directories import open_data_directory
from tests.support.lake import lake, servers

__all__ = ["lake", "servers"]


def app() -> typer.Typer:
    """Return a command line of this command alone."""
    made = typer.Typer()
    move.register(made)
    return made


@pytest.mark.long
def test_it_moves_and_says_what_comes_next(
    lake: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of both sides, and the next command."""
    settings = lake("home")
    with open_data_directory(tmp_path / "home") as home:
        home.fill(days=1)
    monkeypatch.setattr("extract_load.commands.move.load_settings", lambda: settings)
    said = CliRunner().invoke(app(), ["--to", "lake"]).output
    assert "6 files copied, 6 landed" in said and "45 plays of polls" in said and "music-tracker lake build" in said


def test_another_word_is_refused() -> None:
    """Before anything is opened."""
    done = CliRunner().invoke(app(), ["--to", "cloud"])
    assert isinstance(done.exception, ConfigurationError)
