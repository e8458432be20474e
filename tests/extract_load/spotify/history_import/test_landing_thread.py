"""The landing thread: lands what it is given, leaves to the spool what it can't, and raises what went wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract_load.context import Context
from extract_load.spotify.history_import.file_reader import FileSummary
from extract_load.spotify.history_import.landing_thread import FileInWarehouse, LandingThread
from extract_load.spotify.history_import.row_parser import RowCounts
from extract_load.spotify.history_import.spool_writer import header, release, write_held
from extract_load.storage.warehouse import Warehouse
from extract_load.storage.writer_lock import WriterLock
from tests.support.exports import row, text_of


def spooled(context: Context, number: int) -> Path:
    """Spool an export file of one row."""
    summary = FileSummary(f"{number:064d}", 9, "extended", 1, "keys", RowCounts(kept=1))
    first = header(f"{number}.json", summary, "e", listener_id="me", run_id="run", at=context.clock.now())
    return release(write_held(context.settings.spool_dir, first, [text_of([row(number)])[1:-1] + b"\n"]))


def test_files_are_landed_once_and_each_is_reported(context: Context) -> None:
    """Given again in a second import, a file adds no row and its counts are those of the manifest."""
    paths = [spooled(context, number) for number in range(3)]
    for _ in range(2):
        reported: list[Path] = []
        thread = LandingThread(context, reported.append)
        for path in paths:
            thread.put(path, 1)
        result = thread.finish()
        assert (result.busy, reported) == ("", paths)
        assert result.files == dict.fromkeys(paths, FileInWarehouse(landed=1, known=0, rejected=0))
    with context.warehouse.open("a test") as connection:
        assert connection.execute("select count(*) from raw.spotify_streaming_history").fetchall() == [(3,)]


def test_a_busy_warehouse_leaves_the_files_in_the_spool(context: Context) -> None:
    """Who holds it is named, and the files wait for the next landing."""
    hasty = context.settings.model_copy(update={"lock_wait_seconds": 0.2})
    waiting = Context(hasty, Warehouse(hasty), context.state, "r", context.clock)
    path = spooled(context, 1)
    with WriterLock(hasty.lock_path).held("dbt build", 5):
        thread = LandingThread(waiting, lambda _path: None)
        thread.put(path, 1)
        result = thread.finish()
    assert "dbt build" in result.busy
    assert (result.files, path.exists()) == ({}, True)


def test_an_error_of_the_landing_is_raised_by_finish(context: Context) -> None:
    """It must not end with its thread."""

    def fail(_path: Path) -> None:
        raise ArithmeticError("a test")

    thread = LandingThread(context, fail)
    thread.put(spooled(context, 1), 1)
    with pytest.raises(ArithmeticError, match="a test"):
        thread.finish()
