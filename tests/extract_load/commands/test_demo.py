"""The demo keeps to data/demo: its own settings, Prefect home and files; the whole run is an end-to-end test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from extract_load.commands.demo import RUN_RECORDS, _environment, _remove_last_demo, _variables
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import load_settings


def test_nothing_of_the_users_settings_reaches_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_settings_of_this_machine: None
) -> None:
    """Neither from the environment nor from `.env`; the file with the sandbox's secret is the user's alone."""
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", "mine")
    monkeypatch.setenv("PREFECT_API_URL", "http://mine")
    monkeypatch.setenv("PATH_TO_KEEP", "kept")
    environment = _environment(tmp_path, {"SPOTIFY_CLIENT_ID": "demo", "SPOTIFY_CLIENT_SECRET": "of the sandbox"})
    assert "mine" not in " ".join(environment.values())
    assert (environment["PATH_TO_KEEP"], environment["PREFECT_HOME"]) == ("kept", str(tmp_path / RUN_RECORDS))
    env_file = Path(environment["MUSIC_TRACKER_ENV_FILE"])
    assert env_file.stat().st_mode & 0o777 == 0o600
    monkeypatch.delenv("SPOTIFY_CLIENT_SECRET")
    settings = load_settings(env_file=env_file)
    assert settings.music_tracker_demo
    assert settings.data_dir == tmp_path
    assert settings.spotify_client_id == "demo"


def test_the_last_demo_is_removed_but_for_prefects_database(tmp_path: Path) -> None:
    """That one is slow to make, and says what ran before."""
    for name in ("src/a", "published/b", f"{RUN_RECORDS}/prefect.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "music_tracker.duckdb").touch()
    _remove_last_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [RUN_RECORDS]
    assert (tmp_path / RUN_RECORDS / "prefect.db").exists()


def sandbox_that_prints(text: str) -> subprocess.Popen[str]:
    """Start a process that prints a text in place of the sandbox."""
    return subprocess.Popen([sys.executable, "-c", f"print({text!r})"], stdout=subprocess.PIPE, text=True)


def test_the_variables_of_the_sandbox_are_read_until_it_is_ready() -> None:
    """Quoted as for a shell."""
    with sandbox_that_prints("export A=1\nexport B='two words'\n# ready\nexport C=3") as process:
        assert _variables(process) == {"A": "1", "B": "two words"}


def test_a_sandbox_that_does_not_start_is_one_sentence() -> None:
    """With the command that shows why."""
    with (
        sandbox_that_prints("Traceback ...") as process,
        pytest.raises(ServiceUnavailable, match="music-tracker sandbox"),
    ):
        _variables(process)
