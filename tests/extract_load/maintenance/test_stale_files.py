"""Stale files: the copies of dead processes go, those of living ones and all others stay."""

from __future__ import annotations

from extract_load.core.settings import Settings
from extract_load.maintenance.stale_files import VERIFYING, sweep, sweep_spilled
from extract_load.storage.held_folder import held_folder


def test_only_copies_of_dead_processes_go(settings: Settings) -> None:
    """Whose lock nobody holds was left by a process that died; what bears another name is none of them."""
    dead = settings.data_dir / f"{VERIFYING}dead"
    for folder in (dead, settings.data_dir / "src"):
        (folder / "below").mkdir(parents=True)
        (folder / "below" / "file").touch()
    (dead / ".held").touch()
    with held_folder(settings.data_dir, VERIFYING) as own:
        (own / "file").touch()
        sweep(settings)
        assert sorted(path.name for path in settings.data_dir.iterdir()) == sorted([own.name, "src"])


def test_what_duckdb_spilled_goes(settings: Settings) -> None:
    """It may hold rows that were erased since; nothing there is no error."""
    spilled = settings.data_dir / ".duckdb_tmp"
    spilled.mkdir(parents=True)
    (spilled / "duckdb_temp_storage-0.tmp").touch()
    sweep_spilled(settings)
    sweep_spilled(settings)
    assert not spilled.exists()
