"""The checks of `music-tracker doctor`: can folders be written, does the warehouse open, do the services answer.

One check result each, with a hint. Sends one request to each service; leaves nothing behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from extract_load.core.clock import SystemClock
from extract_load.core.errors import MusicTrackerError
from extract_load.core.settings import Settings
from extract_load.monitoring.health import CheckResult, Health
from extract_load.monitoring.service_checks import check_credentials, check_services
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from extract_load.storage.writer_lock import WarehouseBusy


def examine(settings: Settings) -> Health:
    """Check everything that a run needs, beyond what `health` knows without trying."""
    state = State(settings.state_path)
    try:
        results = [*_folders(settings), *_warehouse(settings), *check_credentials(settings)]
        results += check_services(settings, state)
    finally:
        state.close()
    return Health(SystemClock().now(), tuple(results))


def _folders(settings: Settings) -> Iterator[CheckResult]:
    named = {
        "DATA_BASE_PATH": settings.spool_dir,
        "CACHE_DIR": settings.answers_dir,
        "the folder of DUCKDB_PATH": settings.data_dir,
    }
    for name, folder in named.items():
        there = _nearest(folder)
        if os.access(there, os.W_OK):
            yield CheckResult(f"folder:{name}", "ok", f"{name} can be written.")
        else:
            yield CheckResult(
                f"folder:{name}", "problem", f"{name} can't be written.", f"Give yourself write access to {there}."
            )


def _warehouse(settings: Settings) -> Iterator[CheckResult]:
    try:
        with Warehouse(settings).open("music-tracker doctor", wait_seconds=1):
            yield CheckResult("warehouse", "ok", "The warehouse opens.")
    except WarehouseBusy as busy:
        yield CheckResult("warehouse", "note", busy.message, busy.hint)
    except MusicTrackerError as error:
        yield CheckResult("warehouse", "problem", error.message, error.hint)


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
