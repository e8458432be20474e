"""Stale files of killed processes in the data directory: copies that nobody needs, some with erased content."""

from __future__ import annotations

import shutil

from extract_load.core.settings import Settings
from extract_load.storage.duckdb_connection import SPILL_PREFIX
from extract_load.storage.held_folder import remove_abandoned

VERIFYING = ".verify-"


def sweep(settings: Settings) -> None:
    """Remove what verifications and queries of dead processes left."""
    for folder, prefix in (
        (settings.data_dir, VERIFYING),
        *((place, SPILL_PREFIX) for place in (settings.data_dir, settings.answers_dir, settings.published_path.parent)),
    ):
        remove_abandoned(folder, prefix)


def sweep_spilled(settings: Settings) -> None:
    """Remove what DuckDB spilled to disk in a process that was killed; call it with the warehouse's lock."""
    shutil.rmtree(settings.data_dir / ".duckdb_tmp", ignore_errors=True)
