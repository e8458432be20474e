"""The spool lock: one at a time may move or rewrite spool files; ingestion goes on."""

from __future__ import annotations

import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.maintenance.spool_lock import spool_lock
from tests.support.data_directories import DataDirectory, settings_in


def test_who_waits_is_told_for_whom(data_directory: DataDirectory) -> None:
    """After LOCK_WAIT_SECONDS; then the lock is free for the next."""
    hasty = settings_in(data_directory.settings.data_dir, lock_wait_seconds=0)
    with spool_lock(data_directory.settings, "a backup"):
        expected = r"The spool is locked by a backup \(process .*waited 0 s"
        with pytest.raises(ServiceUnavailable, match=expected), spool_lock(hasty, "compaction"):
            pass
        data_directory.poll(0, 1)
        assert data_directory.landing.land().files == 1
    with spool_lock(hasty, "compaction"):
        pass


def test_an_error_in_the_block_frees_the_lock(data_directory: DataDirectory) -> None:
    """And is the one that is raised."""
    with pytest.raises(ZeroDivisionError), spool_lock(data_directory.settings, "a backup"):
        raise ZeroDivisionError
    with spool_lock(settings_in(data_directory.settings.data_dir, lock_wait_seconds=0), "compaction"):
        pass
