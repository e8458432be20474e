"""The reports on taste of a whole run, computed again in Python from its plays."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from math import exp, log, log2
from typing import Any

import pytest

from tests.end_to_end.conftest import Lived
from tests.support.listening import (
    DAY,
    Heard,
    Listening,
    artist_of,
    check_same_rows,
    gaps,
    minutes,
    month,
    month_end,
    year,
)


def test_discoveries(lived: Lived, listening: Listening) -> None:
    """First days, and what was kept: more than three plays, not all on one day."""

    def found(name: Callable[[Heard], Any]) -> list[tuple[Any, ...]]:
        rows = []
        for key, days in listening.days_of(name).items():
            first, plays = min(days), sum(map(len, days.values()))
            early = sum(len(played) for day, played in days.items() if day < first + 30 * DAY)
            is_kept = plays > 3 and len(days) > 1
            rows.append((key[1], first, plays, early, is_kept, first < listening.warm_until, max(days)))
        return rows

    columns = "discovered_on, plays, plays_first_30_days, is_kept, is_warm_up, last_heard_on"
    query = f"select artist_name, {columns} from reporting.discoveries"
    check_same_rows(lived.home.ask(query), found(artist_of))
    query = f"select track_name, {columns} from reporting.track_discoveries"
    check_same_rows(lived.home.ask(query), found(_recording))


def _recording(play: Heard) -> tuple[str, str] | None:
    return None if play.recording == "unknown" else (play.recording, play.track)


def test_comebacks_and_forgotten_favourites(lived: Lived, listening: Listening) -> None:
    """Half a year without an artist, at least half of it covered: until a return, or until now."""
    returns, forgotten = [], []
    for (_, name), days in listening.days_of(artist_of).items():
        for last, back in gaps(days):
            if back - last >= 180 * DAY and listening.coverage(last + DAY, back - DAY) >= 50:
                since = [play for day, played in days.items() if back <= day < back + 30 * DAY for play in played]
                returns.append((name, back, last, (back - last).days, len(since), minutes(since)))
        silent, plays = listening.last_day - max(days), [play for played in days.values() for play in played]
        is_known = listening.coverage(max(days) + DAY, listening.last_day) >= 50
        if silent >= 180 * DAY and len(plays) >= 20 and is_known:
            forgotten.append((name, len(plays), max(days), silent.days, minutes(plays)))
    columns = "artist_name, returned_on, last_heard_on, gap_days, plays_next_30_days, minutes_next_30_days"
    check_same_rows(lived.home.ask(f"select {columns} from reporting.rediscoveries"), returns)
    columns = "artist_name, plays, last_heard_on, days_silent, minutes"
    check_same_rows(lived.home.ask(f"select {columns} from reporting.forgotten_favourites"), forgotten)


def test_old_loves_and_single_songs(lived: Lived, listening: Listening) -> None:
    """The mean day of twenty plays, and artists of whom one song was played five times."""
    oldies, wonders = [], []
    for (_, name), days in listening.days_of(artist_of).items():
        plays = [play for played in days.values() for play in played]
        if len(plays) >= 20:
            oldies.append((name, len(plays), sum(play.day.toordinal() for play in plays) / len(plays)))
        if len(plays) >= 5 and len({play.recording for play in plays}) == 1 and plays[0].recording != "unknown":
            wonders.append((name, plays[0].track, len(plays), minutes(plays)))
    found = lived.home.ask("select artist_name, plays, mean_played_on from reporting.golden_oldies")
    means = {name: mean for name, _, mean in oldies}
    assert sorted((name, plays) for name, plays, _ in found) == sorted((name, plays) for name, plays, _ in oldies)
    assert all(abs(day.toordinal() - means[name]) <= 0.5 for name, _, day in found)
    check_same_rows(
        lived.home.ask("select artist_name, track_name, plays, minutes from reporting.one_hit_wonders"), wonders
    )
    assert len(means) == len(oldies)


def test_new_and_familiar(lived: Lived, listening: Listening) -> None:
    """Each play is the artist's first, of the thirty days after, familiar, or of the 90 days when all is new."""
    groups: dict[date, Counter[str]] = defaultdict(Counter)
    for days in listening.days_of(artist_of).values():
        first = min(days)
        for last, back in gaps(days):
            groups[month(back)]["back"] += back - last >= 180 * DAY
        for day, played in days.items():
            for at, _ in enumerate(played):
                is_first = day == first and at == 0
                group = "new" if is_first else "recent" if day <= first + 30 * DAY else "familiar"
                groups[month(day)]["masked" if day < listening.warm_until else group] += 1
    expected = [
        (start, *(numbers[group] for group in ("new", "new", "recent", "familiar", "masked", "back")))
        for start, numbers in groups.items()
    ]
    columns = "new_artists, plays_new, plays_recent, plays_familiar, plays_masked, rediscoveries"
    check_same_rows(lived.home.ask(f"select period_start, {columns} from reporting.new_vs_familiar"), expected)


@pytest.mark.parametrize(("report", "start"), [("diversity", month), ("diversity_by_year", year)])
def test_breadth(lived: Lived, listening: Listening, report: str, start: Callable[[date], date]) -> None:
    """The number of equally played artists that would be as diverse: e to the entropy of the shares."""
    expected = []
    for begin in {start(play.day) for play in listening.plays}:
        plays = [play for play in listening.plays if start(play.day) == begin]
        artists = Counter(artist for play in plays if (artist := artist_of(play)))
        shares = [number / artists.total() for number in artists.values()]
        breadth = exp(-sum(share * log(share) for share in shares))
        countries = {play.country for play in plays if play.country}
        tracks = {play.recording for play in plays}
        top = 100 * sum(sorted(shares)[-10:])
        expected.append((begin, len(plays), len(artists), len(tracks), len(countries), breadth, top))
    columns = "plays, artists, tracks, countries, effective_artists, top_10_pct"
    check_same_rows(lived.home.ask(f"select period_start, {columns} from reporting.{report}"), expected)


def test_obsessions(lived: Lived, listening: Listening) -> None:
    """The seven days with the greatest share of one artist's minutes, within the data and at least half covered."""
    all_ms: Counter[date] = Counter()
    for play in listening.plays:
        all_ms[play.day] += play.ms
    last_of_week = [day for day in listening.known if day - 6 * DAY >= listening.first_day]
    expected = []
    for (_, name), days in listening.days_of(artist_of).items():
        best = None
        for day in last_of_week:
            week = [play for at in range(7) for play in days.get(day - at * DAY, [])]
            if len(week) >= 10 and listening.coverage(day - 6 * DAY, day) >= 50:
                ms = sum(play.ms for play in week)
                share = ms / sum(all_ms[day - at * DAY] for at in range(7))
                best = max(best or (0.0, 0), (share, len(week)))
        if best:
            expected.append((name, best[1], 100 * best[0]))
    check_same_rows(lived.home.ask("select artist_name, plays, obsession_pct from reporting.obsession"), expected)


def test_genre_drift(lived: Lived, listening: Listening) -> None:
    """Half the distance of a month's and the twelve months' shares from their middle, in bits."""
    by_month: dict[date, Counter[str]] = defaultdict(Counter)
    for play in listening.plays:
        for genre, weight in listening.genres.get(play.artist_key, {}).items():
            by_month[month(play.day)][genre] += weight  # type: ignore[assignment]
    expected = []
    for start, now in by_month.items():
        earlier = [at for at in by_month if at < start and _months(at, start) <= 12]
        before = sum((by_month[at] for at in earlier), Counter[str]())
        whole = listening.is_whole(start, month_end(start)) and listening.coverage(start, month_end(start)) >= 50
        if whole and now.total() >= 50 and before.total() >= 50:
            expected.append((start, 100 * _divergence(now, before), float(now.total()), float(before.total())))
    query = "select period_start, 100 * drift, plays_with_genre, plays_with_genre_before from reporting.genre_drift"
    check_same_rows(lived.home.ask(query), expected)


def _months(first: date, second: date) -> int:
    return 12 * (second.year - first.year) + second.month - first.month


def _divergence(one: Counter[str], other: Counter[str]) -> float:
    total = 0.0
    for genre in one | other:
        first, second = one[genre] / one.total(), other[genre] / other.total()
        middle = (first + second) / 2
        total += sum(share * log2(share / middle) for share in (first, second) if share > 0) / 2
    return total
