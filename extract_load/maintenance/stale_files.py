"""Stale files of killed processes in the data directory: copies that nobody needs, some with erased content."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil

from extract_load.core.settings import Settings

VERIFYING = ".verify-"


def sweep(settings: Settings) -> None:
    """Remove copies that a verify made in a process that is dead."""
    for path in settings.data_dir.glob(f"{VERIFYING}*"):
        if not _lives(path):
            shutil.rmtree(path, ignore_errors=True)


def sweep_spilled(settings: Settings) -> None:
    """Remove what DuckDB spilled to disk in a process that was killed; call it with the warehouse's lock."""
    shutil.rmtree(settings.data_dir / ".duckdb_tmp", ignore_errors=True)


def _lives(path: Path) -> bool:
    pid = path.name.rsplit("-", 1)[1]
    return pid.isdigit() and psutil.pid_exists(int(pid))
