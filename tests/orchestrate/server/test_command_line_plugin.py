"""Prefect's command line plug-in: bare deployment names, and the local server where none is set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrate.server.command_line_plugin import completed, setup_environment

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["deployment", "run", "daily-etl"], ["deployment", "run", "daily-etl/daily-etl"]),
        (
            ["deployment", "run", "spotify-ingestion", "--watch"],
            ["deployment", "run", "spotify-ingestion/spotify-ingestion", "--watch"],
        ),
        (["deployment", "run", "daily-etl/daily-etl"], ["deployment", "run", "daily-etl/daily-etl"]),
        (["deployment", "run", "somebody-elses"], ["deployment", "run", "somebody-elses"]),
        (["flow-run", "ls", "--flow-name", "daily-etl"], ["flow-run", "ls", "--flow-name", "daily-etl"]),
    ],
)
def test_bare_deployment_names_are_completed(given: list[str], meant: list[str]) -> None:
    """Only after `deployment`, and only ours."""
    assert completed(given) == meant


@pytest.mark.parametrize("program", ["/usr/bin/pytest", "music-tracker", "/srv/prefect/worker.py"])
def test_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Runs, workers and servers keep their arguments and their server."""
    monkeypatch.setattr(sys, "argv", [program, "deployment", "run", "daily-etl"])
    assert setup_environment(ctx=None) is None  # type: ignore[arg-type]
    assert sys.argv[1:] == ["deployment", "run", "daily-etl"]


def test_it_imports_nothing_heavy() -> None:
    """Every command of Prefect's loads it."""
    program = (
        "import sys, orchestrate.server.command_line_plugin;"
        " print([name for name in ('duckdb', 'dbt', 'orchestrate.deployments', 'orchestrate.server.api')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
