"""The rankings and periods of a whole run, computed again in Python from its plays: no SQL of the project, no model.

So are habits, taste and summaries, in the files beside this one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import Lived
from tests.support.listening import (
    DAY,
    Heard,
    Listening,
    artist_of,
    check_same_rows,
    counts,
    minutes,
    month,
    month_end,
    week,
    year,
)

Ranks = dict[tuple[str, str], tuple[int, int]]
"""Of each artist the rank and the plays."""
LISTS = {"catalogue", "definitions"}
PERIODS: dict[str, Callable[[date], date]] = {
    "listening_by_day": lambda day: day,
    "listening_by_week": week,
    "listening_by_month": month,
    "listening_by_year": year,
}


def ask(lived: Lived, query: str) -> dict[Any, Any]:
    """Return the second column by the first."""
    return {row[0]: row[1] for row in lived.home.ask(query)}


def test_each_report_is_computed_again(lived: Lived) -> None:
    """No report is left out; the two lists of reports are held by the test of the questions."""
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*_recomputed.py")]
    reports = {str(name) for (name,) in lived.home.ask("select name from reporting.catalogue")}
    left_out = {name for name in reports - LISTS if not any(name in text for text in texts)}
    assert left_out == set()


@pytest.mark.parametrize(
    ("report", "column", "name"),
    [
        ("top_artists", "artist_name", lambda play: play.artist),
        ("top_tracks", "track_name || artist_name", lambda play: play.track + play.artist),
        ("top_countries", "country_name", lambda play: play.country),
        ("top_albums", "album_name", lambda play: play.album),
    ],
)
def test_rankings_are_complete(
    lived: Lived, listening: Listening, report: str, column: str, name: Callable[[Heard], Any]
) -> None:
    """Every name with its plays, of all time and of the last year by its first and last day."""
    query = f"select {column}, sum(plays) from reporting.{report}{{}} group by all"
    assert ask(lived, query.format("")) == counts(listening.plays, name)
    at = max(play.day for play in listening.plays).year
    span = f"(since := '{at}-01-01', until := '{at}-12-31')"
    assert ask(lived, query.format(span)) == counts((play for play in listening.plays if play.day.year == at), name)


def test_shares_of_genres_decades_and_places(lived: Lived, listening: Listening) -> None:
    """A play is shared out among its artist's genres; a decade and a place have whole plays."""
    genres: dict[str, float] = defaultdict(float)
    for play in listening.plays:
        for genre, weight in listening.genres.get(play.artist_key, {}).items():
            genres[genre] += weight
    check_same_rows(lived.home.ask("select genre, plays from reporting.top_genres"), list(genres.items()))

    decades = Counter(play.decade for play in listening.plays if play.decade)
    recordings = {(play.decade, play.recording) for play in listening.plays}
    expected = [(f"{decade}s", plays, sum(at == decade for at, _ in recordings)) for decade, plays in decades.items()]
    check_same_rows(lived.home.ask("select decade, plays, recordings from reporting.album_decades"), expected)

    places: dict[tuple[Any, ...], list[Heard]] = defaultdict(list)
    for play in listening.plays:
        if any(play.origin[1:]):
            places[play.origin].append(play)
    rows = [
        (next(filter(None, place[1:])), len(plays), len({play.artist_key for play in plays}), minutes(plays))
        for place, plays in places.items()
    ]
    check_same_rows(lived.home.ask("select place_name, plays, artists, minutes from reporting.artist_origins"), rows)


def test_periods_add_up(lived: Lived, listening: Listening) -> None:
    """Days, weeks, months and years hold the same plays, each in its own period, and who was new in it."""
    artists, tracks = listening.days_of(artist_of), listening.days_of(lambda play: play.recording)
    for report, start in PERIODS.items():
        query = f"select #1, plays, new_artists, new_tracks from reporting.{report} where plays > 0"
        plays = Counter(start(play.day) for play in listening.plays)
        new_artists = Counter(start(min(days)) for days in artists.values())
        new_tracks = Counter(start(min(days)) for days in tracks.values())
        check_same_rows(lived.home.ask(query), [(at, plays[at], new_artists[at], new_tracks[at]) for at in plays])
    [(played,)] = lived.home.ask("select sum(minutes) from reporting.listening_by_year")
    assert float(str(played)) == pytest.approx(minutes(listening.plays), abs=0.2)


def ranked(plays: list[Heard]) -> tuple[Ranks, set[tuple[str, str]]]:
    """Return the rank and the plays of each artist, and those whose rank a tie leaves open."""
    totals: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for play in plays:
        if artist := artist_of(play):
            totals[artist] = (totals[artist][0] + 1, totals[artist][1] + play.ms)
    order = sorted(totals, key=lambda artist: totals[artist], reverse=True)
    same = Counter(totals.values())
    ties = {artist for artist, total in totals.items() if same[total] > 1}
    return {artist: (at, totals[artist][0]) for at, artist in enumerate(order, start=1)}, ties


def test_ranks_over_time(lived: Lived, listening: Listening) -> None:
    """Each artist's rank in each year, where no tie leaves it open."""
    expected, open_ranks = [], set()
    for start in {year(play.day) for play in listening.plays}:
        ranks, ties = ranked([play for play in listening.plays if year(play.day) == start])
        open_ranks |= {(name, start) for _, name in ties}
        expected += [(name, start, rank, plays) for (_, name), (rank, plays) in ranks.items()]
    found = lived.home.ask("select name, period_start, rank, plays from reporting.rank_over_time")
    check_same_rows(
        [row for row in found if row[:2] not in open_ranks], [row for row in expected if row[:2] not in open_ranks]
    )


def test_climbers_and_fallers(lived: Lived, listening: Listening) -> None:
    """Whole months are compared with the whole month before; who is not heard comes after the last."""
    by_month: dict[date, list[Heard]] = defaultdict(list)
    for play in listening.plays:
        by_month[month(play.day)].append(play)
    whole = [
        start
        for start in {month(day) for day in listening.known}
        if listening.is_whole(start, month_end(start)) and listening.coverage(start, month_end(start)) >= 50
    ]
    expected, open_ranks = [], set()
    for start in whole:
        if (before := month(start - DAY)) in whole:
            (now, ties), (then, ties_then) = ranked(by_month[start]), ranked(by_month[before])
            open_ranks |= {(start, name) for _, name in ties | ties_then}
            for artist in now.keys() | then.keys():
                rank, plays = now.get(artist, (len(now) + 1, 0))
                rank_before, plays_before = then.get(artist, (len(then) + 1, 0))
                if max(plays, plays_before) >= 5 and (rank != rank_before or 0 in (plays, plays_before)):
                    expected.append((start, artist[1], plays, plays_before, rank_before - rank))
    columns = "period_start, artist_name, plays, plays_before, ranks_gained"
    found = lived.home.ask(f"select {columns} from reporting.climbers_and_fallers")
    check_same_rows(
        [row for row in found if row[:2] not in open_ranks], [row for row in expected if row[:2] not in open_ranks]
    )


def test_two_periods_compared(lived: Lived, listening: Listening) -> None:
    """Two halves of the year before the last day, from both sides."""
    middle, last = listening.last_day - timedelta(days=180), listening.last_day
    spans = ((middle - timedelta(days=180), middle - DAY), (middle, last))
    halves = [Counter(filter(None, map(artist_of, _within(listening, *span)))) for span in spans]
    expected = [
        (name, halves[0][key, name], halves[1][key, name], halves[1][key, name] - halves[0][key, name])
        for key, name in halves[0] | halves[1]
    ]
    a, b = (f"{first}..{until}" for first, until in spans)
    query = f"select name, plays_a, plays_b, plays_change from reporting.compare('{a}', '{b}')"
    check_same_rows(lived.home.ask(query), expected)


def _within(listening: Listening, first: date, last: date) -> list[Heard]:
    return [play for play in listening.plays if first <= play.day <= last]


def test_guests_are_credited(lived: Lived, listening: Listening) -> None:
    """A play counts once for each artist that its track credits."""
    credited: dict[str, dict[str, int]] = defaultdict(dict)
    names = ask(
        lived, "select cast(artist_key as varchar), artist_name from marts.dim_artist where not is_special_purpose"
    )
    for track, artist, position in lived.home.ask(
        "select track_key, artist_key, credit_position from marts.bridge_track_artists"
    ):
        known = credited[str(track)].get(str(artist), int(str(position)))
        credited[str(track)][str(artist)] = min(known, int(str(position)))
    first, guest = Counter[str](), Counter[str]()
    for play in listening.plays:
        for artist, position in credited[str(play.track_key)].items():
            (first if position == 1 else guest)[artist] += 1
    expected = [
        (names[artist], first[artist] + guest[artist], guest[artist]) for artist in first | guest if artist in names
    ]
    columns = "artist_name, plays_credited, plays_as_guest"
    check_same_rows(lived.home.ask(f"select {columns} from reporting.credited_artists"), expected)


def test_runs_of_one_song_and_songs_played_once(lived: Lived, listening: Listening) -> None:
    """Runs of one recording, and what was played once, a month ago or more."""
    songs = groupby(listening.plays, key=lambda play: play.recording)
    repeated = Counter(length for _, run in songs if (length := len(list(run))) > 1)
    assert ask(lived, "select times, count(*) from reporting.most_replayed group by all") == repeated

    times = Counter(play.recording for play in listening.plays)
    early = listening.last_day - timedelta(days=30)
    once = [(play.track, play.day) for play in listening.plays if times[play.recording] == 1 and play.day <= early]
    check_same_rows(lived.home.ask("select track_name, played_on from reporting.played_once"), once)


def test_hours_of_the_week_and_devices(lived: Lived, listening: Listening) -> None:
    """Each play starts in one of the 168 cells; devices and the unknown ones make all plays."""
    cells = Counter((play.local_at.isoweekday(), play.local_at.hour) for play in listening.plays)
    found = lived.home.ask("select weekday, hour, plays from reporting.heat_map")
    assert len(found) == 168
    assert {(weekday, hour): plays for weekday, hour, plays in found if plays} == cells
    [(by_device,)] = lived.home.ask("select sum(plays) from reporting.devices")
    assert by_device == sum(play.device_known for play in listening.plays)
