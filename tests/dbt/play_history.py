"""A listener's days with their ground truth, and what polls and exports would have recorded of them.

`Day` is drawn by hypothesis: a list of events (loops, pauses, skips, offline spans, ...), and which
exports were asked for. `make_story` turns it into plays (the truth) and raw rows that know which play they record.
Always holds: near the edge of what an export covers nothing happens that no rule could distinguish (the same song on
both sides, a song paused); everywhere else anything may follow anything.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

EPOCH = datetime(2025, 3, 1, 7, 0, 0)
# A pause may be listed a window before its play starts, and its end a window from the edge; account data blurs both.
EDGE = {"extended": timedelta(seconds=400), "endsong": timedelta(seconds=400), "account_data": timedelta(seconds=520)}
WINDOW = timedelta(seconds=90)
KINDS = (
    "single", "partial", "skip", "loop", "lagged", "lagged_loop", "start_stamped", "start_stamped_loop", "pause",
    "restart", "relinked", "offline_equal", "offline_timed", "incognito", "recorded_twice", "podcast", "no_track",
    "local_file", "silence", "outage", "crossfade", "told_twice",
)  # fmt: skip
Kind = str
Stamp = Literal["end", "start"]


@dataclass(frozen=True)
class Song:
    """A song; `relinked_id` is another id of it that polls may give."""

    number: int
    seconds: int

    @property
    def id(self) -> str:
        return f"song{self.number}"

    @property
    def title(self) -> str:
        return f"Tïtle No. {self.number}"

    @property
    def artist(self) -> str:
        return f"Bänd {self.number % 4}"


# The last four are kept for one kind of event each, so that their songs are nowhere else.
SONGS = tuple(
    Song(number, seconds) for number, seconds in enumerate((200, 45, 95, 241, 33, 180, 150, 60, 210, 170, 190))
)
RELINKED, LOCAL, OFFLINE, PAUSED = SONGS[-4:]


@dataclass
class Play:
    """One true play. `ts` is the end that an export has, which offline is the time of the sync."""

    number: int
    song: Song
    kind: Kind
    ended_at: datetime
    ms: int
    ts: datetime
    is_incognito: bool = False
    is_offline: bool = False
    offline_timestamp: int | None = None
    rows_in_export: int = 1

    @property
    def started_at(self) -> datetime:
        return self.ended_at - timedelta(milliseconds=self.ms)


@dataclass
class Item:
    """One item that polls listed: a play, the same once more under another id, or the phantom of a pause."""

    play: Play
    played_at: datetime
    track_id: str | None
    has_track: bool = True
    is_phantom: bool = False
    is_near: bool = False
    is_repeat: bool = False


@dataclass(frozen=True)
class Export:
    """One download: what ended from `since` to `until`, in one of the formats."""

    since: datetime
    until: datetime
    fetched_at: datetime
    format: str


class Story:
    """The truth and what was recorded of it. `recipe` is the call of `make_story` that makes it again."""

    def __init__(self, listener_id: str) -> None:
        self.listener_id = listener_id
        self.recipe = ""
        self.plays: list[Play] = []
        self.items: list[Item] = []
        self.podcasts: list[datetime] = []
        self.exports: list[Export] = []

    def __repr__(self) -> str:
        return self.recipe

    def exported(self, play: Play) -> bool:
        return any(export.since <= play.ts <= export.until for export in self.exports)

    def bounds(self, export: Export) -> tuple[datetime, datetime]:
        """Return the first and the last time that stands in an export."""
        podcasts = self.podcasts if export.format != "account_data" else []
        times = [play.ts for play in self.plays] + podcasts
        inside = [at for at in times if export.since <= at <= export.until]
        return min(inside), max(inside)

    def recorded_plays(self) -> list[Play]:
        """Return the plays that any source records: each must be counted once, and nothing else."""
        listed = {item.play.number for item in self.items if not item.is_phantom and item.has_track}
        return [play for play in self.plays if play.number in listed or self.exported(play)]


class StoryBuilder:
    """Adds events one after another, with a random generator of its own."""

    def __init__(self, listener_id: str, seed: int, epoch: datetime = EPOCH) -> None:
        self.story = Story(listener_id)
        self._rng = random.Random(seed)
        self._now = epoch + timedelta(seconds=self._rng.randrange(86400))
        self._before: Song | None = None
        self._is_polled = True

    def add(self, kind: Kind) -> None:
        """Add one event."""
        getattr(self, f"_{kind}", self._plain)(kind)
        self._now += timedelta(milliseconds=self._rng.randrange(1000, 20000))

    def wait_until(self, moment: datetime) -> None:
        """Let nothing happen until a moment."""
        self._now = max(self._now, moment)

    def _plain(self, kind: Kind) -> None:
        """single, partial, skip, lagged, incognito, recorded_twice, no_track, crossfade."""
        song = self._song()
        ms = {
            "partial": self._rng.randrange(30000, song.seconds * 1000),
            "skip": self._rng.randrange(0, 29000),
        }.get(kind, song.seconds * 1000)
        if kind == "crossfade":
            self._now -= timedelta(seconds=12)
        play = self._play(song, kind, ms)
        play.is_incognito = kind == "incognito"
        play.rows_in_export = 2 if kind == "recorded_twice" else 1
        if kind not in {"skip", "incognito"}:
            self._list(play, lag=self._lag(kind == "lagged"), has_track=kind != "no_track")

    def _loop(self, kind: Kind, stamp: Stamp = "end") -> None:
        song, lag = self._song(), self._lag(kind == "lagged_loop")
        for _ in range(self._rng.randrange(2, 6)):
            self._list(self._play(song, kind, song.seconds * 1000), lag=lag, stamp=stamp)
            self._now += timedelta(milliseconds=self._rng.randrange(2000))

    _lagged_loop = _loop

    def _start_stamped_loop(self, kind: Kind) -> None:
        self._loop(kind, stamp="start")

    def _start_stamped(self, kind: Kind) -> None:
        song = self._song()
        self._list(self._play(song, kind, song.seconds * 1000), lag=self._lag(False), stamp="start")

    def _pause(self, kind: Kind) -> None:
        paused_at = self._now + timedelta(seconds=self._rng.randrange(31, PAUSED.seconds - 10))
        self._now += timedelta(seconds=self._rng.randrange(40, 900))
        play = self._play(PAUSED, kind, PAUSED.seconds * 1000)
        self._list(play, played_at=paused_at, is_phantom=True)
        self._list(play, lag=self._lag(False))

    def _restart(self, kind: Kind) -> None:
        song = self._song()
        self._play(song, kind, self._rng.randrange(2000, 25000))
        self._list(self._play(song, kind, song.seconds * 1000), lag=self._lag(False))

    def _relinked(self, kind: Kind) -> None:
        for _ in range(self._rng.randrange(1, 4)):
            play = self._play(RELINKED, kind, RELINKED.seconds * 1000)
            self._list(play, lag=self._lag(False), track_id=f"{RELINKED.id}again")

    def _told_twice(self, kind: Kind) -> None:
        play, lag = self._play(RELINKED, kind, RELINKED.seconds * 1000), self._lag(False)
        ids = [f"{RELINKED.id}again", f"{RELINKED.id}thrice"]
        self._rng.shuffle(ids)
        self._list(play, lag=lag, track_id=ids[0])
        self._list(play, lag=lag, track_id=ids[1], is_repeat=True)

    def _local_file(self, kind: Kind) -> None:
        play = self._play(LOCAL, kind, LOCAL.seconds * 1000)
        self._list(play, lag=self._lag(False), track_id=None)

    def _offline_equal(self, kind: Kind) -> None:
        plays = [self._play(OFFLINE, kind, OFFLINE.seconds * 1000) for _ in range(self._rng.randrange(2, 5))]
        self._now += timedelta(minutes=self._rng.randrange(1, 300))
        junk = self._rng.choice([None, 0, 57])
        for play in plays:
            play.ts, play.is_offline, play.offline_timestamp = self._now.replace(microsecond=0), True, junk

    def _offline_timed(self, kind: Kind) -> None:
        plays = [self._play(OFFLINE, kind, OFFLINE.seconds * 1000) for _ in range(self._rng.randrange(1, 4))]
        self._now += timedelta(minutes=self._rng.randrange(1, 300))
        is_old = self._rng.random() < 0.5
        for play in plays:
            play.ts, play.is_offline = self._now.replace(microsecond=0), True
            seconds = (play.started_at - datetime(1970, 1, 1)).total_seconds()
            play.offline_timestamp = int(seconds * 1000) if is_old else int(seconds)
            self._list(play, lag=self._lag(False))

    def _podcast(self, kind: Kind) -> None:
        self._now += timedelta(minutes=30)
        self.story.podcasts.append(self._now.replace(microsecond=0))

    def _silence(self, kind: Kind) -> None:
        self._now += timedelta(minutes=self._rng.randrange(10, 300))

    def _outage(self, kind: Kind) -> None:
        self._is_polled = not self._is_polled

    def _song(self) -> Song:
        """Choose a song that was not the one before, so that a repeat is always a loop of its own kind."""
        self._before = self._rng.choice([song for song in SONGS[:-4] if song is not self._before])
        return self._before

    def _lag(self, is_long: bool) -> timedelta:
        return timedelta(milliseconds=self._rng.randrange(20000, 85000) if is_long else self._rng.randrange(2500))

    def _play(self, song: Song, kind: Kind, ms: int) -> Play:
        self._now += timedelta(milliseconds=ms)
        play = Play(len(self.story.plays), song, kind, self._now, ms, self._now.replace(microsecond=0))
        self.story.plays.append(play)
        return play

    def _list(
        self,
        play: Play,
        *,
        lag: timedelta = timedelta(),
        stamp: Stamp = "end",
        played_at: datetime | None = None,
        track_id: str | None = "own",
        has_track: bool = True,
        is_phantom: bool = False,
        is_repeat: bool = False,
    ) -> None:
        if not self._is_polled:
            return
        at = played_at or (play.started_at if stamp == "start" else play.ended_at) + lag
        shown = play.song.id if track_id == "own" else track_id
        # Pairs of a song keep their order, and ends come before starts: where a late item of the song stands after this
        # one, or a start soon after an end, which belongs to which is undefined. Their number and their song are right.
        of_song = [item for item in self.story.items if item.track_id == shown]
        is_overtaken = any(item.played_at >= at for item in of_song)
        if stamp == "start":
            for item in of_song:
                item.is_near = item.is_near and at - item.played_at > WINDOW
        is_near = stamp == "end" and not is_phantom and not is_overtaken and lag < timedelta(seconds=3)
        self.story.items.append(Item(play, at, shown if has_track else None, has_track, is_phantom, is_near, is_repeat))


def make_story(listener_id: str, kinds: list[Kind], exports: list[tuple[float, float, int, str]], seed: int) -> Story:
    """Return a story of these events and exports: from and until as shares of the time, days until it came, format."""
    builder = StoryBuilder(listener_id, seed)
    for kind in kinds:
        builder.add(kind)
    story = builder.story
    story.recipe = f"make_story({listener_id!r}, {kinds!r}, {exports!r}, {seed})"
    ask_for_exports(story, exports)
    return story


def ask_for_exports(story: Story, exports: list[tuple[float, float, int, str]]) -> None:
    """Take exports into a story: from and until as shares of its time, days until they came, format."""
    if story.plays:
        first, last = story.plays[0].started_at, max(play.ts for play in story.plays)
        for since, until, days, format_ in exports:
            _ask(story, first + since * (last - first), first + until * (last - first), days, format_)
    spans = [story.bounds(export) for export in story.exports]
    # Without an export a pause cannot be distinguished from a play, so phantoms are only listed where one is there.
    story.items = [
        item
        for item in story.items
        if not item.is_phantom or any(since <= item.played_at <= until for since, until in spans)
    ]


def _ask(story: Story, since: datetime, until: datetime, days: int, format_: str) -> None:
    """Take an export into the story; an edge that cuts through what could not be distinguished is moved inwards."""
    for _ in range(60):
        export = Export(since, until, until + timedelta(days=days), format_)
        if not any(since <= play.ts <= until for play in story.plays):
            return
        lower, upper = story.bounds(export)
        is_lower_fair = _is_fair_edge(story, export, lower)
        is_upper_fair = _is_fair_edge(story, export, upper) and not any(p.ended_at <= upper < p.ts for p in story.plays)
        if is_lower_fair and is_upper_fair:
            break
        since = since if is_lower_fair else lower + timedelta(seconds=1)
        until = until if is_upper_fair else upper - timedelta(seconds=1)
    else:
        return
    unknown_offline = any(p.is_offline and since <= p.ts <= until and not story.exported(p) for p in story.plays)
    if _is_fair_offline(story, export) and (format_ != "account_data" or not unknown_offline):
        story.exports.append(export)


def _is_fair_offline(story: Story, export: Export) -> bool:
    """Rows of offline plays record times before the export's: no item without a name may stand beside one there."""
    rows = [p for p in story.plays if p.is_offline and export.since <= p.ts <= export.until]
    odd = [
        item
        for item in story.items
        if (item.is_phantom or not item.has_track) and not export.since <= item.play.ts <= export.until
    ]
    far = EDGE[export.format]
    return not any(abs(item.played_at - at) < far for item in odd for p in rows for at in (p.started_at, p.ended_at))


def _is_fair_edge(story: Story, export: Export, edge: datetime) -> bool:
    far = EDGE[export.format]
    near = [p for p in story.plays if abs(p.ended_at - edge) < far or abs(p.started_at - edge) < far]
    inside = {p.song for p in near if export.since <= p.ts <= export.until}
    outside = {p.song for p in near if not export.since <= p.ts <= export.until}
    odd = [item for item in story.items if item.is_phantom or not item.has_track]
    return not inside & outside and not any(abs(item.played_at - edge) < far for item in odd)
