"""The command line: every command is there, and an error is one sentence with the exit code of its kind."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
import typer

from extract_load import cli
from extract_load.core.errors import (
    AuthorizationNeeded,
    BadInput,
    ConfigurationError,
    QuotaExhausted,
    ServiceUnavailable,
)

COMMANDS = (
    *(
        "auth",
        "ingest",
        "import",
        "status",
        "doctor",
        "demo",
        "rebuild",
        "backup",
        "restore",
        "run",
        "compact",
        "forget",
    ),
    *("export", "move", "sandbox", "etl", "serve", "alert", "password", "page"),
)


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0)


def test_the_commands_of_every_layer_are_there() -> None:
    """Those of the layers above join through entry points."""
    app = cli.build_app()
    names = {
        command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
    }
    assert names == set(COMMANDS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("A setting is wrong.", hint="Fix it."), 2),
        (AuthorizationNeeded("Nobody is signed in."), 3),
        (ServiceUnavailable("Spotify did not answer."), 4),
        (QuotaExhausted("The budget is spent.", resume_at=datetime(2026, 11, 24)), 5),
        (BadInput("This is no export."), 6),
        (PermissionError(13, "Permission denied", "/data/x"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_error_is_one_sentence_with_its_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error; what the disk refuses is translated, Ctrl-C keeps the exit code of shells."""

    def build_app() -> typer.Typer:
        app = typer.Typer()

        @app.command()
        def fails() -> None:
            raise error

        return app

    monkeypatch.setattr(cli, "build_app", build_app)
    assert main([]) == code
    written = capsys.readouterr()
    assert "Traceback" not in written.err
    assert written.out == ""
    assert written.err.count("\n") == 1


def test_a_wrong_setting_stops_a_command_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    no_settings_of_this_machine: None,
) -> None:
    """Nothing is created."""
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", os.devnull)
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "data" / "music_tracker.duckdb"))
    monkeypatch.setenv("ETL_HOUR", "25")
    assert main(["status"]) == 2
    assert capsys.readouterr().err.startswith("ETL_HOUR: ")
    assert not (tmp_path / "data").exists()
