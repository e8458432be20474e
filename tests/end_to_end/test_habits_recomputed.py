"""The reports on habits of a whole run, computed again in Python from its plays."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.end_to_end.conftest import Lived
from tests.end_to_end.test_shifted_clock import ask as ask_at_its_date
from tests.support.listening import (
    DAY,
    Heard,
    Listening,
    artist_of,
    check_same_rows,
    gaps,
    minutes,
    month,
    runs,
)


def test_silences_and_breaks(lived: Lived, listening: Listening) -> None:
    """Gaps between two days with plays, of all and of each artist with ten plays, that are at least half covered."""

    def covered(gap: tuple[date, date]) -> bool:
        return listening.coverage(gap[0] + DAY, gap[1] - DAY) >= 50

    silent = [
        gap for gap in gaps({play.day for play in listening.plays}) if gap[1] - gap[0] >= 3 * DAY and covered(gap)
    ]
    found = lived.home.ask("select silent_from, silent_until, gap_days from reporting.silences")
    assert sorted(found) == [(*gap, (gap[1] - gap[0]).days) for gap in silent]

    expected = []
    for (_, name), days in listening.days_of(artist_of).items():
        plays = sum(map(len, days.values()))
        longest = max((gap for gap in gaps(days) if gap[1] - gap[0] > DAY and covered(gap)), key=_length, default=None)
        if plays >= 10 and longest:
            expected.append((name, _length(longest), longest[0], (listening.last_day - max(days)).days, plays))
    query = "select artist_name, gap_days, silent_from, days_since_last_play, plays from reporting.artist_breaks"
    check_same_rows(lived.home.ask(query), expected)


def _length(gap: tuple[date, date]) -> int:
    return (gap[1] - gap[0]).days


@pytest.mark.parametrize(
    ("report", "column", "name"),
    [
        ("streaks", "'all'", lambda _play: "all"),
        ("artist_streaks", "artist_name", artist_of),
        ("genre_streaks", "genre", lambda play: play.genre),
    ],
)
def test_streaks(
    lived: Lived, listening: Listening, report: str, column: str, name: Callable[[Heard], Hashable]
) -> None:
    """Days in a row, for certain and at most: a day without a play that is hardly covered may have had one.

    One day is a streak of all plays only.
    """
    unknown = {day for day in listening.known if listening.coverage(day, day) < 50}
    expected = []
    for key, days in listening.days_of(name).items():
        possible = runs(set(days) | unknown)
        for first, last in runs(days):
            [span] = [run for run in possible if run[0] <= first and last <= run[1]]
            if first < last or report == "streaks":
                title = key[1] if isinstance(key, tuple) else key
                expected.append((title, first, last, (last - first).days + 1, _length(span) + 1))
    query = f"select {column}, started_on, ended_on, certain_days, possible_days from reporting.{report}"
    check_same_rows(lived.home.ask(query), expected)


def test_sessions(lived: Lived, listening: Listening) -> None:
    """A pause of more than thirty minutes after the latest end begins another session."""
    sessions: list[list[Heard]] = []
    latest = None
    for play in listening.starts:
        if play.is_excluded or play.ms == 0:
            continue
        if latest is None or play.started_at - latest > timedelta(minutes=30):
            sessions.append([])
        sessions[-1].append(play)
        latest = play.ended_at if latest is None or len(sessions[-1]) == 1 else max(latest, play.ended_at)
    expected = []
    for session in sessions:
        counted = [play for play in session if play.counts]
        if counted:
            length = max(play.ended_at for play in session) - session[0].started_at
            things = (len({play.recording for play in counted}), len({play.artist_key for play in counted}))
            row = (session[0].local_at, len(counted), *things, len(session))
            expected.append((*row, minutes(counted), length.total_seconds() / 60))
    query = "select started_at, plays, tracks, artists, starts, minutes_played, length_minutes from reporting.sessions"
    check_same_rows(lived.home.ask(query), expected)


def test_skips(lived: Lived, listening: Listening) -> None:
    """Skips in percent of the starts that an export lists: by month, and by artist with ten of them."""
    measured = [play for play in listening.starts if play.is_measured and not play.is_excluded]
    months: dict[date, list[Heard]] = defaultdict(list)
    artists: dict[tuple[str, str], list[Heard]] = defaultdict(list)
    for play in measured:
        months[month(play.day)].append(play)
        if (artist := artist_of(play)) is not None:
            artists[artist].append(play)
    columns = "starts, skips, completed, skip_rate_pct"
    check_same_rows(
        lived.home.ask(f"select period_start, {columns} from reporting.skip_rate"),
        [(start, *_skips(plays)) for start, plays in months.items()],
    )
    check_same_rows(
        lived.home.ask(f"select artist_name, {columns} from reporting.skip_rate_by_artist"),
        [(name, *_skips(plays)) for (_, name), plays in artists.items() if len(plays) >= 10],
    )


def _skips(plays: list[Heard]) -> tuple[int, int, int, float]:
    skips = sum(play.is_skip is True for play in plays)
    return len(plays), skips, sum(play.is_completed for play in plays), 100 * skips / len(plays)


def test_offline_plays(lived: Lived, listening: Listening) -> None:
    """Plays with, without and of unknown connection make the year."""
    found = lived.home.ask("select year, plays_offline, plays_online, plays_unknown from reporting.offline_by_year")
    numbers = Counter((play.day.year, play.is_offline) for play in listening.plays)
    years = {play.day.year for play in listening.plays}
    assert sorted(found) == [
        (at, *(numbers[at, is_offline] for is_offline in (True, False, None))) for at in sorted(years)
    ]


def test_the_newest_plays(lived: Lived, listening: Listening) -> None:
    """The two hundred that ended last, short ones among them."""
    known = [play for play in listening.starts if not play.is_excluded]
    newest = sorted(known, key=lambda play: (-play.ended_at.timestamp(), play.play_key))[:200]
    found = lived.home.ask("select track_name, artist_name, ended_at from reporting.recently_played")
    check_same_rows(found, [(play.track, play.artist, play.ended_at) for play in newest])


def test_the_hours_before_the_question(lived: Lived, listening: Listening) -> None:
    """Each of the last 24 hours has the plays that started in it; asked on the date of the run."""
    rows = ask_at_its_date(lived, "select hours_ago, plays, hour_from, hour_until from reporting.last_24_hours")
    assert len(rows) == 24
    for row in rows:
        _, plays, *bounds = row.split(",")
        first, last = (datetime.fromisoformat(moment) for moment in bounds)
        assert last - first == timedelta(hours=1)
        assert int(plays) == sum(first <= play.started_at < last for play in listening.plays)
        assert timedelta(0) <= lived.now - last.replace(tzinfo=UTC) <= timedelta(hours=25)


def test_podcasts_and_books(lived: Lived) -> None:
    """From the payloads of the export: each different row of an episode or a chapter is one."""
    heard: dict[tuple[str, str], set[tuple[Any, ...]]] = defaultdict(set)
    for (payload,) in lived.home.ask_warehouse("select payload from raw.spotify_streaming_history"):
        row = json.loads(str(payload))
        for kind, thing, title in (
            ("podcast", "spotify_episode_uri", "episode_show_name"),
            ("audiobook", "audiobook_chapter_uri", "audiobook_title"),
        ):
            if row.get(thing):
                key = (row["ts"], row[thing], row["ms_played"], row.get("offline_timestamp"))
                heard[row.get(title) or "unknown", kind].add(key)
    expected = [(*name, len(rows), sum(row[2] for row in rows) / 60_000) for name, rows in heard.items()]
    check_same_rows(lived.home.ask("select title, kind, plays, minutes from reporting.podcasts_and_books"), expected)
