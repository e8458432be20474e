"""The listener's years: what is real cannot overlap, and every oddity that the contract names does happen."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import requests

from sandbox import Habits, Sandbox, World
from sandbox.spotify.recently_played import Feed
from sandbox.world.listener import trips
from sandbox.world.plays import Play
from tests.support.world_end import WORLD_END


@pytest.fixture(scope="module")
def odd() -> World:
    """Half a year of somebody to whom everything happens all the time."""
    habits = Habits(loop=0.4, pause=0.2, offline=0.6, lost=0.4, start_stamped=0.8, late=0.2, relinked=0.5, private=0.1)
    return World(plays=6_000, years=0.5, habits=habits, now=WORLD_END)


def test_plays_are_in_order_and_never_overlap(world: World, odd: World) -> None:
    for plays in (world.plays, odd.plays):
        assert [play.play_id for play in plays] == list(range(len(plays)))
        assert all(play.ended_ms - play.started_ms >= play.ms_played for play in plays if play.track)
        assert all(before.ended_ms <= after.started_ms for before, after in pairwise(plays))


def test_the_history_has_loops_pauses_skips_and_short_plays(world: World) -> None:
    tracks = [play for play in world.plays if play.track]
    pairs = list(pairwise(tracks))
    assert sum(one.track is two.track for one, two in pairs) > 50
    assert sum(play.ended_ms - play.started_ms > play.ms_played for play in tracks) > 100
    assert sum(play.ms_played < 30_000 for play in tracks) > 500
    assert sum(play.skipped for play in tracks) > 500
    assert len({play.track.artist for play in tracks if play.track}) > 100


def test_polls_show_long_plays_at_their_end_and_never_private_or_spoken_ones(world: World) -> None:
    """Almost every long play is there once, about when it ended; a long pause makes two items of one play."""
    long = [play for play in world.plays if play.track and play.ms_played >= 30_000 and not play.incognito]
    assert sum(bool(play.poll_ms) for play in long) > 0.97 * len(long)
    twice = [play for play in long if len(play.poll_ms) == 2]
    assert twice
    assert all(play.started_ms < play.poll_ms[0] < play.poll_ms[1] for play in twice)
    online = [play for play in long if len(play.poll_ms) == 1 and not play.offline]
    near = [play for play in online if 0 <= play.poll_ms[0] - play.ended_ms < 1_800]
    at_start = [play for play in online if play.poll_ms[0] == play.started_ms]
    assert len(near) + len(at_start) == len(online)
    assert at_start
    assert not any(play.poll_ms for play in world.plays if play.incognito or play.track is None)


def test_offline_plays_come_in_three_kinds(odd: World) -> None:
    """ts is the end, or the sync with the true start, or the sync with junk; equal rows of the last kind are real."""
    offline = [play for play in odd.plays if play.offline]
    true_end = [play for play in offline if play.ts_s == play.ended_ms // 1000]
    synced = [play for play in offline if play not in true_end and play.offline_timestamp == play.started_ms // 1000]
    lost = [play for play in offline if play.offline_timestamp in (0, 37, None)]
    assert min(len(true_end), len(synced), len(lost)) > 20
    assert len(true_end) + len(synced) + len(lost) == len(offline)
    alike = Counter((play.ts_s, id(play.item), play.ms_played) for play in lost)
    assert max(alike.values()) > 1
    stamps = [play.poll_ms for play in lost if play.poll_ms]
    assert len(stamps) == len(set(stamps))


def test_the_feed_shows_nothing_before_it_happened_or_was_synced(odd: World) -> None:
    feed = Feed(odd.plays)
    for day in range(0, 150, 7):
        now = int(odd.first_moment.timestamp() * 1000) + day * 86_400_000
        items = feed.recent(now)
        assert len(items) <= 50
        assert all(item.visible_ms <= now and item.played_at_ms <= now for item in items)
        stamps = [item.played_at_ms for item in items]
        assert stamps == sorted(stamps, reverse=True)


def test_late_items_slip_into_the_middle(odd: World) -> None:
    """Somewhere a poll shows an item that is older than the newest one of half an hour before."""
    feed, slipped = Feed(odd.plays), 0
    start = int(odd.first_moment.timestamp() * 1000)
    before: list[int] = []
    for step in range(48 * 30):
        now = [item.played_at_ms for item in feed.recent(start + step * 1_800_000)]
        slipped += bool(before) and any(before[-1] < stamp < before[0] and stamp not in before for stamp in now)
        before = now
    assert slipped > 5


def test_polls_every_half_hour_see_what_the_truth_says_and_nothing_else(session: requests.Session) -> None:
    """Over ten days each true item is seen and nothing else, but for late ones that others pushed out."""
    world = World(plays=6_000, years=0.3, now=WORLD_END)
    start = world.settings.now - timedelta(days=10)
    seen: set[tuple[str, str]] = set()
    with Sandbox(world) as sandbox:
        for step in range(10 * 48 + 1):
            sandbox.clock.set(start + step * timedelta(minutes=30))
            headers = {"Authorization": f"Bearer {sandbox.tokens.access('user-read-recently-played')}"}
            url = f"{sandbox.spotify_api_url}/me/player/recently-played?limit=50"
            items = session.get(url, headers=headers, timeout=10).json()["items"]
            seen |= {(item["played_at"], item["track"]["name"]) for item in items}
        rows = sandbox.truth()
    true = {(stamp, row["track"]) for row in rows for stamp in row["poll_played_at"]}
    since = f"{start:%Y-%m-%dT%H:%M:%S}"
    due = {
        (stamp, row["track"])
        for row in rows
        for stamp in row["poll_played_at"]
        if stamp >= since and row["visible_at"] <= f"{world.settings.now:%Y-%m-%dT%H:%M:%S}"
    }
    assert seen <= true
    assert len(due) > 300
    assert len(due - seen) < 0.02 * len(due)


def test_relinked_tracks_have_another_id_in_polls(odd: World) -> None:
    with Sandbox(odd) as sandbox:
        rows = sandbox.truth()
    music = [row for row in rows if row.get("export_uri")]
    other = [row for row in music if row["api_uri"] != row["export_uri"]]
    assert 0.3 < len(other) / len(music) < 0.7


def test_days_are_those_of_the_listeners_own_zone() -> None:
    """Nobody listens between four and seven in the morning, summer or winter, at home or in New York in May."""
    world = World(plays=4_000, years=1, timezone="Europe/Berlin", now=WORLD_END)
    hours = Counter(_local_hour(play) for play in world.plays)
    assert not sum(hours[hour] for hour in (4, 5, 6))


def test_the_listener_ships_the_trips() -> None:
    """LISTENER_TRIPS has one move to New York and one back for each May, each at the first play under the new clock."""
    world = World(plays=4_000, years=2, timezone="Europe/Berlin", now=WORLD_END)
    moves = [move.partition("=") for move in trips(world.plays, "Europe/Berlin").split(",")]
    assert [zone for _, _, zone in moves] == ["America/New_York", "Europe/Berlin"] * 2
    starts = {datetime.fromtimestamp(play.started_ms // 1000, UTC).replace(tzinfo=None) for play in world.plays}
    moments = [datetime.fromisoformat(at) for at, _, _ in moves]
    assert moments == sorted(moments) and set(moments) <= starts
    for play in world.plays:
        at = datetime.fromtimestamp(play.started_ms // 1000, UTC).replace(tzinfo=None)
        is_away = sum(moment <= at for moment in moments) % 2 == 1
        assert play.country == "ZZ" or (play.country == "US") == is_away


def test_days_of_23_and_25_hours_begin_and_end_at_the_same_local_hours() -> None:
    """On ten years of days on which the clocks change, nobody listens between four and seven in the morning."""
    heard: list[int] = []
    for year in range(2020, 2030):
        for month in (3, 10):
            world = World(plays=600, years=0.02, now=datetime(year, month, 31, 22, 0, tzinfo=UTC))
            changes = max(date(year, month, day) for day in range(25, 32) if date(year, month, day).weekday() == 6)
            plays = [play for play in world.plays if _local_day(play) == changes]
            heard += [_local_hour(play) for play in plays]
    assert len(heard) > 300
    assert not {4, 5, 6} & set(heard)


def _local_day(play: Play) -> date:
    return datetime.fromtimestamp(play.started_ms / 1000, ZoneInfo("Europe/Berlin")).date()


def _local_hour(play: Play) -> int:
    zone = "America/New_York" if play.country == "US" else "Europe/Berlin"
    return datetime.fromtimestamp(play.started_ms / 1000, ZoneInfo(zone)).hour
