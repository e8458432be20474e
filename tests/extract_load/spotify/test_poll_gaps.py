"""What a poll may have missed: a gap is found, has true bounds, and is never lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

Make = Callable[..., Any]


def test_a_gap_that_could_not_be_noted_is_found_again(listener: Make) -> None:
    """Where the state takes the items but not the poll, neither is kept: the next poll finds the same gap."""
    spot = listener()
    spot.poll()
    spot.pass_time(days=8)
    with spot.context.state.transaction() as db:
        db.execute("create trigger full before insert on polls begin select raise(abort, 'disk full'); end")
    with pytest.raises(sqlite3.IntegrityError, match="disk full"):
        spot.poll()
    with spot.context.state.transaction() as db:
        db.execute("drop trigger full")
    result = spot.poll()
    assert (result.outcome, result.new) == ("gap", 50)
    assert [one["outcome"] for one in spot.polls()] == ["first", "gap"]


@pytest.mark.parametrize("first", [50, 49, 20, 2])
def test_a_page_that_lacks_an_item_hides_no_gap(first: int, listener: Make) -> None:
    """After days of silence 49 items are shown and none is known: a gap, however many the first poll asked for."""
    spot = listener()
    spot.poll(first)
    newest = spot.rows("select max(played_at) from raw.spotify_recently_played")[0][0]
    spot.pass_time(days=8)
    spot.fault("late_items", count=1)
    result = spot.poll()
    assert (result.outcome, result.new) == ("gap", 49)
    oldest = spot.rows("select played_at from raw.spotify_recently_played order by 1 desc limit 1 offset 48")[0][0]
    assert result.gap == (newest, oldest)


def test_a_small_page_that_lacks_an_item_is_asked_for_whole(listener: Make) -> None:
    """One of two is shown and it isn't known, the fifty overlap: no gap."""
    spot = listener()
    spot.poll()
    spot.pass_time(hours=20)
    spot.fault("late_items", count=1, times=1)
    assert spot.poll(2).outcome == "overlap"


def test_less_than_a_page_that_was_ever_seen_is_no_gap(listener: Make) -> None:
    """A new listener's list never was full, so nothing can have fallen off its end."""
    spot = listener()
    spot.fault("late_items", count=47, times=1)
    assert spot.poll().new == 3
    spot.pass_time(days=8)
    spot.fault("late_items", count=40, times=1)
    result = spot.poll()
    assert (result.outcome, result.new, result.gap) == ("short", 10, None)


def test_an_item_of_the_future_bounds_no_gap(listener: Make) -> None:
    """Its time can't be true: it is kept, and the gap begins at the newest play before it."""
    spot = listener()
    spot.fault("malformed_item", position=0, how="future", times=1)
    assert spot.poll().landed == 50
    newest = spot.polls()[-1]["newest_played_at"]
    spot.pass_time(days=8)
    gap = spot.poll().gap
    assert gap[0] == datetime.fromisoformat(newest) < gap[1] < spot.clock.now()


def test_an_item_of_before_spotify_bounds_nothing_and_is_rejected(listener: Make) -> None:
    """A player whose clock was never set says 1970: the gap ends at the oldest true play."""
    spot = listener()
    spot.poll()
    spot.pass_time(days=8)
    spot.fault("malformed_item", position=49, how="epoch", times=1)
    result = spot.poll()
    assert (result.outcome, result.landed, result.rejected) == ("gap", 49, 1)
    assert result.gap[0] < result.gap[1] < spot.clock.now()
    assert spot.rows("select min(played_at) >= timestamp '2006-01-01' from raw.spotify_recently_played") == [(True,)]


def test_a_future_that_is_remembered_already_bounds_no_gap(listener: Make) -> None:
    """A state that believed such an item goes back to the newest play that a poll showed, and stays there."""
    spot = listener()
    spot.poll()
    newest = datetime.fromisoformat(spot.polls()[-1]["newest_played_at"])
    key = f"seen:{spot.context.settings.listener_id}"
    seen = spot.context.state.get("spotify", key)
    spot.context.state.put("spotify", key, {**seen, "newest": "2099-01-01 00:00:00.000000"}, spot.clock.now())
    spot.pass_time(days=8)
    first = spot.poll().gap
    assert first[0] == newest < first[1]
    spot.pass_time(days=8)
    second = spot.poll().gap
    assert first[1] < second[0] < second[1] < spot.clock.now()
