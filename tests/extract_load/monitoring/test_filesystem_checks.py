"""What a filesystem does not keep is named: locks, room, the right to write, renames, modes, WAL."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring.filesystem_checks import TRIALS, check_filesystem
from tests.support.broken_environments import NOTHING_LISTENS, only_trouble, refuse, troubles
from tests.support.unprivileged import without_root_rights


def test_1_a_share_that_ignores_locks(
    offline: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every process is given the lock that it asks for, as by NFS mounted with `nolock`."""
    folder = tmp_path_factory.mktemp("nolock")
    (folder / "sitecustomize.py").write_text("import fcntl\nfcntl.flock = lambda *_: None\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    found = only_trouble(offline)
    assert found.level == "problem"
    assert "a lock is not seen by a second process" in found.text
    assert "disk of this machine" in found.hint


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_1_a_share_that_refuses_locks(offline: Settings, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """As a share without a lock service."""
    monkeypatch.setattr(fcntl, "flock", _raise(code))
    (found,) = [one for one in troubles(offline) if one.key == "filesystem:lock"]
    assert "a lock can't be taken" in found.text


def test_2_a_full_disk(offline: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written can't be kept."""
    refuse(monkeypatch, "fsync", errno.ENOSPC)
    found = troubles(offline)
    folders = [one for one in found if one.key.startswith("folder:")]
    assert len(folders) == 3
    assert all("no space left on device" in one.text and one.hint.startswith("Make room") for one in folders)


def test_3_a_data_directory_that_is_read_only(offline: Settings) -> None:
    """By its mode, tried by a process without root's rights; the sentence comes from the command itself."""
    offline.data_dir.chmod(0o500)
    try:
        done = run_doctor(offline)
    finally:
        offline.data_dir.chmod(0o700)
    assert done.returncode == 1, done.stderr
    assert "the folder of DUCKDB_PATH can't be written: permission denied." in done.stdout
    assert f"Give yourself write access to {offline.data_dir}." in done.stdout
    assert "Traceback" not in done.stderr


def test_3_a_disk_that_became_read_only(offline: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Linux makes one with errors."""
    refuse(monkeypatch, "mkdir", errno.EROFS, offline.data_dir)
    found = [one for one in troubles(offline) if one.key.startswith("folder:")]
    assert len(found) == 3
    assert all("read-only file system" in one.text and "Mount the disk" in one.hint for one in found)


def test_every_trial_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each promise of the filesystem, broken one at a time by what a real share does instead."""
    replace, chmod = Path.replace, Path.chmod
    broken = {
        "fsync": ((os, "fsync"), _raise(errno.EINVAL)),
        "mode": ((Path, "chmod"), lambda path, _mode: chmod(path, 0o777)),
        "rename": ((Path, "replace"), _raise(errno.EBUSY)),
        "lock": ((fcntl, "flock"), _raise(errno.ENOLCK)),
    }
    for name, ((owner, attribute), instead) in broken.items():
        with monkeypatch.context() as patch:
            patch.setattr(owner, attribute, instead)
            found = [one.key for one in check_filesystem(tmp_path)]
        assert f"filesystem:{name}" in found, name
    assert (replace, set(TRIALS)) == (Path.replace, {*broken, "wal"})
    assert [one.key for one in check_filesystem(tmp_path)] == ["filesystem"]


def test_a_place_where_sqlite_keeps_no_wal(tmp_path: Path) -> None:
    """Something else stands where the log belongs."""
    (tmp_path / "wal.sqlite-wal").mkdir()
    assert "SQLite can't keep its write-ahead log" in TRIALS["wal"](tmp_path)


def _raise(code: int):
    def refused(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return refused


def run_doctor(settings: Settings) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, without the right of root to write everywhere."""
    environment = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    environment |= {
        "DATA_BASE_PATH": str(settings.spool_dir),
        "CACHE_DIR": str(settings.answers_dir),
        "DUCKDB_PATH": str(settings.warehouse_path),
        "MUSICBRAINZ_BASE_URL": NOTHING_LISTENS,
        "NOMINATIM_BASE_URL": NOTHING_LISTENS,
    }
    command = without_root_rights(sys.executable, "-m", "extract_load", "doctor")
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
