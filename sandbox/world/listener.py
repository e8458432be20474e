"""The listener: sessions, loops, trips and podcasts over years, all from the seed.

Days are drawn one by one, in order; plays never overlap. What is odd about exports and polls is added where they are
written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sandbox.world.discography import Catalogue, Track
from sandbox.world.habits import Habits
from sandbox.world.invented_names import book_name, show_name
from sandbox.world.plays import Play, Spoken
from sandbox.world.sessions import MINUTE, Session, Sync, away, draw_session, music_play, spoken_play
from sandbox.world.taste import Taste

# Hours of the local day at which sessions begin, and how often.
_HOURS = (7, 8, 10, 12, 14, 16, 17, 18, 20, 21, 22, 23)
_HOUR_WEIGHTS = (10, 12, 8, 7, 8, 8, 12, 9, 10, 8, 6, 2)
_NEW_YORK = ZoneInfo("America/New_York")
_FIRST_AUDIOBOOK = date(2024, 3, 1)


class Listener:
    """Draws the plays of one person.

    `pool` are the artists to be heard; `per_day` is the mean number of music plays, `expected` their number in all.
    """

    def __init__(
        self,
        *,
        seed: str,
        catalogue: Catalogue,
        pool: list[int],
        first_day: date,
        per_day: float,
        expected: int,
        timezone: str,
        habits: Habits,
    ) -> None:
        self._seed, self._first_day, self._per_day = seed, first_day, per_day
        self._zone, self._habits = ZoneInfo(timezone), habits
        self._taste = Taste(
            seed=seed, catalogue=catalogue, pool=pool, first_day=first_day, expected=expected, loop=habits.loop
        )
        self._last_end = 0
        names = Random(f"{seed}/spoken")
        self._shows = [show_name(names) for _ in range(6)]
        self._books = [book_name(names) for _ in range(4)]

    def plays_until(self, until: datetime) -> Iterator[Play]:
        """Yield all plays that end by this moment, in order of time, numbered from 0."""
        day, end_ms, number = self._first_day, int(until.timestamp() * 1000), 0
        while day <= until.astimezone(self._zone).date():
            for play in self._day(day):
                if play.ended_ms > end_ms:
                    return
                play.play_id = number
                number += 1
                yield play
            day += timedelta(days=1)

    def _day(self, day: date) -> Iterator[Play]:
        random = Random(f"{self._seed}/day/{day.toordinal()}")
        mean = self._per_day * (1.25 if day.weekday() >= 5 else 0.9)
        left = max(0, round(random.gauss(mean, mean * 0.45)))
        if day.month == 8 and 3 <= day.day <= 9:
            left //= 6  # a week of holiday
        zone = _NEW_YORK if away(day) else self._zone
        night = _local_ms(day + timedelta(days=1), 3, zone) + 30 * MINUTE
        cursor = max(_local_ms(day, 4, zone), self._last_end)
        sessions = max(1, min(6, round(left / 14)))
        for place, hour in enumerate(sorted(random.choices(_HOURS, _HOUR_WEIGHTS, k=sessions))):
            share = round(left * random.uniform(0.5, 1.5) / (sessions - place))
            count = left if place == sessions - 1 else min(share, left)
            left -= count
            cursor = max(cursor + MINUTE, _local_ms(day, hour, zone) + random.randrange(55 * MINUTE))
            for play in self._session(random, day, cursor, count):
                if play.ended_ms > night:
                    return
                cursor = self._last_end = play.ended_ms
                yield play

    def _session(self, random: Random, day: date, cursor: int, count: int) -> Iterator[Play]:
        session = draw_session(random, day, self._habits)
        sync = Sync(session, random, self._habits)
        if random.random() < self._habits.spoken:
            play = self._spoken(random, day, session, cursor)
            cursor = play.ended_ms + 900
            yield play
        reason = random.choice(("clickrow", "playbtn", "appload", "remote", "unknown"))
        queue: list[Track] = []
        for _ in range(count):
            queue = queue or self._taste.next_tracks(random, day)
            play = music_play(random, session, self._habits, track=queue.pop(0), start=cursor, reason=reason)
            cursor = max(play.ended_ms, *play.poll_ms, cursor) + random.choice((0, 180, 420, 700, 1500))
            reason = play.reason_end or "trackdone"
            yield from sync.pass_on(play)
        yield from sync.finish()

    def _spoken(self, random: Random, day: date, session: Session, start: int) -> Play:
        if day >= _FIRST_AUDIOBOOK and random.random() < 0.25:
            number = random.randrange(1, 30)
            item = Spoken("chapter", random.choice(self._books), f"Chapter {number}", number)
            length = random.randint(8, 30) * MINUTE
        else:
            number = (day.toordinal() % 700) // 7 + 1
            item = Spoken("episode", random.choice(self._shows), f"Episode {number}", number, video=number % 4 == 0)
            length = random.randint(20, 70) * MINUTE
        played = length if random.random() < 0.6 else random.randint(2 * MINUTE, length)
        return spoken_play(session, item, start, length, played)


def trips(plays: Iterable[Play], home: str) -> str:
    """Return the listener's moves as the music tracker's LISTENER_TRIPS takes them: `UTC moment=zone`, with commas."""
    zones = {"DE": home, "US": _NEW_YORK.key}
    moves, country = [], "DE"
    for play in plays:
        if play.country in zones and play.country != country:
            country = play.country
            moves.append(f"{datetime.fromtimestamp(play.started_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}={zones[country]}")
    return ",".join(moves)


def _local_ms(day: date, hour: int, zone: ZoneInfo) -> int:
    """Return an hour of a local day in milliseconds since 1970, also on days of 23 or 25 hours."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=zone).timestamp() * 1000)
