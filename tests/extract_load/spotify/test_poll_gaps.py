"""What a poll may have missed: a gap is found, has true bounds, and is never lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
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
