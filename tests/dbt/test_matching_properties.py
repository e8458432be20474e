"""One play, one row: whatever happened, and whatever was told of it, every true play is counted exactly once.

The compiled SQL of the models runs in bare DuckDB on generated histories of which the truth is known.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject
from tests.dbt.oracle import LAST_MODELS, judge
from tests.dbt.play_history import KINDS, Story
from tests.dbt.strategies import crowd_by_dice, stories, told_by_dice

# Always the same histories, and no minutes of shrinking: a failing one prints its recipe.
QUICK = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# A pause, or an item without a track, can't be told from a play before an export is there.
UNTOLD = ("pause", "no_track")


@pytest.fixture(scope="module")
def warehouse(compiled: CompiledProject) -> BareWarehouse:
    return BareWarehouse(compiled, LAST_MODELS)


@settings(QUICK, max_examples=22)
@given(told=stories())
def test_every_true_play_is_counted_once(warehouse: BareWarehouse, told: list[Story]) -> None:
    """22 times 10 histories with loops, lag, pauses, start stamps, relinked ids, equal offline rows, two exports."""
    assert judge(warehouse, told) == []


@settings(QUICK, max_examples=2)
@given(told=stories(without=UNTOLD, formats=("extended", "endsong")))
def test_plays_keep_their_keys_while_exports_arrive(warehouse: BareWarehouse, told: list[Story]) -> None:
    """Polls alone, then one export after the other: each step is right, and no play loses its key."""
    known: set[str] = set()
    for step in range(4):
        assert judge(warehouse, [_with_first_exports(story, step) for story in told]) == []
        keys = {key for (key,) in warehouse.rows("select play_key from judged where fate = 'counted'")}
        assert known <= keys
        known = keys


@pytest.mark.long
def test_every_true_play_is_counted_once_at_length(warehouse: BareWarehouse, seed_of: Callable[[str], int]) -> None:
    """200 times 150 histories, others each time; MATCH_SEED tells the same again, a failing one prints its recipe."""
    first = seed_of("MATCH_SEED")
    for seed in range(first, first + 200):
        told = crowd_by_dice(seed, listeners=150)
        wrong = judge(warehouse, told)
        assert wrong == [], [story for story in told if any(text.startswith(f"{story.listener_id}:") for text in wrong)]


def test_histories_hold_what_they_promise() -> None:
    """The histories are worth something: all kinds happen, exports overlap, pauses are listed as plays."""
    told = told_by_dice(seed=1)
    heard = set(KINDS) - {"silence", "outage", "podcast"}
    assert all({play.kind for play in story.plays} == heard for story in told)
    assert sum(len(story.exports) == 2 for story in told) >= 8
    assert sum(item.is_phantom for story in told for item in story.items) >= 3


def _with_first_exports(story: Story, count: int) -> Story:
    """Return the story as it stood when so many exports had come."""
    earlier = copy.copy(story)
    earlier.exports = sorted(story.exports, key=lambda export: export.fetched_at)[:count]
    return earlier
