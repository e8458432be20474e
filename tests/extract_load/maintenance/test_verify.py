"""Verify: the marts of a backup, built aside, are those that were published."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from extract_load.maintenance.backup import backup
from extract_load.maintenance.verify import verify
from extract_load.publishing.publish import publish
from tests.support.data_directories import START, DataDirectory, small_transform


def back_up(data_directory: DataDirectory, folder: Path):
    return backup(data_directory.settings, folder, seeds=data_directory.seeds, clock=data_directory.clock)


def check(data_directory: DataDirectory, folder: Path):
    return verify(
        data_directory.settings, folder, small_transform, seeds=data_directory.seeds, clock=data_directory.clock
    )


def test_verify_passes_and_compares_with_what_was_published(filled: DataDirectory, tmp_path: Path) -> None:
    """Equal marts; what came in after publishing lands in full and plays no part in the comparison."""
    filled.poll(800, 4, at=START + timedelta(days=6))
    filled.landing.land()
    filled.poll(810, 4, at=START + timedelta(days=6, hours=1))
    back_up(filled, tmp_path / "b")
    before = sorted(path for path in filled.settings.data_dir.rglob("*") if path.is_file())
    report = check(filled, tmp_path / "b")
    assert (report.is_good, report.differences, report.plays) == (True, [], 70)
    assert report.rows == 70 + 4 + 8
    assert any("2 file(s) came in after" in note for note in report.notes)
    after = sorted(path for path in filled.settings.data_dir.rglob("*") if path.is_file())
    assert [p for p in after if p.name != ".keeping.lock"] == [p for p in before if p.name != ".keeping.lock"]


def test_verify_notices_marts_that_can_not_be_made_from_the_backup(filled: DataDirectory, tmp_path: Path) -> None:
    """Rows that were only in the warehouse, or a file that never got into the backup, show as a difference."""
    with filled.warehouse.open("a hand in the machine") as connection:
        connection.execute("delete from raw.spotify_recently_played where row_number = 3")
    small_transform(filled.settings)
    publish(filled.settings, filled.warehouse, filled.state, clock=filled.clock)
    back_up(filled, tmp_path / "b")
    report = check(filled, tmp_path / "b")
    assert not report.is_good
    assert "marts.fct_plays has 70 rows instead of 68" in report.differences
