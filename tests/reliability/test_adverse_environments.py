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
from tests.support.data_directories import START, Home, open_home, published_plays, small_transform

ROOT = Path(__file__).parents[2]

LITTLE_ROOM = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from tests.support.data_directories import open_home, small_transform
from extract_load.maintenance.backup import backup
from extract_load.maintenance.compact import compact
from extract_load.maintenance.rebuild import rebuild
from extract_load.core.disk_errors import translate_disk_errors
with translate_disk_errors(), open_home(Path(sys.argv[2])) as home:
    step = sys.argv[3]
    if step == "poll":
        home.poll(500, 40)
    elif step == "land":
        home.landing.land()
    elif step == "compact":
        compact(home.settings, home.warehouse, clock=home.clock)
    elif step == "backup":
        backup(home.settings, Path(sys.argv[4]), seeds=home.seeds, clock=home.clock)
    else:
        rebuild(home.settings, home.state, small_transform, seeds=home.seeds, clock=home.clock)
"""


def with_little_room(home: Home, step: str, most: int, *more: str) -> subprocess.CompletedProcess[str]:
    """Run a step in a process whose files can't grow beyond so many bytes: writes fail as on a full disk."""
    command = [sys.executable, "-c", LITTLE_ROOM, str(most), str(home.settings.data_dir), step, *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def contents(home: Home) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in spooled_files(home.settings.spool_dir)}


@pytest.mark.parametrize(("step", "most"), [("poll", 100), ("compact", 300), ("backup", 2000), ("rebuild", 100_000)])
def test_a_full_disk_loses_nothing(lived_in: Home, tmp_path: Path, step: str, most: int) -> None:
    """The step fails; what was there is as it was; with room again, the step works."""
    before, files = (
        lived_in.everything(),
        {path: path.read_bytes() for path in spooled_files(lived_in.settings.spool_dir)},
    )
    done = with_little_room(lived_in, step, most, str(tmp_path / "b"))
    assert done.returncode != 0
    assert "A file can't be written or read" in done.stderr.splitlines()[-1], done.stderr
    assert contents(lived_in) == files
    assert lived_in.everything() == before
    again = with_little_room(lived_in, step, 1 << 30, str(tmp_path / "b"))
    assert again.returncode == 0, again.stderr
    lived_in.landing.land()
    assert set(before[0]) <= set(lived_in.plays())


def test_a_full_disk_while_landing_keeps_the_spool(lived_in: Home) -> None:
    """A file that could not be landed is landed when there is room."""
    lived_in.poll(500, 40)
    assert with_little_room(lived_in, "land", 8192).returncode != 0
    assert lived_in.landing.land().rows("spotify", "recently_played") == 40
    assert len(lived_in.plays()) == 110


def test_odd_names_are_no_trouble(tmp_path: Path) -> None:
    """Spaces, quotes, umlauts, percent and dollar signs in paths: everything works."""
    folder = tmp_path / 'Jane\'s "müsic" 100% $HOME ; drop table x'
    with open_home(folder / "home") as home:
        home.fill(days=1, polls=2)
        compact(home.settings, home.warehouse, clock=home.clock)
        backup(home.settings, folder / "back up", seeds=home.seeds, clock=home.clock)
        rebuild(home.settings, home.state, small_transform, seeds=home.seeds, clock=home.clock)
        assert len(published_plays(home.settings)) == 25


def test_names_that_are_no_text_are_left_alone(lived_in: Home, tmp_path: Path) -> None:
    """A file with bytes in its name that are no UTF-8 stops neither landing nor compaction nor backup."""
    folder = lived_in.settings.spool_dir / "spotify" / "recently_played" / "dt=2026-10-01"
    (folder / os.fsdecode(b"\xff\xfe.txt")).write_bytes(b"x")
    assert lived_in.landing.land().files == 0
    backup(lived_in.settings, tmp_path / "b", seeds=lived_in.seeds, clock=lived_in.clock)
    assert compact(lived_in.settings, lived_in.warehouse, clock=lived_in.clock).days == 4


def test_a_clock_that_jumps_back_loses_nothing(lived_in: Home, tmp_path: Path) -> None:
    """Files with an earlier time than those before land, are compacted with their day, and come back in a rebuild."""
    lived_in.clock.at = START - timedelta(days=400)
    lived_in.poll(900, 5, at=lived_in.clock.at)
    assert lived_in.landing.land().rows("spotify", "recently_played") == 5
    before = lived_in.everything()
    lived_in.clock.at = START + timedelta(days=100)
    compact(lived_in.settings, lived_in.warehouse, clock=lived_in.clock)
    lived_in.settings.warehouse_path.unlink()
    lived_in.landing.land()
    assert [row[1:] for row in lived_in.plays()] == [row[1:] for row in before[0]]


def test_the_zone_of_the_machine_changes_nothing(
    lived_in: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All times are UTC, whatever TZ says."""
    before = published_plays(lived_in.settings)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        report = rebuild(lived_in.settings, lived_in.state, small_transform, seeds=lived_in.seeds, clock=lived_in.clock)
        assert report.differences == []
        assert published_plays(lived_in.settings) == before
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_folder_that_can_not_be_is_told_in_one_sentence(lived_in: Home, tmp_path: Path) -> None:
    """A backup below a file: the command ends with a sentence that names it, and no traceback."""
    (tmp_path / "file").write_text("x")
    environment = {**os.environ, "DUCKDB_PATH": str(lived_in.settings.warehouse_path)}
    environment |= {"DATA_BASE_PATH": str(lived_in.settings.spool_dir), "CACHE_DIR": str(lived_in.settings.answers_dir)}
    command = [sys.executable, "-m", "extract_load", "backup", str(tmp_path / "file" / "b")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"({tmp_path}/file" in done.stderr.replace("\n", "")
