"""One session of the listener: what all its plays share, how each play goes, and how a late sync records them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from sandbox.world.discography import Track
from sandbox.world.habits import Habits
from sandbox.world.plays import Play, Spoken

MINUTE = 60_000

PLATFORMS = (
    "android",
    "ios",
    "Windows 10 (10.0.19045; x64)",
    "web_player windows 10;chrome 120.0.0.0;desktop",
    "Partner sonos_ppc Sonos;Play1",
    "OS X 14.4.1 [arm 2]",
)
_PLATFORM_WEIGHTS = (45, 5, 20, 12, 10, 8)
_WEB_PLAYER = 3
_LONG_PAUSE = 8 * MINUTE


@dataclass(frozen=True, slots=True)
class Session:
    """What holds for all plays of one session."""

    offline: bool
    private: bool
    shuffle: bool
    platform: int
    country: str
    start_stamped: bool
    sync_after_ms: int
    context: str | None


def away(day: date) -> bool:
    """Return whether the listener is in New York, which happens every May."""
    return day.month == 5 and 10 <= day.day <= 24


def draw_session(random: Random, day: date, habits: Habits) -> Session:
    """Return a session with its properties drawn at random."""
    platform = random.choices(range(len(PLATFORMS)), _PLATFORM_WEIGHTS)[0]
    return Session(
        offline=platform < 2 and random.random() < habits.offline,
        private=random.random() < habits.private,
        shuffle=random.random() < 0.4,
        platform=platform,
        country="US" if away(day) else "ZZ" if random.random() < 0.003 else "DE",
        start_stamped=platform == _WEB_PLAYER and random.random() < habits.start_stamped,
        sync_after_ms=random.randint(5, 600) * MINUTE,
        context=random.choices(("playlist", "album", "artist", None), (45, 25, 10, 20))[0],
    )


def music_play(random: Random, session: Session, habits: Habits, *, track: Track, start: int, reason: str) -> Play:
    """Return one play of a track that starts at `start` (ms)."""
    played, end, pause, split = _draw_ending(random, habits, track.duration_ms)
    ended = start + played + pause
    play = Play(
        play_id=0,
        item=track,
        started_ms=start,
        ended_ms=ended,
        ms_played=played,
        ts_s=ended // 1000,
        reason_start=reason,
        reason_end=end,
        skipped=end == "fwdbtn",
        shuffle=session.shuffle,
        offline=False,
        offline_timestamp=start // 1000 if random.random() < 0.7 else None,
        incognito=session.private,
        platform=session.platform,
        country=session.country,
        context=session.context,
        local=random.random() < habits.local,
    )
    if random.random() < habits.removed:
        play.nameless, play.without_uri = True, start % 2 == 0
    else:
        _set_poll_times(random, session, habits, play, start + split if pause > _LONG_PAUSE else None)
    return play


def _draw_ending(random: Random, habits: Habits, length: int) -> tuple[int, str, int, int]:
    """Return how a play of a track ends: ms played, the reason, ms paused, and where the pause begins (ms)."""
    draw, pause, split = random.random(), 0, 0
    played, end = length, "trackdone"
    early, late = habits.skip_early, habits.skip_early + habits.skip_late
    if draw < early:
        played = random.randrange(0, 29_500) if length > 30_000 else length // 3
        end = random.choice(("fwdbtn", "fwdbtn", "fwdbtn", "backbtn", "clickrow", "unexpected-exit"))
    elif draw < late and length > 36_000:
        played, end = random.randrange(30_000, length - 5_000), "fwdbtn"
    elif draw < late + 0.01 and length > 16_000:
        played = random.randrange(15_000, length)
        end = random.choice(("endplay", "logout", "remote", "unexpected-exit-while-paused", ""))
    elif draw > 1 - habits.pause:
        pause = random.randrange(5_000, 25 * MINUTE)
        split = random.randrange(5_000, length - 2_000)
    return played, end, pause, split


def spoken_play(session: Session, item: Spoken, start: int, length: int, played: int) -> Play:
    """Return one play of an episode or a chapter."""
    play = Play(
        play_id=0,
        item=item,
        started_ms=start,
        ended_ms=start + played,
        ms_played=played,
        ts_s=(start + played) // 1000,
        reason_start="clickrow",
        reason_end="trackdone" if played == length else "endplay",
        skipped=False,
        shuffle=False,
        offline=False,
        offline_timestamp=start // 1000,
        incognito=session.private,
        platform=session.platform,
        country=session.country,
        context=None,
    )
    if item.video and start // 1000 % 7 == 0:
        # Video rows of nine to fifteen hours do occur, for an hour of watching.
        play.ms_played = 32_400_000 + played * 5
    return play


class Sync:
    """Holds the plays of an offline session back until the device is online again."""

    def __init__(self, session: Session, random: Random, habits: Habits) -> None:
        self._session = session
        self._waiting: list[Play] = []
        draw = random.random() if session.offline else 1.0
        self._lost = draw < habits.lost
        self._synced = draw < habits.lost + habits.synced

    def pass_on(self, play: Play) -> Iterator[Play]:
        """Yield a play of an online session at once; keep one of an offline session."""
        if self._session.offline:
            self._waiting.append(play)
        else:
            yield play

    def finish(self) -> Iterator[Play]:
        """Yield the plays of an offline session as the services will know them."""
        if not self._waiting:
            return
        moment = self._waiting[-1].ended_ms + self._session.sync_after_ms
        for place, play in enumerate(self._waiting):
            play.offline = True
            play.offline_timestamp = play.started_ms // 1000
            play.visible_ms = moment
            if self._synced or self._lost:
                play.ts_s = moment // 1000
            if self._lost:
                # The start is lost: neither service knows more than the moment of the sync.
                play.offline_timestamp = (0, 37, None)[self._session.sync_after_ms // MINUTE % 3]
                play.poll_ms = (moment + place,) if play.poll_ms else ()
            yield play


def _set_poll_times(random: Random, session: Session, habits: Habits, play: Play, paused_at: int | None) -> None:
    """Decide what recently-played will show of this play: long plays mostly, short ones hardly, private ones never."""
    share = 1 - habits.unlisted if play.ms_played >= 30_000 else habits.listed_short
    listed, late = random.random() < share, random.random() < habits.late
    if not listed or session.private:
        return
    stamp = play.started_ms if session.start_stamped else play.ended_ms + random.randrange(0, 1800)
    play.poll_ms = (stamp,)
    if paused_at is not None and not session.start_stamped:
        play.poll_ms = (paused_at, stamp)
    lag = random.randrange(10, 240) * MINUTE if late else random.randrange(2_000, 40_000)
    play.visible_ms = play.ended_ms + lag
