"""Bad days of the machine: a full disk, folders that can't be written, odd names, clocks and zones that jump."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from extract_load.maintenance.backup import backup
from extract_load.maintenance.compact import compact
from extract_load.maintenance.rebuild import rebuild
from extract_load.storage.spool import spooled_files
from tests.support.data_directories import START, DataDirectory, open_data_directory, published_plays, small_transform

ROOT = Path(__file__).parents[2]

LITTLE_ROOM = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from tests.support.data_directories import open_data_directory, small_transform
from extract_load.maintenance.backup import backup
from extract_load.maintenance.compact import compact
from extract_load.maintenance.rebuild import rebuild
from extract_load.core.disk_errors import translate_disk_errors
with translate_disk_errors(), open_data_directory(Path(sys.argv[2])) as data:
    step = sys.argv[3]
    if step == "poll":
        data.poll(500, 40)
    elif step == "land":
        data.landing.land()
    elif step == "compact":
        compact(data.settings, data.warehouse, clock=data.clock)
    elif step == "backup":
        backup(data.settings, Path(sys.argv[4]), seeds=data.seeds, clock=data.clock)
    else:
        rebuild(data.settings, data.state, small_transform, seeds=data.seeds, clock=data.clock)
"""


def with_little_room(
    data_directory: DataDirectory, step: str, most: int, *more: str
) -> subprocess.CompletedProcess[str]:
    """Run a step in a process whose files can't grow beyond so many bytes: writes fail as on a full disk.

    It writes no bytecode (-B): a file of it that was cut off would break every later process.
    """
    command = [sys.executable, "-B", "-c", LITTLE_ROOM, str(most), str(data_directory.settings.data_dir), step, *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def contents(data_directory: DataDirectory) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in spooled_files(data_directory.settings.spool_dir)}


@pytest.mark.parametrize(("step", "most"), [("poll", 100), ("compact", 300), ("backup", 2000), ("rebuild", 100_000)])
def test_a_full_disk_loses_nothing(filled: DataDirectory, tmp_path: Path, step: str, most: int) -> None:
    """The step fails; what was there is as it was; with room again, the step works."""
    before, files = (
        filled.everything(),
        {path: path.read_bytes() for path in spooled_files(filled.settings.spool_dir)},
    )
    done = with_little_room(filled, step, most, str(tmp_path / "b"))
    assert done.returncode != 0
    assert "A file can't be written or read" in done.stderr.splitlines()[-1], done.stderr
    assert contents(filled) == files
    assert filled.everything() == before
    again = with_little_room(filled, step, 1 << 30, str(tmp_path / "b"))
    assert again.returncode == 0, again.stderr
    filled.landing.land()
    assert set(before[0]) <= set(filled.plays())


def test_a_full_disk_while_landing_keeps_the_spool(filled: DataDirectory) -> None:
    """A file that could not be landed is landed when there is room."""
    filled.poll(500, 40)
    assert with_little_room(filled, "land", 8192).returncode != 0
    assert filled.landing.land().rows("spotify", "recently_played") == 40
    assert len(filled.plays()) == 110


def test_odd_names_are_no_trouble(tmp_path: Path) -> None:
    """Spaces, quotes, umlauts, percent and dollar signs in paths: everything works."""
    folder = tmp_path / 'Jane\'s "müsic" 100% $HOME ; drop table x'
    with open_data_directory(folder / "home") as data_directory:
        data_directory.fill(days=1, polls=2)
        compact(data_directory.settings, data_directory.warehouse, clock=data_directory.clock)
        backup(data_directory.settings, folder / "back up", seeds=data_directory.seeds, clock=data_directory.clock)
        rebuild(
            data_directory.settings,
            data_directory.state,
            small_transform,
            seeds=data_directory.seeds,
            clock=data_directory.clock,
        )
        assert len(published_plays(data_directory.settings)) == 25


def test_names_that_are_no_text_are_left_alone(filled: DataDirectory, tmp_path: Path) -> None:
    """A file with bytes in its name that are no UTF-8 stops neither landing nor compaction nor backup."""
    folder = filled.settings.spool_dir / "spotify" / "recently_played" / "dt=2026-10-01"
    (folder / os.fsdecode(b"\xff\xfe.txt")).write_bytes(b"x")
    assert filled.landing.land().files == 0
    backup(filled.settings, tmp_path / "b", seeds=filled.seeds, clock=filled.clock)
    assert compact(filled.settings, filled.warehouse, clock=filled.clock).days == 4


def test_a_clock_that_jumps_back_loses_nothing(filled: DataDirectory, tmp_path: Path) -> None:
    """Files with an earlier time than those before land, are compacted with their day, and come back in a rebuild."""
    filled.clock.at = START - timedelta(days=400)
    filled.poll(900, 5, at=filled.clock.at)
    assert filled.landing.land().rows("spotify", "recently_played") == 5
    before = filled.everything()
    filled.clock.at = START + timedelta(days=100)
    compact(filled.settings, filled.warehouse, clock=filled.clock)
    filled.settings.warehouse_path.unlink()
    filled.landing.land()
    assert [row[1:] for row in filled.plays()] == [row[1:] for row in before[0]]


def test_the_zone_of_the_machine_changes_nothing(
    filled: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All times are UTC, whatever TZ says."""
    before = published_plays(filled.settings)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        report = rebuild(filled.settings, filled.state, small_transform, seeds=filled.seeds, clock=filled.clock)
        assert report.differences == []
        assert published_plays(filled.settings) == before
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_folder_that_can_not_be_is_told_in_one_sentence(filled: DataDirectory, tmp_path: Path) -> None:
    """A backup below a file: the command ends with a sentence that names it, and no traceback."""
    (tmp_path / "file").write_text("x")
    environment = {**os.environ, "DUCKDB_PATH": str(filled.settings.warehouse_path)}
    environment |= {"DATA_BASE_PATH": str(filled.settings.spool_dir), "CACHE_DIR": str(filled.settings.answers_dir)}
    command = [sys.executable, "-m", "extract_load", "backup", str(tmp_path / "file" / "b")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"({tmp_path}/file" in done.stderr.replace("\n", "")
