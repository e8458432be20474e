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
