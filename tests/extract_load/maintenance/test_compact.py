"""Compaction: fewer files, the same names, rows, numbers and order; safe whenever it is stopped."""

from __future__ import annotations

import gzip
from datetime import timedelta

import duckdb

from extract_load.maintenance.compact import compact
from extract_load.storage.day_files import day_archives, members
from extract_load.storage.spool import spooled_files
from tests.support.data_directories import START, DataDirectory


def test_a_day_becomes_one_file_that_every_gzip_reader_reads(filled: DataDirectory) -> None:
    """All lines of the day are there, for gzip and for DuckDB, and the small files are gone."""
    data_directory = filled
    lines = sum(
        len(gzip.decompress(path.read_bytes()).splitlines())
        for path in spooled_files(data_directory.settings.spool_dir)
    )
    report = compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock)
    assert (report.days, report.files, report.left_alone) == (4, 10, [])
    assert spooled_files(data_directory.settings.spool_dir) == []
    days = day_archives(data_directory.settings.spool_dir)
    assert [day.name for day in days] == ["dt=2026-10-01.ndjson.gz", "dt=2026-10-02.ndjson.gz"]
    assert sum(len(gzip.decompress(day.read_bytes()).splitlines()) for day in days) == lines
    pattern = str(data_directory.settings.spool_dir / "*" / "*" / "*.ndjson.gz")
    assert duckdb.sql(f"select count(*) from read_json('{pattern}')").fetchall() == [(lines,)]


def test_nothing_lands_twice_and_a_new_warehouse_comes_to_the_same(filled: DataDirectory) -> None:
    """After compaction landing adds nothing, and from nothing it gives the same rows, names, numbers and counts."""
    data_directory = filled
    before = data_directory.everything()
    compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock)
    assert data_directory.landing.land().files == 0
    assert data_directory.everything() == before
    data_directory.settings.warehouse_path.unlink()
    data_directory.landing.land()
    assert data_directory.everything() == before


def test_compaction_again_changes_nothing(filled: DataDirectory) -> None:
    """A second call finds nothing to do; a late file of an old day joins the day file."""
    data_directory = filled
    compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock)
    assert compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock).days == 0
    late = data_directory.poll(100, 3, at=START + timedelta(hours=9, minutes=1))
    data_directory.landing.land()
    before = data_directory.everything()
    report = compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock)
    assert (report.days, report.files) == (1, 1)
    day, _ = day_archives(data_directory.settings.spool_dir)
    names = [member.name for member in members(day)]
    assert late.name in names and names == sorted(names)
    data_directory.settings.warehouse_path.unlink()
    data_directory.landing.land()
    assert data_directory.everything() == before


def test_the_last_days_are_left_as_they_are(filled: DataDirectory) -> None:
    """Files of yesterday and today stay small files."""
    filled.clock.at = START + timedelta(days=2)
    assert compact(filled.settings, filled.warehouse, clock=filled.clock).days == 2
    assert {path.parent.name for path in spooled_files(filled.settings.spool_dir)} == {"dt=2026-10-02"}


def test_a_day_with_a_file_that_is_not_landed_or_damaged_is_named_and_kept(filled: DataDirectory) -> None:
    """No small file is deleted that the warehouse could not read."""
    data_directory = filled
    broken = data_directory.poll(200, 3, at=START + timedelta(hours=10))
    broken.write_bytes(broken.read_bytes()[:60])
    assert data_directory.landing.land().unreadable
    report = compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock)
    assert len(report.left_alone) == 1
    assert broken.name in report.left_alone[0]
    assert broken.exists()


def test_both_a_small_file_and_its_day_file_are_one(filled: DataDirectory) -> None:
    """What a kill between the rename and the deleting leaves lands once, and the next compaction tidies up."""
    data_directory = filled
    before = data_directory.everything()
    kept = {path: path.read_bytes() for path in spooled_files(data_directory.settings.spool_dir)}
    compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock)
    for path, content in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    data_directory.settings.warehouse_path.unlink()
    data_directory.landing.land()
    assert data_directory.everything() == before
    assert compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock).files == len(kept)
    assert spooled_files(data_directory.settings.spool_dir) == []


def test_a_damaged_day_file_is_named_and_the_rest_lands(filled: DataDirectory) -> None:
    """One flipped byte in a day file does not keep the other files out."""
    data_directory = filled
    compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock)
    day = day_archives(data_directory.settings.spool_dir)[0]
    content = bytearray(day.read_bytes())
    content[len(content) // 2] ^= 0xFF
    day.write_bytes(bytes(content))
    data_directory.settings.warehouse_path.unlink()
    report = data_directory.landing.land()
    assert report.unreadable == ["src/spotify/recently_played/dt=2026-10-01.ndjson.gz"]
    assert data_directory.rows("select count(*) from ops.landed_files where source_file like '%dt=2026-10-02/%'") != [
        (0,)
    ]
