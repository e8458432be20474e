"""The reports of a whole run, computed again in Python from its plays: no SQL of the project, no model.

That the plays themselves are those of the raw rows is held by test_from_nothing_to_answers.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from tests.end_to_end.conftest import Lived

NOBODY = {"unknown", "various artists"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One play that counts."""

    day: date
    started_at: datetime
    play_key: str
    ms: int
    recording: str
    track: str
    artist: str
    album: str
    country: str | None
    device_known: bool


@pytest.fixture(scope="module")
def heard(lived: Lived) -> list[Heard]:
    """Return the counted plays in their order, as rows."""
    rows = lived.home.ask(
        "select p.date_key, p.started_at, p.play_key, p.ms_played, p.recording_key, r.recording_name, a.artist_name,"
        " l.album_name, a.country_name, p.platform is not null"
        " from marts.fct_plays as p join marts.dim_recording as r using (recording_key)"
        " join marts.dim_artist as a on p.artist_key = a.artist_key"
        " join marts.dim_album as l on p.album_key = l.album_key"
        " where p.ms_played >= 30000 or p.is_assumed"
    )
    excluded = {str(key) for (key,) in lived.home.ask("select play_key from marts.fct_plays where is_excluded")}
    plays = [Heard(*row) for row in rows if str(row[2]) not in excluded]  # type: ignore[arg-type]
    return sorted(plays, key=lambda play: (play.started_at, play.play_key))


def counts(plays: Iterable[Heard], name: Callable[[Heard], Any]) -> dict[Any, int]:
    """Return the plays of each name that has one."""
    found = Counter(name(play) for play in plays)
    return {key: number for key, number in found.items() if key is not None and str(key).lower() not in NOBODY}


def ask(lived: Lived, query: str) -> dict[Any, Any]:
    """Return the second column by the first."""
    return {row[0]: row[1] for row in lived.home.ask(query)}


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
    lived: Lived, heard: list[Heard], report: str, column: str, name: Callable[[Heard], Any]
) -> None:
    """Every name with its plays, of all time and of the last year by its first and last day."""
    query = f"select {column}, sum(plays) from reporting.{report}{{}} group by all"
    assert ask(lived, query.format("")) == counts(heard, name)
    year = max(play.day for play in heard).year
    span = f"(since := '{year}-01-01', until := '{year}-12-31')"
    assert ask(lived, query.format(span)) == counts((play for play in heard if play.day.year == year), name)


def test_periods_add_up(lived: Lived, heard: list[Heard]) -> None:
    """Days, weeks, months and years hold the same plays, each in its own period."""
    starts: dict[str, Callable[[date], date]] = {
        "day": lambda day: day,
        "week": lambda day: day - timedelta(days=day.weekday()),
        "month": lambda day: day.replace(day=1),
        "year": lambda day: day.replace(month=1, day=1),
    }
    for period, start in starts.items():
        column = period if period == "day" else f"{period}_start"
        found = ask(lived, f"select {column}, plays from reporting.listening_by_{period} where plays > 0")
        assert found == Counter(start(play.day) for play in heard), period
    [(minutes,)] = lived.home.ask("select sum(minutes) from reporting.listening_by_year")
    assert float(str(minutes)) == pytest.approx(sum(play.ms for play in heard) / 60_000, abs=0.2)


def test_firsts_streaks_and_repeats(lived: Lived, heard: list[Heard]) -> None:
    """First days of artists, runs of days, runs of one recording, and what was played once."""
    first: dict[str, date] = {}
    for play in heard:
        first[play.artist] = min(first.get(play.artist, play.day), play.day)
    known = {artist: day for artist, day in first.items() if artist.lower() not in NOBODY}
    assert ask(lived, "select artist_name, discovered_on from reporting.discoveries") == known

    days = sorted({play.day for play in heard})
    runs = [
        [day for _, day in run]
        for _, run in groupby(enumerate(days), key=lambda pair: pair[1] - timedelta(days=pair[0]))
    ]
    assert ask(lived, "select started_on, certain_days from reporting.streaks") == {run[0]: len(run) for run in runs}

    repeated = Counter(
        length for _, run in groupby(heard, key=lambda play: play.recording) if (length := len(list(run))) > 1
    )
    assert ask(lived, "select times, count(*) from reporting.most_replayed group by all") == repeated

    times, last = Counter(play.recording for play in heard), defaultdict(lambda: date.min)
    for play in heard:
        last[play.recording] = max(last[play.recording], play.day)
    [(last_day,)] = lived.home.ask("select max(date_key) from marts.fct_listening_coverage")
    assert isinstance(last_day, date)
    once = sum(number == 1 and last[key] <= last_day - timedelta(days=30) for key, number in times.items())
    assert lived.home.ask("select count(*) from reporting.played_once") == [(once,)]


def test_hours_of_the_week_and_devices(lived: Lived, heard: list[Heard]) -> None:
    """Each play starts in one of the 168 cells; devices and the unknown ones make all plays."""
    [(cells, plays)] = lived.home.ask("select count(*), sum(plays) from reporting.heat_map")
    assert (cells, plays) == (168, len(heard))
    [(by_device,)] = lived.home.ask("select sum(plays) from reporting.devices")
    assert by_device == sum(play.device_known for play in heard)
