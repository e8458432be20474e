"""What the MusicBrainz steps share: counts, and the limit on how many artists a run starts on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from extract_load.context import Context
from extract_load.musicbrainz.client import connect
from extract_load.musicbrainz.match_by_url import UrlStep
from extract_load.musicbrainz.step import MusicBrainzRun
from extract_load.steps.step import MAX_PENDING


@pytest.fixture
def step_with(context: Context) -> Callable[[int | None], UrlStep]:
    def make(limit: int | None) -> UrlStep:
        context.settings = context.settings.model_copy(update={"musicbrainz_fetch_limit": limit})
        client = connect(context.settings, context.state, "run-1", context.clock)
        return UrlStep(context, MusicBrainzRun(client, context.clock.now()))

    return make


def test_without_a_limit_everything_is_within(step_with) -> None:
    step = step_with(None)
    assert step.artists_left(MAX_PENDING) == MAX_PENDING
    assert step.within_limit(["a", "b", "c"], str) == ["a", "b", "c"]


def test_started_artists_stay_within_the_limit_and_use_it_up(step_with) -> None:
    step = step_with(2)
    step.run.started_artists.add("c")
    assert step.artists_left(MAX_PENDING) == 1
    assert step.within_limit(["a", "b", "c"], str) == ["a", "c"]


def test_steps_of_one_run_claim_artists_from_one_limit(step_with) -> None:
    """Two that plan at the same time can't start on more than the limit together."""
    one = step_with(3)
    other = UrlStep(one.context, one.run)
    assert one.claim(["a", "b"], str) == ["a", "b"]
    assert other.claim(["b", "c", "d"], str) == ["b", "c"]
    assert one.artists_left(MAX_PENDING) == 0


def test_counts_are_added_up_and_zero_is_no_count(step_with) -> None:
    step = step_with(None)
    step.count("areas_read", 2)
    step.count("areas_read")
    step.count("genres_listed", 0)
    assert step.counts == {"areas_read": 3}
