"""Rebuild: the same marts from what is kept, and the old warehouse untouched until the new one is complete."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.maintenance.compact import compact
from extract_load.maintenance.rebuild import rebuild
from tests.support.data_directories import START, DataDirectory, published_plays, small_transform


def test_a_rebuild_after_deleting_the_warehouse_gives_equal_marts(filled: DataDirectory) -> None:
    """The spool, the cache and the state are enough, also after compaction."""
    before, plays = filled.everything(), published_plays(filled.settings)
    compact(filled.settings, filled.warehouse, clock=filled.clock)
    filled.settings.warehouse_path.unlink()
    report = rebuild(filled.settings, filled.state, small_transform, seeds=filled.seeds, clock=filled.clock)
    assert report.differences == []
    assert filled.everything() == before
    assert published_plays(filled.settings) == plays
    assert not (filled.settings.data_dir / ".rebuild").exists()


def test_a_failed_build_leaves_the_old_warehouse_and_the_published_file(filled: DataDirectory) -> None:
    """What could not be built does not take anybody's place."""
    before, plays = filled.everything(), published_plays(filled.settings)

    def broken(settings: object) -> list[str]:
        raise ServiceUnavailable("A model could not be built.", service="dbt")

    with pytest.raises(ServiceUnavailable):
        rebuild(filled.settings, filled.state, broken, seeds=filled.seeds, clock=filled.clock)
    assert filled.everything() == before
    assert published_plays(filled.settings) == plays


def test_a_damaged_warehouse_is_made_anew(filled: DataDirectory) -> None:
    """A file that DuckDB can't open any more is no loss."""
    plays = published_plays(filled.settings)
    filled.settings.warehouse_path.write_bytes(b"no database" * 1000)
    rebuild(filled.settings, filled.state, small_transform, seeds=filled.seeds, clock=filled.clock)
    assert published_plays(filled.settings) == plays


def test_plays_that_come_in_during_a_rebuild_are_in_the_new_warehouse(filled: DataDirectory) -> None:
    """Ingestion goes on meanwhile; what it landed in the old warehouse lands in the new one, too."""

    def slow(settings: object) -> list[str]:
        filled.poll(900, 5, at=START + timedelta(days=4))
        filled.landing.land()
        return list(small_transform(settings))

    rebuild(filled.settings, filled.state, slow, seeds=filled.seeds, clock=filled.clock)
    assert filled.rows("select count(*) from raw.spotify_recently_played where fetched_at >= '2026-10-05'") == [(5,)]


def test_a_failed_blocking_test_keeps_the_published_file(filled: DataDirectory) -> None:
    """The warehouse is the new one, the readers keep the last file that was good."""
    plays = published_plays(filled.settings)

    def doubtful(settings: object) -> list[str]:
        small_transform(settings)
        return ["each_play_once"]

    report = rebuild(filled.settings, filled.state, doubtful, seeds=filled.seeds, clock=filled.clock)
    assert report.failed_tests == ["each_play_once"]
    assert published_plays(filled.settings) == plays
