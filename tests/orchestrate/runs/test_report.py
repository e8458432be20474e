"""The report of a run: problems first, then tasks, dbt, and what is healthy."""

from __future__ import annotations

from datetime import datetime, timedelta

from extract_load.monitoring.check_result import CheckResult
from extract_load.monitoring.health import Health
from extract_load.monitoring.run_log import RunRecord, TaskRecord
from orchestrate.dbt_build.results import NodeResult
from orchestrate.runs.report import summary

NOW = datetime(2026, 11, 23, 5, 0)


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


def test_the_page_of_a_run_shows_troubles_first() -> None:
    """Attention, tasks, dbt with failures first, then what is well; a pipe in a message breaks no table."""
    run = RunRecord("1", "daily-etl", "daily-etl", "production", NOW, "partial", NOW + timedelta(seconds=61), "Half.")
    task = TaskRecord("1", "enrich from Spotify", NOW, 12.0, "partial", {"artists": 1200}, 40, 20.0, "Spent | over")
    results = (
        CheckResult("poll", "ok", "The last successful poll was just now."),
        CheckResult("gap:1", "warning", "Plays may be missing.", "Import an export.", True),
    )
    page = summary(run, [task], nodes(), Health(NOW, results), label="DEMO")
    assert page.startswith("# DEMO: daily-etl 2026-11-23 05:00 UTC\n")
    order = ["Plays may be missing", "1,200 artists", "dim_artist", "coordinates_are_near", "The last successful poll"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "Spent \\| over" in page
    assert "1 of 3 models built, 1 of 3 tests passed." in page
    assert "**partial** in 61 s, environment production. Half." in page
    assert "- ⚠ Plays may be missing. Import an export." in page
    assert "- ✓ The last successful poll was just now." in page


def test_a_healthy_run_is_short() -> None:
    """No list of problems, no empty tables, no message that the tasks repeat."""
    run = RunRecord("1", "daily-etl", "daily-etl", "production", NOW, "no_updates", NOW, "Nothing new.")
    page = summary(run, [], [], Health(NOW, (CheckResult("disk", "ok", "9 GB are free."),)))
    assert page.startswith("# daily-etl 2026-11-23 05:00 UTC\n\n**no updates** in 0 s, environment production.\n")
    assert not [title for title in ("What wants attention", "What was done", "## dbt", "Nothing new.") if title in page]
    assert "- ✓ 9 GB are free." in page
