"""Every report over a history with edges, against answers that were computed by hand (tests/dbt/edge_history.py)."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from tests.dbt.bare_duckdb import CompiledProject
from tests.dbt.dbt_process import Dbt
from tests.dbt.edge_history import FIRST, LAST, EdgeHistory

D = date

# A query, and its rows. 607 days are known, of which the first and the last half: 606 days of time, 25 of them a hole.
ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    # Rankings: unknown and special purpose artists are shares; both ends of a range are in it.
    "select artist_name, plays, minutes, rank, plays_pct, unknown_pct, coverage_pct, has_holes"
    " from reporting.top_artists": [
        ("Bob", 20, 60, 1, 40.8, 6.1, 95.9, True),
        ("Ann", 13, 39, 2, 26.5, 6.1, 95.9, True),
        ("Cat", 13, 39, 3, 26.5, 6.1, 95.9, True),
    ],
    "select artist_name, plays, unknown_pct, coverage_pct, first_day, last_day"
    " from reporting.top_artists(since := '2025-02-10', until := '2030-01-01')": [("Cat", 1, 75.0, 100.0, LAST, LAST)],
    "select artist_name, plays from reporting.top_artists(until := '2023-06-15')": [("Ann", 5)],
    "select artist_name, plays from reporting.top_artists(since := '2026-01-01')": [],
    "select artist_name, plays from reporting.top_artists(n := 1, measure := 'minutes')": [("Bob", 20)],
    "select artist_name, plays"
    " from reporting.top_artists(rule := 'any', since := '2024-01-01', until := '2024-01-01')": [
        ("Ann", 7)
    ],
    "select artist_name from reporting.top_artists(listener := 'you')": [],
    "select track_name, plays from reporting.top_tracks where plays < 4": [("Hit", 3), ("Ann Three", 1)],
    "select album_name, plays from reporting.top_albums(n := 1)": [("Album b", 20)],
    "select genre, plays, unknown_pct from reporting.top_genres": [("son", 13, 73.5)],
    "select country_name, plays, unknown_pct from reporting.top_countries": [("Cuba", 13, 73.5)],
    "select place_name, plays, top_artist, unknown_pct from reporting.artist_origins": [("Havana", 13, "Ann", 73.5)],
    "select decade, plays, recordings, unknown_pct from reporting.album_decades": [("1970s", 6, 1, 87.8)],
    "select decade, plays, recordings, unknown_pct from reporting.release_decades": [("1970s", 6, 1, 87.8)],
    "select artist_name, plays_credited, plays_as_guest, plays_as_primary from reporting.credited_artists": [
        ("Ann", 26, 13, 13), ("Bob", 20, 0, 20), ("Cat", 13, 0, 13),
    ],
    "select name, period_start, rank, plays from reporting.rank_over_time(name := 'cat')": [
        ("Cat", D(2025, 1, 1), 1, 1), ("Cat", D(2024, 1, 1), 1, 12),
    ],
    "select name, plays_b, plays_a, ranks_gained, rank_b, rank_a, heard_in, are_whole, span_a, span_b"
    " from reporting.compare order by name": [
        ("Ann", 8, 5, 0, 2, 2, "both", False, "2023", "2024"),
        ("Bob", 0, 20, -2, 3, 1, "gone", False, "2023", "2024"),
        ("Cat", 12, 0, 2, 1, 3, "new", False, "2023", "2024"),
    ],
    "select name, plays_a, plays_b, are_whole"
    " from reporting.compare('2024-W01', '2024-12-31', kind := 'track') order by 1": [
        ("Ann Two", 6, 0, True), ("Cat One", 0, 12, True),
    ],
    # March 2024 is hardly covered and June 2023 not whole: no comparison with either.
    "select artist_name, direction, plays, plays_before, period_start from reporting.climbers_and_fallers": [
        ("Cat", "gone", 0, 12, D(2025, 1, 1)),
        ("Cat", "new", 12, 0, D(2024, 12, 1)),
        ("Ann", "new", 6, 0, D(2024, 1, 1)),
    ],
    # Periods.
    "select year_start, plays, minutes, new_artists, new_tracks, coverage_pct, has_holes, is_complete_period"
    " from reporting.listening_by_year": [
        (D(2025, 1, 1), 4, 12, 0, 1, 100.0, False, False),
        (D(2024, 1, 1), 20, 60, 1, 3, 93.2, True, True),
        (D(2023, 1, 1), 25, 75, 2, 2, 100.0, False, False),
    ],
    "select month_start, plays from reporting.listening_by_month where plays > 0 or month_start = '2024-11-01'": [
        (D(2025, 2, 1), 4), (D(2024, 12, 1), 12), (D(2024, 11, 1), 0), (D(2024, 3, 1), 1), (D(2024, 2, 1), 1),
        (D(2024, 1, 1), 6), (D(2023, 6, 1), 25),
    ],
    "select week_start, plays from reporting.listening_by_week where plays > 12": [(D(2023, 6, 12), 25)],
    "select count(*), sum(plays), min(day), max(day) from reporting.listening_by_day": [(607, 49, FIRST, LAST)],
    "select coverage_pct, exact_pct, looked_up_pct, country_known_pct, genre_known_pct, release_known_pct, plays,"
    " plays_any, plays_excluded, has_holes from reporting.completeness": [
        (95.9, 100.0, 59.2, 26.5, 26.5, 12.2, 49, 50, 0, True)
    ],
    "select coverage_pct, plays from reporting.completeness(since := '2024-02-28', until := '2024-03-24')": [(3.8, 1)],
    "select artist_name, plays, rank, tracks, days, weeks, first_heard_on, last_heard_on"
    " from reporting.artist_summary": [
        ("Bob", 20, 1, 1, 1, 1, D(2023, 6, 16), D(2023, 6, 16)),
        ("Ann", 13, 2, 3, 4, 4, FIRST, D(2024, 3, 25)),
        ("Cat", 13, 3, 1, 2, 2, D(2024, 12, 31), LAST),
    ],
    "select album_name, plays, tracks_heard, total_tracks from reporting.album_summary where rank = 2": [
        ("Album a", 13, 3, 9)
    ],
    "select track_name, plays, days, most_on_a_day"
    " from reporting.track_summary where rank = 2": [("Cat One", 13, 2, 12)],
    "select artist_name, weeks from reporting.weeks_per_artist": [("Ann", 4), ("Cat", 2), ("Bob", 1)],
    "select milestone, reached_on, subject from reporting.milestones": [
        ("hour number 1", D(2023, 6, 16), None),
        ("play number 10", D(2023, 6, 16), "Bob One by Bob"),
        ("play number 1", FIRST, "Ann One by Ann"),
    ],
    "select kind, rank, name from reporting.year_lists where year = 2024": [
        ("album", 1, "Album c by Cat"), ("album", 2, "Album a by Ann"), ("artist", 1, "Cat"), ("artist", 2, "Ann"),
        ("country", 1, "Cuba"), ("genre", 1, "son"), ("track", 1, "Cat One by Cat"), ("track", 2, "Ann Two by Ann"),
        ("track", 3, "Ann One by Ann"), ("track", 4, "Ann Three by Ann"),
    ],
    # 2023 is not whole, so nothing is compared with it; its plays are in the warm-up, those of 2024 are not.
    "select year, plays, plays_change_pct, new_artists, is_partly_masked, comeback_of_the_year, comeback_after_days,"
    " longest_streak_days, discovery_of_the_year, is_complete_period from reporting.year_in_review": [
        (2025, 4, None, 0, False, None, None, 1, None, False),
        (2024, 20, None, 1, False, "Ann", 200, 1, "Cat", True),
        (2023, 25, None, 0, True, None, None, 2, None, False),
    ],
    # Habits. Of the hole nobody knows whether it was silent.
    "select gap_days, silent_from, coverage_pct from reporting.silences": [
        (281, D(2024, 3, 25), 100.0), (199, D(2023, 6, 16), 100.0), (58, D(2024, 1, 1), 100.0),
        (41, D(2024, 12, 31), 100.0),
    ],
    "select count(*) from reporting.listening_gaps": [(4,)],
    "select artist_name, gap_days, silent_from, days_since_last_play from reporting.artist_breaks": [
        ("Ann", 200, FIRST, 322), ("Cat", 41, D(2024, 12, 31), 0),
    ],
    "select certain_days, possible_days, started_on, is_ongoing"
    " from reporting.streaks where certain_days + possible_days > 2": [
        (2, 2, FIRST, False), (1, 27, D(2024, 3, 25), False), (1, 27, D(2024, 2, 28), False),
    ],
    "select is_ongoing from reporting.streaks where started_on = '2025-02-10'": [(True,)],
    "select count(*) from reporting.artist_streaks": [(0,)],
    "select count(*) from reporting.genre_streaks": [(0,)],
    "select skip_rate_pct, starts, skips, completed from reporting.skip_rate where period_start = '2024-01-01'": [
        (14.3, 7, 1, 6)
    ],
    "select artist_name, starts, skips from reporting.skip_rate_by_artist order by starts": [
        ("Cat", 13, 0), ("Ann", 14, 1), ("Bob", 20, 0),
    ],
    "select track_name, times, started_on from reporting.most_replayed": [
        ("Bob One", 20, D(2023, 6, 16)), ("Cat One", 13, D(2024, 12, 31)), ("Ann Two", 6, D(2024, 1, 1)),
        ("Ann One", 5, FIRST), ("Hit", 3, LAST),
    ],
    "select track_name, played_on from reporting.played_once": [("Ann Three", D(2024, 2, 28))],
    "select track_name, played_on from reporting.one_hit_listens": [("Ann Three", D(2024, 2, 28))],
    "select device, plays, plays_offline, unknown_pct from reporting.devices": [
        ("iPhone or iPad", 20, 20, 32.7), ("Windows", 13, 0, 32.7),
    ],
    "select year, offline_pct, plays_offline, plays_online, plays_unknown from reporting.offline_by_year": [
        (2025, 0.0, 0, 4, 0), (2024, 0.0, 0, 20, 0), (2023, 80.0, 20, 5, 0),
    ],
    "select title, kind, minutes, plays, parts from reporting.podcasts_and_books": [("Show", "podcast", 42, 2, 2)],
    "select plays, tracks, artists, starts, skips from reporting.sessions": [(5, 1, 1, 6, 1)],
    "select count(*), sum(plays), sum(minutes) from reporting.heat_map": [(168, 49, 147)],
    "select count(*), sum(plays) from reporting.heat_map(since := '2024-01-01', until := '2024-01-01')": [(168, 6)],
    "select count(*), max(ended_at)::date from reporting.recently_played": [(50, LAST)],
    "select count(*), sum(plays) from reporting.last_24_hours": [(24, 0)],
    # Taste.
    "select artist_name, gap_days, returned_on, plays_next_30_days from reporting.rediscoveries": [
        ("Ann", 200, D(2024, 1, 1), 6)
    ],
    "select artist_name, plays, days_silent, coverage_pct"
    " from reporting.forgotten_favourites": [("Bob", 20, 605, 95.9)],
    "select artist_name, mean_played_on from reporting.golden_oldies": [("Bob", D(2023, 6, 16))],
    "select artist_name, track_name, plays"
    " from reporting.one_hit_wonders": [("Bob", "Bob One", 20), ("Cat", "Cat One", 13)],
    # The seven days must lie within the data: those that end before June 21st 2023 do not.
    "select artist_name, obsession_pct, plays, week_from, week_until from reporting.obsession": [
        ("Bob", 100.0, 20, D(2023, 6, 16), D(2023, 6, 22)), ("Cat", 100.0, 12, D(2024, 12, 25), D(2024, 12, 31)),
    ],
    "select period_start, new_artists, plays_new, plays_recent, plays_familiar, plays_masked, familiar_pct,"
    " rediscoveries from reporting.new_vs_familiar": [
        (D(2025, 2, 1), 0, 0, 0, 1, 0, 100.0, 0), (D(2024, 12, 1), 1, 1, 11, 0, 0, 0.0, 0),
        (D(2024, 3, 1), 0, 0, 0, 1, 0, 100.0, 0), (D(2024, 2, 1), 0, 0, 0, 1, 0, 100.0, 0),
        (D(2024, 1, 1), 0, 0, 0, 6, 0, 100.0, 1), (D(2023, 6, 1), 0, 0, 0, 0, 25, None, 0),
    ],
    "select artist_name, discovered_on, is_kept, is_warm_up, plays_first_30_days from reporting.discoveries": [
        ("Cat", D(2024, 12, 31), True, False, 12), ("Bob", D(2023, 6, 16), False, True, 20),
        ("Ann", FIRST, True, True, 5),
    ],
    "select track_name, is_kept from reporting.track_discoveries where artist_name = 'Ann'": [
        ("Ann Three", False), ("Ann Two", False), ("Ann One", True),
    ],
    # Ann 5 and Bob 20: e to the entropy of 0.2 and 0.8.
    "select effective_artists, artists, tracks, top_10_pct"
    " from reporting.diversity where period_start = '2023-06-01'": [
        (1.6, 2, 2, 100.0)
    ],
    "select artists, tracks, countries from reporting.diversity_by_year where period_start = '2024-01-01'": [(2, 4, 1)],
    "select count(*) from reporting.genre_drift": [(0,)],
    # By Wrapped's rule: not after mid November, no private session.
    "select track_name, wrapped_plays, plays, plays_too_late, plays_private"
    " from reporting.wrapped_songs where year = 2024": [
        ("Ann Two", 5, 6, 0, 1), ("Ann One", 1, 1, 0, 0), ("Ann Three", 1, 1, 0, 0),
    ],
    "select artist_name, wrapped_plays, plays, plays_too_late from reporting.wrapped_artists where year = 2024": [
        ("Ann", 7, 8, 0)
    ],
    "select came_on, plays_added, minutes_added, plays_confirmed, rows_read, rows_merged, rows_duplicate,"
    " rows_not_music from reporting.export_changes": [(LAST, 1, 3, 1, 4, 1, 1, 1)],
}  # fmt: skip
OLD_NAMES = {"release_decades": "album_decades", "listening_gaps": "silences", "one_hit_listens": "played_once"}
BY_OTHER_TESTS = {
    "explain_plays",
    "explain_rows",
    "explain_rules",
    "explain_merges",
    "explain_trips",
    "catalogue",
    "definitions",
}


@pytest.fixture(scope="module")
def history(compiled: CompiledProject, built: Dbt) -> EdgeHistory:
    """Make the reports over the history once."""
    made = EdgeHistory(compiled, built.target)
    for old, new in OLD_NAMES.items():
        made.connection.execute(f"create view reporting.{old} as from reporting.{new}")
    return made


@pytest.mark.parametrize("query", ANSWERS, ids=lambda query: str(query)[-70:])
def test_a_report_is_right_at_the_edges(history: EdgeHistory, query: str) -> None:
    """The rows are those that were computed by hand, in the report's own order."""
    assert history.rows(query) == ANSWERS[query]


def test_each_report_has_an_answer(history: EdgeHistory) -> None:
    """No report is without a row above, and every parameter may be left out."""
    asked = {name for name in history.reports if any(f"reporting.{name}" in query for query in ANSWERS)}
    assert set(history.reports) - asked - BY_OTHER_TESTS == set()


@pytest.mark.parametrize("call", ["top_artists(rule := 'x')", "top_tracks(measure := 'x')", "compare(kind := 'x')"])
def test_an_unknown_word_is_refused(history: EdgeHistory, call: str) -> None:
    """A rule, measure or kind that does not exist is named, not taken for another one."""
    with pytest.raises(duckdb.Error, match=r"(rule|measure|kind) is "):
        history.rows(f"from reporting.{call}")


def test_an_old_name_is_a_view_of_the_new_one(built: Dbt) -> None:
    """Renamed reports answer under their old names for one version."""
    with duckdb.connect(str(built.dev), read_only=True) as connection:
        views = dict(connection.execute("select view_name, comment from duckdb_views() where not internal").fetchall())
    assert {name: views.get(name) for name in OLD_NAMES} == {
        old: f"Now called {new}." for old, new in OLD_NAMES.items()
    }
