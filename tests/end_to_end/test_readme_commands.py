"""Every command in the documents is run by a test: here, or in the one that is named here."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.end_to_end.conftest import ROOT, Home, Lived
from tests.support.documents import commands_of, documents

MUSIC = "uv run music-tracker "
FLOWS = "uv run python prefect/orchestrate/"

HERE = {
    f"{MUSIC}import ~/Downloads/my_spotify_data.zip": 0,
    f"{MUSIC}ingest": 0,
    f"{MUSIC}status": None,  # the exit code reports health: plays of years ago have gaps
    f"{MUSIC}doctor": None,
    f"{MUSIC}export --to out/": 0,
    f"{MUSIC}backup /mnt/backup/music": 0,
}
HERE_LONG = {
    f"{MUSIC}backup verify /mnt/backup/music": 0,
    f"{MUSIC}restore /mnt/backup/music": 0,
    f"{MUSIC}rebuild": 0,
}
"""In their order, with the exit code that must come of them; None is any."""

ELSEWHERE = {
    f"{MUSIC}auth": "tests/end_to_end/test_readme_commands.py::test_signing_in",
    f"{MUSIC}etl": "tests/end_to_end/test_from_nothing_to_answers.py::test_a_run_ends_without_warning_or_traceback",
    f"{MUSIC}run read-tracks --limit 20": (
        "tests/extract_load/commands/test_run_step.py::test_a_limit_bounds_what_a_step_does"
    ),
    f"{MUSIC}serve": "tests/orchestrate/test_serving.py::test_serve_runs_a_deployment_and_ends_in_order",
    f"{FLOWS}deploy_flows.py --validate": "tests/orchestrate/test_commands.py::test_deploying_validates_first",
    f"{FLOWS}deploy_flows.py --spotify-only": (
        "tests/orchestrate/test_commands.py::test_deploying_again_changes_nothing_else"
    ),
    f"{FLOWS}deploy_flows.py --etl-only": (
        "tests/orchestrate/test_commands.py::test_deploying_again_changes_nothing_else"
    ),
    f"{FLOWS}prefect_flows.py --flow spotify --limit 10": "tests/orchestrate/test_commands.py::test_polling_by_hand",
    f"{FLOWS}prefect_flows.py --flow etl --config-env testing": (
        "tests/orchestrate/test_commands.py::test_a_run_with_testing_limits"
    ),
    f"{FLOWS}flow_config.py": "tests/orchestrate/test_flow_config.py::test_as_a_script_it_prints_what_is_in_effect",
    "prefect deployment run spotify-ingestion": (
        "tests/orchestrate/test_commands.py::test_a_deployment_is_run_by_its_name"
    ),
    "prefect deployment run daily-etl": "tests/orchestrate/test_commands.py::test_a_deployment_is_run_by_its_name",
    "docker-compose up -d prefect-server prefect-db": (
        "tests/orchestrate/test_compose.py::test_the_topology_runs_the_daily_etl"
    ),
    "docker-compose up -d worker": "tests/orchestrate/test_compose.py::test_the_topology_runs_the_daily_etl",
}
BY_THEIR_BEGINNING = {
    "uv run python -c": "tests/orchestrate/test_serving.py::test_a_subflow_runs_alone",
    "duckdb -readonly": (
        "tests/end_to_end/test_from_nothing_to_answers.py::test_the_queries_of_the_readme_run_as_printed"
    ),
    "duckdb -c": "tests/docs/test_commands.py::test_a_spool_file_is_read_without_us",
    "jq ": "tests/docs/test_commands.py::test_a_backup_is_checked_without_us",
}
SET_UP = (
    *("make ", "source .venv/bin/activate", "cp .env.example ", "export MUSIC="),
    *("git clone ", "git switch -c ", "git commit"),
)
"""What CI does before it comes here, what starts these tests, and plain shell."""


def commands() -> list[str]:
    """Return every command in the `bash` blocks of the documents."""
    return [command for document in documents() for command in commands_of(document)]


def test_every_command_has_its_test() -> None:
    """A new command in a document needs a line here; a test that is gone is noticed, too."""
    known = HERE.keys() | HERE_LONG.keys() | ELSEWHERE.keys()
    prefixes = (*SET_UP, *BY_THEIR_BEGINNING)
    untested = [one for one in commands() if one not in known and not one.startswith(prefixes)]
    assert untested == []
    assert known - set(commands()) == set()
    for place in {*ELSEWHERE.values(), *BY_THEIR_BEGINNING.values()}:
        path, _, test = place.partition("::")
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the commands share, in place of the paths of the README."""
    return tmp_path_factory.mktemp("the readme's paths")


def run(command: str, expected: int | None, lived: Lived, folder: Path) -> None:
    places = {
        "~/Downloads/my_spotify_data.zip": str(lived.export),
        "/mnt/backup/music": str(folder / "backup"),
        "out/": str(folder / "out"),
    }
    words = [places.get(word, word) for word in shlex.split(command.removeprefix(MUSIC))]
    done = lived.home.run(*words, expect=expected)
    assert done.stdout.strip()
    assert "Traceback" not in done.stdout + done.stderr
    assert "Usage:" not in done.stderr, done.stderr


@pytest.mark.parametrize(("command", "expected"), HERE.items(), ids=lambda value: str(value).removeprefix(MUSIC))
def test_a_command_runs_as_printed(command: str, expected: int | None, lived: Lived, folder: Path) -> None:
    """On the shared data directory, with paths of this test."""
    run(command, expected, lived, folder)


@pytest.mark.long
def test_the_commands_that_take_long_run_as_printed(lived: Lived, folder: Path) -> None:
    """One after another: they need the backup."""
    run(f"{MUSIC}backup /mnt/backup/music", 0, lived, folder)
    for command, expected in HERE_LONG.items():
        run(command, expected, lived, folder)


def test_signing_in(lived: Lived, tmp_path: Path) -> None:
    """`music-tracker auth` prints an address, is answered on its own loopback page, and keeps the token."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Home(tmp_path, {**lived.home.variables, "SPOTIFY_REDIRECT_URI": f"http://127.0.0.1:{port}/callback"})
    del home.variables["SPOTIFY_REFRESH_TOKEN"]
    process = subprocess.Popen(
        [sys.executable, "-m", "extract_load", "auth", "--no-browser"],
        env=home.environment | {"PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    address = next(line.strip() for line in process.stdout if line.startswith("  http"))
    assert requests.get(address, timeout=30).ok
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Signed in until" in printed
    home.run("ingest")
