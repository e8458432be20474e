"""The plays of a published file as plain objects, to compute reports again in Python, without the project's SQL.

That the plays themselves are those of the raw rows is held by tests/end_to_end/test_from_nothing_to_answers.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

Ask = Callable[[str], list[tuple[Any, ...]]]
NOBODY = {"unknown", "various artists"}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Heard:
    """One play."""

    day: date
    started_at: datetime
    ended_at: datetime
    local_at: datetime
    play_key: int
    ms: int
    recording: str
    track: str
    artist_key: int
    artist: str
    album_key: int
    album: str
    country: str | None
    genre: str | None
    """The artist's main genre."""
    device_known: bool
    is_offline: bool | None
    is_private: bool
    is_measured: bool
    """Whether an export or a neighbour says how long it was."""
    is_excluded: bool
    is_skip: bool | None
    is_completed: bool
    track_key: int
    time_zone: str
    heard_in: str | None
    """The code of the country that it was heard in."""
    grade: str
    """How its time is known: exact, bounded or assumed."""
    decade: int | None
    """Of its recording's first release: 1960 and so on."""
    origin: tuple[Any, ...]
    """The artist's place, country and continent, as far as known."""

    @property
    def is_play(self) -> bool:
        """Whether it is a play by Spotify's rule, excluded or not."""
        return self.ms >= 30_000 or not self.is_measured

    @property
    def counts(self) -> bool:
        """Whether reports count it."""
        return self.is_play and not self.is_excluded

    @property
    def known_artist(self) -> str | None:
        """The artist's name, None for nobody in particular."""
        return None if self.artist.lower() in NOBODY else self.artist


_PLAYS = """
select
    plays.date_key, plays.started_at, plays.ended_at, plays.local_started_at, plays.play_key, plays.ms_played,
    plays.recording_key, recordings.recording_name, plays.artist_key, artists.artist_name, plays.album_key,
    albums.album_name, artists.country_name, nullif(artists.main_genre, 'unknown'), plays.platform is not null,
    plays.is_offline, coalesce(plays.is_incognito, false), not plays.is_assumed, plays.is_excluded, plays.is_skip,
    plays.is_play_completed, plays.track_key, plays.time_zone, plays.listener_country_code,
    plays.time_grade, recordings.first_release_decade,
    row(artists.origin_area_key, artists.origin_area_name, artists.country_name, artists.continent)
from marts.fct_plays as plays
inner join marts.dim_recording as recordings using (recording_key)
inner join marts.dim_artist as artists on plays.artist_key = artists.artist_key
inner join marts.dim_album as albums on plays.album_key = albums.album_key
"""


@dataclass(frozen=True, slots=True)
class Listening:
    """All plays in their order, the counted ones among them, and of each day how much is covered."""

    starts: list[Heard]
    plays: list[Heard]
    known: dict[date, float]
    covered: dict[date, float]
    genres: dict[str, dict[str, float]] = field(default_factory=dict)
    """The weights of the genres of each artist's key."""

    @property
    def first_day(self) -> date:
        """The first day of which anything is known."""
        return min(self.known)

    @property
    def last_day(self) -> date:
        """The last one."""
        return max(self.known)

    @property
    def warm_until(self) -> date:
        """The first day of those on which who is first heard is taken for new."""
        return self.first_day + 90 * DAY

    def coverage(self, first: date, last: date) -> float:
        """Return how much of some days is covered, in percent; of no day, all."""
        days = [day for day in self.known if first <= day <= last]
        known = sum(self.known[day] for day in days)
        return 100 * sum(self.covered[day] for day in days) / known if known else 100.0

    def is_whole(self, first: date, last: date) -> bool:
        """Return whether a period lies within the days of which anything is known."""
        return self.first_day <= first and last <= self.last_day

    def days_of(self, name: Callable[[Heard], Hashable]) -> dict[Any, dict[date, list[Heard]]]:
        """Return the counted plays of each day of each name that is not None."""
        found: dict[Any, dict[date, list[Heard]]] = defaultdict(lambda: defaultdict(list))
        for play in self.plays:
            if (key := name(play)) is not None:
                found[key][play.day].append(play)
        return {key: dict(sorted(days.items())) for key, days in found.items()}


def read_listening(ask: Ask) -> Listening:
    """Return the plays of a published file."""
    starts = sorted((Heard(*row) for row in ask(_PLAYS)), key=lambda play: (play.started_at, play.play_key))
    days = ask("select date_key, known_minutes, covered_minutes from marts.fct_listening_coverage")
    genres: dict[str, dict[str, float]] = defaultdict(dict)
    for artist, genre, weight in ask(
        "select artist_key, genre_name, weight from marts.bridge_artist_genres"
        " inner join marts.dim_genre using (genre_key) where genre_key <> 0"
    ):
        genres[artist][genre] = float(weight)
    return Listening(
        starts,
        [play for play in starts if play.counts],
        {day: float(minutes) for day, minutes, _ in days},
        {day: float(minutes) for day, _, minutes in days},
        dict(genres),
    )


def artist_of(play: Heard) -> tuple[int, str] | None:
    """Return the key and name of a play's artist, None for nobody in particular."""
    return None if play.known_artist is None else (play.artist_key, play.artist)


def counts(plays: Iterable[Heard], name: Callable[[Heard], Any]) -> dict[Any, int]:
    """Return the plays of each name that has one."""
    found = Counter(name(play) for play in plays)
    return {key: number for key, number in found.items() if key is not None and str(key).lower() not in NOBODY}


def minutes(plays: Iterable[Heard]) -> float:
    """Return the minutes of plays."""
    return sum(play.ms for play in plays) / 60_000


def gaps(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return each day beside the one after it."""
    return list(pairwise(sorted(days)))


def runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return the first and the last day of each run of days in a row."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and found[-1][1] + DAY == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def month(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Return the last day of the month."""
    return month(month(day) + 31 * DAY) - DAY


def week(day: date) -> date:
    """Return the Monday of the week."""
    return day - timedelta(days=day.weekday())


def year(day: date) -> date:
    """Return the first day of the year."""
    return day.replace(month=1, day=1)


def check_same_rows(found: Iterable[tuple[Any, ...]], expected: Iterable[tuple[Any, ...]]) -> None:
    """Raise unless two sets of rows are the same, numbers to a tenth, in any order; names come first in a row."""
    first, second = sorted(found, key=_order), sorted(expected, key=_order)
    assert len(first) == len(second), f"{len(first)} rows, not {len(second)}"
    for row, other in zip(first, second, strict=True):
        assert len(row) == len(other)
        assert all(_same(one, two) for one, two in zip(row, other, strict=True)), f"{row} is not {other}"


def _order(row: tuple[Any, ...]) -> tuple[list[str], list[float]]:
    exact = [str(value) for value in row if not isinstance(value, float | Decimal)]
    return exact, [float(value) for value in row if isinstance(value, float | Decimal)]


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, float | Decimal) and isinstance(two, float | Decimal):
        return abs(float(one) - float(two)) <= 0.0501
    return bool(one == two)
