"""The steps that ask no service: what they count, and that nothing is published that was not tested."""

from __future__ import annotations

import pytest

from extract_load.context import Context
from extract_load.core.errors import BadInput
from extract_load.daily_run.local_steps import load_spool, publish_last_build, publish_marts, reconcile
from tests.support.data_directories import DataDirectory, small_transform


@pytest.fixture
def here(filled: DataDirectory) -> Context:
    return Context(filled.settings, filled.warehouse, filled.state, "a test", filled.clock)


def test_loading_again_brings_nothing_and_everything_adds_up(here: Context) -> None:
    """Rows that went missing are an error that says what to do."""
    assert load_spool(here).status == "no_updates"
    assert reconcile(here).counts == {"poll_items": 70, "export_rows": 0, "rows_rejected": 0}
    with here.warehouse.open("a test") as connection:
        connection.execute("update ops.landed_files set rows_landed = rows_landed - 1 where rows_landed > 0")
    with pytest.raises(BadInput, match=r"Rows went missing while landing: .*music-tracker rebuild"):
        reconcile(here)


def test_what_cannot_be_loaded_is_named(here: Context) -> None:
    """And stays where it is."""
    broken = here.settings.spool_dir / "spotify" / "recently_played" / "dt=2026-11-01" / "broken.ndjson.gz"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no gzip")
    result = load_spool(here)
    assert (result.status, result.counts["files_unreadable"], broken.name in result.message) == ("partial", 1, True)
    assert broken.exists()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "the build was not tested"),
        ({"last_build": {"failed": []}, "untested": True}, "the build was not tested"),
        ({"last_build": {"failed": ["unique_play_key"]}}, "unique_play_key"),
    ],
)
def test_a_build_that_is_not_known_to_be_right_is_not_published(
    here: Context, facts: dict[str, object], said: str
) -> None:
    """Readers keep the last file."""
    before = here.settings.published_path.stat()
    for key, fact in facts.items():
        here.state.put("dbt", key, fact, here.clock.now())
    result = publish_last_build(here)
    assert (result.status, said in result.message) == ("failed", True)
    assert here.settings.published_path.stat() == before


def test_a_tested_build_is_published(here: Context) -> None:
    """With the number of its tables, views and rows."""
    small_transform(here.settings)
    here.state.put("dbt", "last_build", {"failed": []}, here.clock.now())
    here.state.put("dbt", "untested", False, here.clock.now())
    first, second = publish_last_build(here), publish_marts(here, [])
    assert first.status == second.status == "success"
    assert first.counts == second.counts
    assert first.counts["rows"] >= 70
