"""The catalogue, the command line's bare names, the pages of a run, and the shape of the package: no server needed."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import prefect
import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import load_settings
from extract_load.monitoring.health import CheckResult, Health
from extract_load.monitoring.run_log import RunRecord, TaskRecord
from orchestrate.console import DropPrefectNoise
from orchestrate.dbt_build.results import NodeResult, blocking_failures, summarize_build, summarize_tests
from orchestrate.deployments import CATALOGUE, build, names_of
from orchestrate.runs.report import summary
from orchestrate.server.command_line_plugin import completed

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 5, 0)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_each_deployment_can_be_built(entry: object) -> None:
    """It bears its flow's name and is found by module, wherever the project lies."""
    assert isinstance(entry, type(CATALOGUE[0]))
    deployment = build(entry, load_settings(), pooled=True)
    assert entry.flow().name == deployment.name == entry.name
    assert deployment.entrypoint == f"{entry.module}.{entry.function}"
    assert deployment.work_pool_name == "music-tracker"
    assert deployment.description


def test_schedules_follow_the_settings() -> None:
    """Polling at its interval on a beat of this home's own; the daily run at its hour in the listener's zone."""
    ours = load_settings(ingest_interval_minutes=20, etl_hour=4, listener_timezone="Asia/Tokyo")
    ingestion, etl = (entry.schedule(ours) for entry in CATALOGUE)
    assert ingestion.interval == timedelta(minutes=20)
    other = CATALOGUE[0].schedule(load_settings(duckdb_path="elsewhere/music_tracker.duckdb"))
    assert other.anchor_date != ingestion.anchor_date
    assert (etl.cron, etl.timezone) == ("0 4 * * *", "Asia/Tokyo")


def test_names_of_what_is_wanted() -> None:
    """--spotify-only, --etl-only, or both."""
    assert names_of(ingestion=True, etl=True) == ("spotify-ingestion", "daily-etl")
    assert names_of(ingestion=False, etl=True) == ("daily-etl",)


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


def test_the_folder_prefect_hides_no_package() -> None:
    """`prefect/` is a source root: with an __init__.py it would be imported instead of Prefect."""
    assert not (ROOT / "prefect" / "__init__.py").exists()
    assert not (ROOT / "tests" / "prefect").exists()
    assert "site-packages" in str(prefect.__file__)
    found = subprocess.run(
        [sys.executable, "-c", "import prefect, orchestrate; print(prefect.__file__)"],
        *(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site-packages" in found.stdout


def test_imports_go_down_only() -> None:
    """extract_load knows neither Prefect nor dbt, but for the old import path of the configuration."""
    for path in (ROOT / "extract_load").rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        words = [line.split() for line in lines if line.strip().startswith(("import ", "from "))]
        imported = {parts[1].split(".")[0] for parts in words}
        assert not imported & {"prefect", "dbt", "prefect_dbt", "orchestrate"}, path


def nodes() -> list[NodeResult]:
    """Return the results of a build with troubles of every kind."""
    return [
        NodeResult("fct_plays", "model", "ok", seconds=2.5),
        NodeResult("dim_artist", "model", "failed", "Binder Error | no such column"),
        NodeResult("top_artists", "model", "skipped"),
        NodeResult("unique_play_key", "test", "failed", "Got 3 results", rows=3, blocking=True),
        NodeResult("coordinates_are_near", "test", "warned", "Got 1 result", rows=1),
        NodeResult("not_null_play_key", "test", "ok", blocking=True),
    ]


def test_what_must_not_be_published() -> None:
    """A failed blocking test and a model that was not built; never an advisory test."""
    assert blocking_failures(nodes()) == ["dim_artist", "unique_play_key"]
    advisory = [NodeResult("odd", "test", "failed", rows=2)]
    assert blocking_failures(advisory) == []
    told = summarize_tests(advisory)
    assert (told.status, told.message) == ("success", "Advisory tests warn: odd (2 rows)")
    assert summarize_tests(nodes()[3:]).message == "Tests failed: unique_play_key (3 rows)"
    built = summarize_build(nodes()[:3])
    assert (built.status, built.counts) == ("failed", {"models": 1, "skipped": 1})
    assert built.message.startswith("dbt could not build dim_artist (Binder Error | no such column). Readers keep ")
    assert built.message.endswith("dbt build --project-dir dbt_project --select dim_artist")


@pytest.mark.parametrize(
    ("logger", "said", "error", "shown"),
    [
        (
            "prefect.task_runs",
            "Task run failed with exception",
            Exception("Node a.b finished with status error"),
            False,
        ),
        ("prefect.task_runs", "Task run failed with exception", ServiceUnavailable("Down."), False),
        ("prefect.task_runs", "Task run failed with exception", ValueError("a bug"), True),
        ("prefect.task_runs", "8 of 102 ERROR creating sql table model marts.dim_artist", None, False),
        ("prefect.task_runs", "Beginning flow run", None, False),
        ("orchestrate.base_tasks", "build with dbt: dbt could not build dim_artist", None, True),
        ("extract_load.http", "Down.", ServiceUnavailable("Down."), True),
    ],
)
def test_the_terminal_shows_no_traceback_of_what_a_sentence_has_told(
    logger: str, said: str, error: Exception | None, shown: bool
) -> None:
    """Ours, and a model that was not built, are told by their task; what nobody foresaw keeps its traceback."""
    info = (type(error), error, None) if error else None
    record = logging.LogRecord(logger, logging.ERROR, __file__, 1, said, None, info)
    assert bool(DropPrefectNoise().filter(record)) is shown


def test_the_page_of_a_run_shows_troubles_first() -> None:
    """Attention, tasks, dbt with failures first, then what is well; a pipe in a message breaks no table."""
    run = RunRecord("1", "daily-etl", "daily-etl", "production", NOW, "partial", NOW + timedelta(seconds=61), "Half.")
    task = TaskRecord("1", "enrich from Spotify", NOW, 12.0, "partial", {"artists": 1200}, 40, 20.0, "Spent | over")
    lines = (
        CheckResult("poll", "ok", "The last successful poll was just now."),
        CheckResult("gap:1", "warning", "Plays may be missing.", "Import an export.", True),
    )
    page = summary(run, [task], nodes(), Health(NOW, lines), label="DEMO")
    assert page.startswith("# DEMO: daily-etl 2026-11-23 05:00 UTC\n")
    order = ["Plays may be missing", "1,200 artists", "dim_artist", "coordinates_are_near", "The last successful poll"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "Spent \\| over" in page
    assert "1 of 3 models built, 1 of 3 tests passed." in page
    assert "**partial** in 61 s, environment production. Half." in page
    assert "- ⚠ Plays may be missing. Import an export." in page
    assert "- ✓ The last successful poll was just now." in page
