"""One play, one row: whatever happened, and whatever was recorded of it, every true play is counted exactly once.

The compiled SQL of the models runs in bare DuckDB on generated histories of which the truth is known.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject
from tests.dbt.oracle import LAST_MODELS, violations
from tests.dbt.play_history import KINDS, Story
from tests.dbt.strategies import many_random_stories, random_stories, stories

# Always the same histories, and no minutes of shrinking: a failing one prints its recipe.
QUICK = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# A pause, or an item without a track, can't be distinguished from a play before an export is there.
UNRECORDED = ("pause", "no_track")


@pytest.fixture(scope="module")
def warehouse(compiled: CompiledProject) -> BareWarehouse:
    return BareWarehouse(compiled, LAST_MODELS)


@settings(QUICK, max_examples=22)
@given(drawn=stories())
def test_every_true_play_is_counted_once(warehouse: BareWarehouse, drawn: list[Story]) -> None:
    """22 times 10 histories with loops, lag, pauses, start stamps, relinked ids, equal offline rows, two exports."""
    assert violations(warehouse, drawn) == []


@settings(QUICK, max_examples=2)
@given(drawn=stories(without=UNRECORDED, formats=("extended", "endsong")))
def test_plays_keep_their_keys_while_exports_arrive(warehouse: BareWarehouse, drawn: list[Story]) -> None:
    """Polls alone, then one export after the other: each step is right, and no play loses its key."""
    known: set[str] = set()
    for step in range(4):
        assert violations(warehouse, [_with_first_exports(story, step) for story in drawn]) == []
        keys = {key for (key,) in warehouse.rows("select play_key from checked where fate = 'counted'")}
        assert known <= keys
        known = keys


@pytest.mark.long
def test_every_true_play_is_counted_once_at_length(warehouse: BareWarehouse, seed_of: Callable[[str], int]) -> None:
    """200 times 150 histories, others each time; MATCH_SEED tells the same again, a failing one prints its recipe."""
    first = seed_of("MATCH_SEED")
    for seed in range(first, first + 200):
        drawn = many_random_stories(seed, listeners=150)
        wrong = violations(warehouse, drawn)
        assert wrong == [], [story for story in drawn if any(t.startswith(f"{story.listener_id}:") for t in wrong)]


def test_histories_hold_what_they_promise() -> None:
    """The histories cover the rules: all kinds of event occur, exports overlap, pauses are listed as plays."""
    drawn = random_stories(seed=1)
    heard = set(KINDS) - {"silence", "outage", "podcast"}
    assert all({play.kind for play in story.plays} == heard for story in drawn)
    assert sum(len(story.exports) == 2 for story in drawn) >= 8
    assert sum(item.is_phantom for story in drawn for item in story.items) >= 3


def _with_first_exports(story: Story, count: int) -> Story:
    """Return the story as it stood when so many exports had come."""
    earlier = copy.copy(story)
    earlier.exports = sorted(story.exports, key=lambda export: export.fetched_at)[:count]
    return earlier
