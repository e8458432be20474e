"""The listener: sessions, skips, loops, pauses, offline trips and podcasts over years, all from the seed.

Each day is drawn on its own, so the same day is the same in a shorter and in a longer history of the same start.
Plays never overlap; what is odd about exports and polls is added where they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sandbox.catalogue import Catalogue, Track
from sandbox.plays import Play, Spoken
from sandbox.taste import Taste
from sandbox.words import book_name, show_name

MINUTE = 60_000
HOUR = 60 * MINUTE

PLATFORMS = (
    "android",
    "ios",
    "Windows 10 (10.0.19045; x64)",
    "web_player windows 10;chrome 120.0.0.0;desktop",
    "Partner sonos_ppc Sonos;Play1",
    "OS X 14.4.1 [arm 2]",
)

# Hours of the local day at which sessions begin, and how often.
_HOURS = (7, 8, 10, 12, 14, 16, 17, 18, 20, 21, 22, 23)
_HOUR_WEIGHTS = (10, 12, 8, 7, 8, 8, 12, 9, 10, 8, 6, 2)


@dataclass(frozen=True, slots=True)
class Session:
    """What holds for all plays of one sitting."""

    offline: bool
    incognito: bool
    shuffle: bool
    platform: int
    country: str
    stamped_at_start: bool
    sync_after_ms: int
    context: str | None


class Listener:
    """All plays of one person, in order of time, from `first_day` up to the moment `until`."""

    def __init__(
        self,
        *,
        seed: str,
        catalogue: Catalogue,
        pool: list[int],
        first_day: date,
        until: datetime,
        plays_per_day: float,
        timezone: str,
        expected_plays: int,
    ) -> None:
        self._seed, self._catalogue = seed, catalogue
        self._first_day, self._until = first_day, until
        self._per_day, self._zone = plays_per_day, ZoneInfo(timezone)
        self._taste = Taste(seed, catalogue, pool, first_day, expected_plays)
        names = Random(f"{seed}/spoken")
        self._shows = [show_name(names) for _ in range(6)]
        self._books = [book_name(names) for _ in range(4)]
        self.plays: list[Play] = list(self._all())

    def _all(self) -> Iterator[Play]:
        day, end_ms, number = self._first_day, int(self._until.timestamp() * 1000), 0
        while day <= self._until.astimezone(self._zone).date():
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
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() * 1000)
        night = midnight + 27 * HOUR + 30 * MINUTE
        cursor = midnight + 4 * HOUR
        sittings = max(1, min(6, round(left / 14)))
        starts = sorted(random.choices(_HOURS, _HOUR_WEIGHTS, k=sittings))
        for place, hour in enumerate(starts):
            count = left if place == sittings - 1 else round(left * random.uniform(0.5, 1.5) / (sittings - place))
            count = min(count, left)
            left -= count
            cursor = max(cursor + MINUTE, midnight + hour * HOUR + random.randrange(55 * MINUTE))
            for play in self._sitting(random, day, cursor, count):
                if play.ended_ms > night:
                    return
                cursor = play.ended_ms
                yield play

    def _sitting(self, random: Random, day: date, start: int, count: int) -> Iterator[Play]:
        session = _session(random, day)
        batch = _Sync(session)
        cursor, reason = start, random.choice(("clickrow", "playbtn", "appload", "remote"))
        if random.random() < 0.22:
            play = self._spoken_play(random, day, session, cursor)
            cursor = play.ended_ms + 900
            yield play
        queue: list[Track] = []
        for _ in range(count):
            if not queue:
                queue = self._taste.next_tracks(random, day)
            play = _music_play(random, session, queue.pop(0), cursor, reason)
            cursor = play.ended_ms + random.choice((0, 180, 420, 700, 1500))
            reason = "trackdone" if play.reason_end == "trackdone" else play.reason_end
            batch.add(play, random)
            if not session.offline:
                yield play
        yield from batch.synced()

    def _spoken_play(self, random: Random, day: date, session: Session, start: int) -> Play:
        whole = random.random() < 0.6
        if day >= date(2024, 3, 1) and random.random() < 0.25:
            number = random.randrange(1, 30)
            item = Spoken("chapter", random.choice(self._books), f"Chapter {number}", number)
            length = random.randint(8, 30) * MINUTE
        else:
            number = (day.toordinal() % 700) // 7 + 1
            item = Spoken("episode", random.choice(self._shows), f"Episode {number}", number)
            length = random.randint(20, 70) * MINUTE
        played = length if whole else random.randint(2 * MINUTE, length)
        return Play(
            play_id=0,
            item=item,
            started_ms=start,
            ended_ms=start + played,
            ms_played=played,
            ts_s=(start + played) // 1000,
            reason_start="clickrow",
            reason_end="trackdone" if whole else "endplay",
            skipped=False,
            shuffle=False,
            offline=False,
            offline_timestamp=start // 1000,
            incognito=session.incognito,
            platform=session.platform,
            country=session.country,
            context=None,
        )


class _Sync:
    """Holds the plays of an offline sitting back until the device is online again."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: list[Play] = []
        # Of offline sittings 60 % keep the true end in ts; the others get the moment of the sync, 15 % of all
        # with a device clock that nobody can use.
        self._kind: str | None = None

    def add(self, play: Play, random: Random) -> None:
        """Take one play of the sitting."""
        if self._session.offline:
            self._kind = self._kind or random.choices(("true", "synced", "lost"), (60, 25, 15))[0]
            self._waiting.append(play)

    def synced(self) -> Iterator[Play]:
        """Yield the plays of an offline sitting as the services will know them."""
        if not self._waiting:
            return
        sync = self._waiting[-1].ended_ms + self._session.sync_after_ms
        for place, play in enumerate(self._waiting):
            play.offline = True
            play.offline_timestamp = play.started_ms // 1000
            play.visible_ms = sync
            if self._kind != "true":
                play.ts_s = sync // 1000
            if self._kind == "lost":
                play.offline_timestamp = (0, 37, None)[play.platform % 3]
                play.poll_ms = (sync + place,) if play.poll_ms else ()
            yield play


def _session(random: Random, day: date) -> Session:
    away = day.month == 5 and 10 <= day.day <= 24
    platform = random.choices(range(len(PLATFORMS)), (45, 5, 20, 12, 10, 8))[0]
    kind = random.choices(("playlist", "album", "artist", None), (45, 25, 10, 20))[0]
    return Session(
        offline=platform < 2 and random.random() < 0.09,
        incognito=random.random() < 0.012,
        shuffle=random.random() < 0.4,
        platform=platform,
        country="US" if away else "DE",
        stamped_at_start=platform == 3 and random.random() < 0.25,
        sync_after_ms=random.randint(5, 600) * MINUTE,
        context=kind,
    )


def _music_play(random: Random, session: Session, track: Track, start: int, reason: str) -> Play:
    length, draw, pause, split = track.duration_ms, random.random(), 0, 0
    played, end_reason = length, "trackdone"
    if draw < 0.13:
        played, end_reason = random.randrange(400, 29_500), random.choice(("fwdbtn", "fwdbtn", "backbtn", "clickrow"))
    elif draw < 0.19:
        played, end_reason = random.randrange(30_000, max(30_001, length - 5_000)), "fwdbtn"
    elif draw < 0.20:
        played, end_reason = random.randrange(15_000, length), random.choice(("endplay", "logout", "remote"))
    elif draw > 0.965:
        pause = random.randrange(5_000, 25 * MINUTE)
        split = random.randrange(5_000, length - 2_000)
    ended = start + played + pause
    play = Play(
        play_id=0,
        item=track,
        started_ms=start,
        ended_ms=ended,
        ms_played=played,
        ts_s=ended // 1000,
        reason_start=reason,
        reason_end=end_reason,
        skipped=end_reason == "fwdbtn",
        shuffle=session.shuffle,
        offline=False,
        offline_timestamp=start // 1000 if random.random() < 0.7 else None,
        incognito=session.incognito,
        platform=session.platform,
        country=session.country,
        context=session.context,
        local=random.random() < 0.002,
    )
    _poll_times(random, session, play, start + split if pause > 8 * MINUTE else None)
    return play


def _poll_times(random: Random, session: Session, play: Play, paused_at: int | None) -> None:
    """Decide what recently-played will show of this play: long plays mostly, short ones hardly, private ones never."""
    listed = random.random() < (0.985 if play.ms_played >= 30_000 else 0.03)
    draw = random.random()
    if not listed or session.incognito:
        return
    stamp = play.started_ms if session.stamped_at_start else play.ended_ms + random.randrange(0, 1800)
    play.poll_ms = (stamp,)
    if paused_at is not None and not session.stamped_at_start:
        play.poll_ms = (paused_at, stamp)
    lag = random.randrange(1_000, 40_000)
    if draw < 0.015:
        lag = random.randrange(10, 240) * MINUTE
    play.visible_ms = play.ended_ms + lag
