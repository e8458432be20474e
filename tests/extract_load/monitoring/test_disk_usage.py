"""What the data directory takes on disk, by part: every byte counts once, links lead nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring.disk_usage import disk_result, measure_disk, readable_size


def write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


def test_every_file_counts_in_its_part(settings: Settings, tmp_path: Path) -> None:
    """Also a cache that lies elsewhere; what belongs to no part is `other`."""
    home = settings.data_dir
    elsewhere = tmp_path.parent / f"{tmp_path.name}-cache"
    settings = settings.model_copy(update={"cache_dir": elsewhere})
    write(settings.spool_dir / "spotify/recently_played/dt=2026-01-01/a.ndjson.gz", 100)
    write(settings.spool_dir / "spotify/recently_played/dt=2025-01-01.ndjson.gz", 20)
    write(elsewhere / "spotify/artist/dt=2026-01-01/a.ndjson.gz", 3)
    write(settings.warehouse_path, 4000)
    write(settings.warehouse_path.with_name("music_tracker.duckdb.wal"), 500)
    write(settings.published_path, 60_000)
    write(settings.state_path, 7)
    write(home / ".dbt/logs/dbt.log", 8)
    write(home / "notes.txt", 9)
    write(home / "old/warehouse.duckdb", 1)
    (home / "link").symlink_to(settings.published_path)
    (home / "loop").symlink_to(home)
    assert measure_disk(settings) == {
        "spool": 120,
        "cache": 3,
        "warehouse": 4500,
        "published": 60_000,
        "state": 7,
        "dbt": 8,
        "other": 10,
    }


def test_an_empty_data_directory_takes_nothing(settings: Settings) -> None:
    """And no part of it has to exist."""
    assert measure_disk(settings.model_copy(update={"duckdb_path": settings.data_dir / "none" / "x.duckdb"})) == {}


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 kB"), (3_400_000, "3 MB"), (2 * 10**12, "2000.0 GB")],
)
def test_sizes_have_units(count: int, said: str) -> None:
    """In powers of ten, as disks are sold."""
    assert readable_size(count) == said


def test_the_largest_part_comes_first(settings: Settings) -> None:
    """In one sentence."""
    write(settings.state_path, 7)
    write(settings.warehouse_path, 4000)
    assert disk_result(settings).text == "The data takes 4 kB on disk: warehouse 4 kB, state 7 bytes."
