"""Doctor: folders, the warehouse, credentials and services are tried, and nothing is left behind."""

from __future__ import annotations

import os

import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring.doctor import examine
from extract_load.monitoring.health import Health
from extract_load.storage.writer_lock import WriterLock

NOTHING_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def offline(settings: Settings) -> Settings:
    """Return settings whose services do not answer, so that no test asks a real one."""
    return settings.model_copy(update={"musicbrainz_base_url": NOTHING_LISTENS, "nominatim_base_url": NOTHING_LISTENS})


def levels(found: Health) -> dict[str, str]:
    """Return the level of each check."""
    return {result.key: result.level for result in found.results}


def test_an_empty_installation_can_be_used(offline: Settings) -> None:
    """Folders that do not exist yet are judged by the nearest one that does, and are not made."""
    found = levels(examine(offline))
    folders = [level for key, level in found.items() if key.startswith("folder:")]
    assert (folders, found["warehouse"]) == (["ok"] * 3, "ok")
    assert (found["reach:musicbrainz"], found["reach:nominatim"]) == ("warning", "warning")
    assert not offline.spool_dir.exists()


def test_a_busy_warehouse_is_a_note_that_says_who_uses_it(offline: Settings) -> None:
    """It is no problem: whoever has it will be done."""
    with WriterLock(offline.lock_path).held("a long import", 1):
        found = examine(offline)
    (warehouse,) = [result for result in found.results if result.key == "warehouse"]
    assert warehouse.level == "note"
    assert "a long import" in warehouse.text


def test_a_damaged_warehouse_is_a_problem_with_a_way_out(offline: Settings) -> None:
    """One sentence instead of DuckDB's own error."""
    offline.warehouse_path.write_bytes(b"no database" * 1000)
    found = examine(offline)
    (warehouse,) = [result for result in found.results if result.key == "warehouse"]
    assert (warehouse.level, found.exit_code) == ("problem", 1)
    assert warehouse.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_that_can_not_be_written_is_a_problem(offline: Settings) -> None:
    """With what to do."""
    offline.spool_dir.mkdir(parents=True)
    offline.spool_dir.chmod(0o500)
    try:
        assert levels(examine(offline))["folder:DATA_BASE_PATH"] == "problem"
    finally:
        offline.spool_dir.chmod(0o700)
