"""Stale files: the copies of dead processes go, those of living ones and all others stay."""

from __future__ import annotations

import os

from extract_load.core.settings import Settings
from extract_load.maintenance.stale_files import VERIFYING, sweep, sweep_spilled


def test_only_copies_of_dead_processes_go(settings: Settings) -> None:
    """A name without a process id was made by nobody who lives."""
    dead, odd, own = (f"{VERIFYING}{who}" for who in (2**22 + 1, "x", os.getpid()))
    for name in (dead, odd, own, "src"):
        (settings.data_dir / name / "below").mkdir(parents=True)
        (settings.data_dir / name / "below" / "file").touch()
    sweep(settings)
    assert sorted(path.name for path in settings.data_dir.iterdir()) == sorted([own, "src"])


def test_what_duckdb_spilled_goes(settings: Settings) -> None:
    """It may hold rows that were erased since; nothing there is no error."""
    spilled = settings.data_dir / ".duckdb_tmp"
    spilled.mkdir(parents=True)
    (spilled / "duckdb_temp_storage-0.tmp").touch()
    sweep_spilled(settings)
    sweep_spilled(settings)
    assert not spilled.exists()
