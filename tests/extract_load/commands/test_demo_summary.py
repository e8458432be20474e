"""The summary of the demo: from the published file alone, with queries that can be pasted into a shell."""

from __future__ import annotations

import shlex
from pathlib import Path

import duckdb
import pytest

from extract_load.commands.demo_summary import QUERIES, command, summary

PUBLISHED = """
create schema marts; create schema reporting;
create table marts.fct_plays as
    select 1 + i % 2 as artist_key, 1 + i as recording_key, 1800000 as ms_played,
        date '2026-01-01' + i::int as date_key, i < 4 as is_play_spotify30, false as is_excluded
    from range(5) as numbers(i);
create table marts.dim_artist as
    select 1 + i as artist_key, false as is_special_purpose from range(2) as numbers(i);
create table reporting.top_artists as
    select 1 as rank, 'Nina' as artist_name, 4 as plays, 120 as minutes;
create table reporting.top_genres as
    select 1 as rank, 'jazz' as genre, 4 as plays, 120 as minutes;
create table reporting.top_countries as
    select 1 as rank, 'US' as country_name, 4 as plays, 120 as minutes;
create table reporting.completeness as select 91.5 as coverage_pct, 80 as exact_pct,
    100 as looked_up_pct, 75 as country_known_pct, 50 as genre_known_pct;
"""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return a published file with five plays, of which four count."""
    path = tmp_path / "a folder" / "music_tracker.duckdb"
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        connection.execute(PUBLISHED)
    return path


def test_the_summary_counts_what_reports_count(published: Path) -> None:
    """Plays of the default rule, with totals, tops and completeness."""
    lines = [line.strip() for line in summary(published).splitlines()]
    assert lines[0] == "DEMO - three years of a made-up listener"
    assert "4 plays, 2 hours, 2 artists, 4 recordings, 2026-01-01 to 2026-01-04" in lines
    for name in ("Nina", "jazz", "US"):
        assert f"1. {name:<34} {4:>7} plays  {2:>7} h" in lines
    assert "91.5 % of the time is covered; 80 % of the plays are timed exactly" in lines
    assert [line for line in lines if line.startswith("# ")] == [f"# {title}" for title, _ in QUERIES]


def test_a_query_can_be_pasted_into_a_shell(published: Path) -> None:
    """Whatever the path holds."""
    words = shlex.split(command(published, "select 1"))
    assert words[1:] == ["-readonly", str(published), "-cmd", ".maxrows 100", "-c", "select 1;"]
    assert Path(words[0]).name == "duckdb"
