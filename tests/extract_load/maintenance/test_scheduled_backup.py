"""The backup that happens by itself: copied daily, proved weekly, never written where a drive is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.results import TaskResult
from extract_load.maintenance import scheduled_backup
from extract_load.maintenance.scheduled_backup import back_up_by_hand, back_up_daily, is_unmounted
from extract_load.monitoring.check_result import CheckResult
from extract_load.monitoring.health import health
from tests.support.data_directories import START, DataDirectory, small_transform

DAY = 86400


@pytest.fixture
def drive(filled: DataDirectory, tmp_path: Path) -> Path:
    """Return the folder of BACKUP_DIR, which exists."""
    folder = tmp_path / "drive" / "music"
    folder.mkdir(parents=True)
    filled.settings = filled.settings.model_copy(update={"backup_dir": folder})
    return folder


def daily(data_directory: DataDirectory) -> TaskResult:
    """Do what a daily run does, a day later."""
    data_directory.clock.forward(DAY)
    return back_up_daily(
        *(data_directory.settings, data_directory.state, small_transform),
        seeds=data_directory.seeds,
        clock=data_directory.clock,
    )


def backup_line(data_directory: DataDirectory) -> CheckResult:
    """Return what `status` says of the backup."""
    found = health(data_directory.settings, data_directory.state, data_directory.clock)
    (line,) = [one for one in found.results if one.key.startswith("backup")]
    return line


def test_without_a_folder_nothing_is_done(filled: DataDirectory) -> None:
    """And nothing is said about it."""
    assert daily(filled).status == "no_updates"
    assert filled.state.facts("backup") == {}


def test_it_copies_what_is_new_and_proves_it_once_a_week(filled: DataDirectory, drive: Path) -> None:
    """The first is proved at once; a run that starts an hour early a week later counts."""
    assert daily(filled).counts == {"files": 13, "files_copied": 13, "backups_verified": 1}
    verified = []
    for day in range(1, 8):
        filled.poll(700 + day, 1, at=START.replace(day=20 + day))
        filled.clock.forward(-600)
        done = daily(filled)
        assert done.counts["files_copied"] == 2  # the poll and the state
        verified.append(done.counts["backups_verified"])
    assert verified == [0, 0, 0, 0, 0, 0, 1]
    line = backup_line(filled)
    assert (line.level, line.alerts) == ("ok", False)
    assert f"to {drive}, verified" in line.text


@pytest.mark.parametrize("how", ["emptied", "gone", "other things"])
def test_a_missing_drive_is_never_written_to(filled: DataDirectory, drive: Path, how: str) -> None:
    """After three days `status` and an alert say so; when it is back, all is well."""
    daily(filled)
    away = drive.with_name("away")
    drive.rename(away)
    if how != "gone":
        drive.mkdir()
    if how == "other things":
        (drive / "cat.jpg").write_bytes(b"cat")
    for day in range(1, 5):
        with pytest.raises(ConfigurationError, match="mounted"):
            daily(filled)
        line = backup_line(filled)
        expected = ("backup", "warning", False) if day < 4 else ("backup-old", "problem", True)
        assert (line.key, line.level, line.alerts) == expected
        assert "mounted" in line.text
    assert sorted(path.name for path in drive.parent.rglob("*")).count("manifest.json") == 1
    assert "No good backup for 4 days" in backup_line(filled).text
    shutil.rmtree(drive, ignore_errors=True)
    away.rename(drive)
    assert daily(filled).status == "success"
    assert backup_line(filled).level == "ok"


def test_a_folder_that_was_never_made_is_not_made(filled: DataDirectory, drive: Path) -> None:
    """The first backup needs the folder; three days without a first one are an alert as well."""
    drive.rmdir()
    for _ in range(4):
        with pytest.raises(ConfigurationError, match="does not exist"):
            daily(filled)
    assert not drive.exists()
    filled.clock.forward(DAY)
    assert backup_line(filled).key == "backup-old"


def test_a_first_backup_goes_to_no_empty_mount_point(
    filled: DataDirectory, drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder where drives are mounted has to be on a device of its own."""
    monkeypatch.setattr(scheduled_backup, "is_unmounted", lambda folder: is_unmounted(folder, (str(drive.parent),)))
    with pytest.raises(ConfigurationError, match="no drive of its own"):
        daily(filled)
    assert list(drive.iterdir()) == []
    assert not is_unmounted(Path("/proc/self"), ("/",))
    assert not is_unmounted(drive, (str(drive.parent / "elsewhere"),))


def test_a_backup_that_does_not_verify_is_not_good(filled: DataDirectory, drive: Path) -> None:
    """A flipped byte: alerted at once, looked at again daily, over when it is whole again."""
    daily(filled)
    victim = sorted(drive.rglob("*.gz"))[0]
    content = victim.read_bytes()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    for _ in range(6):
        assert daily(filled).status == "success"  # not due
    for _ in range(3):
        with pytest.raises(BadInput):
            daily(filled)
    found = health(filled.settings, filled.state, filled.clock)
    (damaged,) = [one for one in found.results if one.key == "backup-damaged"]
    assert (damaged.level, damaged.alerts) == ("problem", True)
    assert victim.name in damaged.text
    victim.write_bytes(content)
    assert daily(filled).counts["backups_verified"] == 1
    assert backup_line(filled).level == "ok"


def test_a_backup_by_hand_begins_one(filled: DataDirectory, drive: Path) -> None:
    """Where the daily run would not dare to; a folder that nobody named again is checked as the daily run does."""
    drive.rmdir()
    with pytest.raises(ConfigurationError, match="mounted"):
        back_up_by_hand(filled.settings, filled.state, is_named=False, clock=filled.clock)
    assert back_up_by_hand(filled.settings, filled.state, is_named=True, clock=filled.clock).files > 10
    assert backup_line(filled).level == "ok"
    shutil.rmtree(drive)
    drive.mkdir()
    with pytest.raises(ConfigurationError, match="holds no backup any more"):
        back_up_by_hand(filled.settings, filled.state, is_named=False, clock=filled.clock)
