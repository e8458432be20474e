"""The summaries of a whole run and what explains them, computed again in Python from its plays and raw rows."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.end_to_end.conftest import ROOT, Lived
from tests.support.listening import (
    DAY,
    Heard,
    Listening,
    artist_of,
    check_same_rows,
    counts,
    minutes,
    runs,
    week,
    year,
)


def test_what_there_is_to_say_of_one(lived: Lived, listening: Listening) -> None:
    """Of an artist, an album and a song: plays, days, weeks, first and last."""
    artists, weeks = [], []
    known_weeks = len({week(day) for day in listening.known})
    for (_, name), days in listening.days_of(artist_of).items():
        plays = [play for played in days.values() for play in played]
        tracks, albums = {play.recording for play in plays}, {play.album_key for play in plays}
        best, of_artist = max(map(len, days.values())), {week(day) for day in days}
        sums = (len(plays), len(tracks), len(albums), len(days), len(of_artist), best)
        artists.append((name, *sums, min(days), max(days), minutes(plays)))
        weeks.append((name, len(of_artist), len(plays), 100 * len(of_artist) / known_weeks))
    columns = "plays, tracks, albums, days, weeks, plays_on_best_day, first_heard_on, last_heard_on, minutes"
    check_same_rows(lived.home.ask(f"select artist_name, {columns} from reporting.artist_summary"), artists)
    check_same_rows(
        lived.home.ask("select artist_name, weeks, plays, weeks_pct from reporting.weeks_per_artist"), weeks
    )

    for report, title, key, name in (
        ("album_summary", "album_name", "album_key", "album"),
        ("track_summary", "track_name", "recording", "track"),
    ):
        found = lived.home.ask(f"select {title}, plays, days, minutes from reporting.{report}")
        things = listening.days_of(lambda play, key=key, name=name: (getattr(play, key), getattr(play, name)))  # type: ignore[misc]
        expected = []
        for (known, shown), days in things.items():
            plays = [play for played in days.values() for play in played]
            if known != "unknown":
                expected.append((shown, len(plays), len(days), minutes(plays)))
        check_same_rows(found, expected)


def test_completeness(lived: Lived, listening: Listening) -> None:
    """Of how many plays what is known, and how much of the time."""
    plays, starts = listening.plays, listening.starts
    looked_up = {key for (key,) in lived.home.ask("select recording_key from marts.dim_recording where is_enriched")}
    shares = (
        listening.coverage(listening.first_day, listening.last_day),
        *(
            100 * sum(map(known, plays)) / len(plays)
            for known in (
                lambda play: play.grade == "exact",
                lambda play: play.recording in looked_up,
                lambda play: play.country is not None,
                lambda play: play.genre is not None,
            )
        ),
    )
    heard = sum(play.ms > 0 or not play.is_measured for play in starts if not play.is_excluded)
    found = lived.home.ask(
        "select plays, plays_any, plays_excluded, coverage_pct, exact_pct, looked_up_pct, country_known_pct,"
        " genre_known_pct from reporting.completeness"
    )
    check_same_rows(found, [(len(plays), heard, sum(play.is_excluded for play in starts), *shares)])


def test_milestones(lived: Lived, listening: Listening) -> None:
    """Each round number of plays and hours, each long streak, and each new number one."""
    marks = [1, 10, 100, 500, *range(1000, 100_000, 1000)]
    expected, ms = [], 0
    hours = iter(marks)
    hour = next(hours)
    for at, play in enumerate(listening.plays, start=1):
        if at in marks:
            expected.append((f"play number {at:,}", play.day))
        ms += play.ms
        while ms >= hour * 3_600_000:
            expected.append((f"hour number {hour:,}", play.day))
            hour = next(hours)
    for first, last in runs({play.day for play in listening.plays}):
        reached = [days for days in (7, 30, 100, 365, 1000) if (last - first).days + 1 >= days]
        expected += [(f"{days:,} days in a row", first + (days - 1) * DAY) for days in reached]
    columns = "select milestone, reached_on from reporting.milestones where kind <> 'number one'"
    check_same_rows(lived.home.ask(columns), expected)
    columns = "select subject, reached_on from reporting.milestones where kind = 'number one'"
    assert sorted(lived.home.ask(columns)) == sorted(_number_ones(listening))


def _number_ones(listening: Listening) -> list[tuple[str, date]]:
    """Return whoever has more plays at the end of a day than anyone had before, where it was another before.

    Of several with as many plays, the one with the least key.
    """
    totals: Counter[tuple[int, str]] = Counter()
    found: list[tuple[str, date]] = []
    record, leader, first = 0, None, None
    for day, played in groupby(listening.plays, key=lambda play: play.day):
        heard = Counter(artist for play in played if (artist := artist_of(play)))
        totals.update(heard)
        best = max((totals[artist] for artist in heard), default=0)
        if best > record:
            ahead = min((artist for artist in heard if totals[artist] == best), key=lambda one: one[0])
            record, first = best, first or day
            if ahead != leader and day >= first + 90 * DAY:
                found.append((ahead[1], day))
            leader = ahead
    return found


def test_the_year(lived: Lived, listening: Listening) -> None:
    """The numbers of each year, its five firsts, and what was longest in it."""
    names: dict[str, Callable[[Heard], Any]] = {
        "artist": lambda play: play.known_artist,
        "track": lambda play: f"{play.track} by {play.artist}",
        "album": lambda play: f"{play.album} by",
        "country": lambda play: play.country,
    }
    streaks = runs({play.day for play in listening.plays})
    for start in {year(play.day) for play in listening.plays}:
        plays = [play for play in listening.plays if year(play.day) == start]
        end = start.replace(month=12, day=31)
        columns = "plays, minutes, artists, tracks, longest_streak_days, most_replayed_times, is_complete_period"
        query = f"select {columns} from reporting.year_in_review where year = {start.year}"
        streak = max((min(last, end) - max(first, start)).days + 1 for first, last in streaks)
        [found] = lived.home.ask(query)
        artists, tracks = {artist_of(play) for play in plays} - {None}, {play.recording for play in plays}
        lengths = [len(list(run)) for _, run in groupby(listening.plays, key=lambda play: play.recording)]
        assert found[0::2][1:3] == (len(artists), streak)
        assert (found[0], found[3], found[6]) == (len(plays), len(tracks), listening.is_whole(start, end))
        assert abs(float(str(found[1])) - minutes(plays)) < 0.1
        assert found[5] is None or found[5] in lengths
        for kind, name in names.items():
            first = sorted(counts(plays, name).values(), reverse=True)[:5]
            query = f"select name from reporting.year_lists where kind = '{kind}' and year = {start.year} order by rank"
            listed = [str(row[0]) for row in lived.home.ask(query)]
            assert len(listed) == len(first)
            if kind in ("artist", "country"):
                assert [counts(plays, name)[one] for one in listed] == first, kind


def test_rows_and_their_fates(lived: Lived) -> None:
    """Each raw row has a fate, and the plays of a fate are plays."""
    published = set(lived.home.ask("select source_file from about.files"))  # other tests poll after it
    raw = Counter(
        str(file)
        for table in ("spotify_recently_played", "spotify_streaming_history")
        for (file,) in lived.home.ask_warehouse(f"select source_file from raw.{table}")
        if (file,) in published
    )
    assert raw
    rows = lived.home.ask("select source_file, fate, rows_with_fate, plays, source from reporting.explain_rows")
    by_file: Counter[str] = Counter()
    for file, _, number, _, _ in rows:
        by_file[str(file)] += int(str(number))
    assert by_file == raw
    counted = sum(int(str(plays)) for _, fate, _, plays, _ in rows if fate == "counted")
    assert lived.home.ask("select count(*) from reporting.explain_plays") == [(counted,)]
    [(read, added, confirmed)] = lived.home.ask(
        "select sum(rows_read), sum(plays_added), sum(plays_confirmed) from reporting.export_changes"
    )
    assert read == sum(int(str(number)) for _, _, number, _, source in rows if source == "export")
    in_exports = lived.home.ask("select count(*) from marts.fct_plays where is_counted and play_source <> 'poll'")
    assert [(int(str(added)) + int(str(confirmed)),)] >= in_exports


def test_rules_beside_each_other(lived: Lived, listening: Listening) -> None:
    """What each rule counts in each year; and of each play whether the reports count it."""
    rules: dict[str, Callable[[Heard], bool]] = {
        "all plays": lambda _play: True,
        "spotify30": lambda play: play.is_play,
        "spotify30, exact": lambda play: play.is_play and play.is_measured,
        "spotify30, assumed": lambda play: play.is_play and not play.is_measured,
        "excluded": lambda play: play.is_play and play.is_excluded,
        "reports": lambda play: play.counts,
        "wrapped": _is_wrapped,
        "completed": lambda play: play.is_completed,
    }
    expected = [
        (rule, at, sum(counts_it(play) for play in listening.starts if play.day.year == at))
        for rule, counts_it in rules.items()
        for at in {play.day.year for play in listening.starts}
    ]
    found = lived.home.ask("select rule, year, plays from reporting.explain_rules")
    check_same_rows([row for row in found if row[0] in rules], expected)
    found = lived.home.ask("select play_key, is_in_reports from reporting.explain_plays")
    assert dict(found) == {play.play_key: play.counts for play in listening.starts}  # type: ignore[arg-type]


def _is_wrapped(play: Heard) -> bool:
    return play.is_play and not play.is_private and (play.day.month, play.day.day) <= (11, 15)


@pytest.mark.parametrize(
    ("report", "title", "name"),
    [
        ("wrapped_artists", "artist_name", artist_of),
        ("wrapped_songs", "track_name", lambda play: (play.recording, play.track)),
    ],
)
def test_wrapped(lived: Lived, listening: Listening, report: str, title: str, name: Callable[[Heard], Any]) -> None:
    """The hundred firsts by Wrapped's rule, and the four numbers that lead from ours to it."""
    by_year: dict[int, dict[Any, list[Heard]]] = defaultdict(lambda: defaultdict(list))
    for play in listening.starts:
        if play.is_play and (key := name(play)) is not None and key[0] != "unknown":
            by_year[play.day.year][key].append(play)
    columns = "wrapped_plays, plays, plays_too_late, plays_private, plays_excluded"
    for at, things in by_year.items():
        expected = Counter((key[1], *_steps(plays)) for key, plays in things.items() if any(map(_is_wrapped, plays)))
        found = Counter(lived.home.ask(f"select {title}, {columns} from reporting.{report} where year = {at}"))
        assert found <= expected
        assert found.total() == min(100, expected.total())
        firsts = sorted((row[1] for row in expected.elements()), reverse=True)[:100]
        assert sorted((int(str(row[1])) for row in found.elements()), reverse=True) == firsts


def _steps(plays: list[Heard]) -> tuple[int, ...]:
    late = [play for play in plays if (play.day.month, play.day.day) > (11, 15)]
    private = [play for play in plays if play.is_private and play not in late]
    excluded = [play for play in plays if play.is_excluded and _is_wrapped(play)]
    return (
        sum(map(_is_wrapped, plays)),
        sum(play.counts for play in plays),
        sum(play.counts for play in late),
        sum(play.counts for play in private),
        len(excluded),
    )


def test_merges(lived: Lived, listening: Listening) -> None:
    """The tracks of a recording without the one that was heard most."""
    tracks: dict[str, dict[str, list[Heard]]] = defaultdict(lambda: defaultdict(list))
    for play in listening.plays:
        if play.track_key != 0:
            tracks[play.recording][play.track_key].append(play)
    expected = []
    for members in tracks.values():
        by_time = sorted(members.values(), key=lambda plays: (-sum(play.ms for play in plays), plays[0].track_key))
        expected += [(len(plays), minutes(plays)) for plays in by_time[1:]]
    found = lived.home.ask("select plays, minutes from reporting.explain_merges where kind = 'recording'")
    check_same_rows(found, expected)


def test_trips(lived: Lived, listening: Listening) -> None:
    """A run of plays in a country where no clock shows, at noon of the day, what the zone in force shows."""
    zones: dict[str, list[str]] = defaultdict(list)
    with (ROOT / "dbt_project" / "seeds" / "country_time_zones.csv").open(newline="", encoding="utf-8") as seed:
        for row in csv.DictReader(seed):
            zones[row["country_code"]].append(row["time_zone"])

    def stay(play: Heard) -> tuple[bool, str | None, str]:
        noon = play.started_at.replace(hour=12, minute=0, second=0, microsecond=0, tzinfo=UTC)
        right = noon.astimezone(ZoneInfo(play.time_zone)).utcoffset()
        clocks = {noon.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones[play.heard_in or ""]}
        return bool(clocks) and right not in clocks, play.heard_in, play.time_zone

    placed = [play for play in listening.starts if play.heard_in]
    stays = [(key, list(plays)) for key, plays in groupby(placed, key=stay)]
    expected = []
    for at, ((is_elsewhere, _, _), plays) in enumerate(stays):
        if is_elsewhere:
            expected.append((plays[0].started_at, len(plays)))
            expected += [(after[0].started_at, len(plays)) for _, after in stays[at + 1 : at + 2]]
    check_same_rows(lived.home.ask("select from_at, plays_any from reporting.explain_trips"), expected)
