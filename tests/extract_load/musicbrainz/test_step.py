"""The state of a run: counts, and the limit on how many artists it starts on."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract_load.core.settings import load_settings
from extract_load.musicbrainz.step import MAX_PENDING, Run


class Only:
    """A context with nothing but settings."""

    def __init__(self, limit: int | None, folder: Path) -> None:
        self.settings = load_settings(folder / "no.env").model_copy(update={"musicbrainz_fetch_limit": limit})


@pytest.fixture
def run_with(tmp_path: Path):
    return lambda limit: Run(Only(limit, tmp_path), client=None)  # type: ignore[arg-type]


def test_without_a_limit_everything_is_within(run_with) -> None:
    run = run_with(None)
    assert run.artists_left(MAX_PENDING) == MAX_PENDING
    assert run.within_limit(["a", "b", "c"], str) == ["a", "b", "c"]


def test_started_artists_stay_within_the_limit_and_use_it_up(run_with) -> None:
    run = run_with(2)
    run.started_artists.add("c")
    assert run.artists_left(MAX_PENDING) == 1
    assert run.within_limit(["a", "b", "c"], str) == ["a", "c"]


def test_counts_are_added_up_and_zero_is_no_count(run_with) -> None:
    run = run_with(None)
    run.count("areas_read", 2)
    run.count("areas_read")
    run.count("genres_listed", 0)
    assert run.counts == {"areas_read": 3}
