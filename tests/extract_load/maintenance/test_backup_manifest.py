"""Looking at a backup changes nothing in it, and follows no link out of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.maintenance import backup_manifest
from extract_load.maintenance.backup import backup
from extract_load.maintenance.backup_manifest import INCOMING, MANIFEST, NEXT, damaged_files, read_manifest
from extract_load.maintenance.restore import restore
from extract_load.maintenance.verify import verify
from tests.support.data_directories import START, DataDirectory, open_data_directory, small_transform


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file of a folder with its time and content, and every link and folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found[path.relative_to(folder).as_posix()] = (path.lstat().st_mtime_ns, content)
    return found


def back_up(data_directory: DataDirectory, folder: Path) -> None:
    backup(data_directory.settings, folder, seeds=data_directory.seeds, clock=data_directory.clock)


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def half_moved(filled: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a backup that is valid, but was killed after it had moved two of its files to their places."""
    folder = tmp_path / "b"
    moves = 0

    def kill_at_third_move(name: str) -> None:
        nonlocal moves
        moves += name == "backup.while_moving"
        if moves == 2:
            raise Killed

    monkeypatch.setattr(backup_manifest, "failpoint", kill_at_third_move)
    with pytest.raises(Killed):
        back_up(filled, folder)
    monkeypatch.setattr(backup_manifest, "failpoint", failpoint)
    assert (folder / NEXT).exists() and (folder / INCOMING).exists()
    return folder


def test_a_half_moved_backup_is_read_where_it_is(filled: DataDirectory, half_moved: Path, tmp_path: Path) -> None:
    """Verify and restore neither move nor delete anything; the next backup does."""
    before = tree(half_moved)
    assert damaged_files(half_moved, read_manifest(half_moved)) == {}
    report = verify(filled.settings, half_moved, small_transform, seeds=filled.seeds, clock=filled.clock)
    assert report.is_good
    with open_data_directory(tmp_path / "new") as new:
        assert restore(new.settings, half_moved, seeds=new.seeds, clock=new.clock).restored > 10
    assert tree(half_moved) == before
    back_up(filled, half_moved)
    assert not (half_moved / NEXT).exists() and not (half_moved / INCOMING).exists()


def test_a_state_with_a_journal_beside_it_is_only_read(filled: DataDirectory, tmp_path: Path) -> None:
    """SQLite would play a journal back, and leave files of its own, in a folder that it may write to."""
    folder = tmp_path / "b"
    back_up(filled, folder)
    (folder / "state.sqlite-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 504)
    before = tree(folder)
    restore(filled.settings, folder, seeds=filled.seeds)
    assert tree(folder) == before


@pytest.mark.parametrize("what", ["file", "folder", "manifest", "incoming"])
def test_a_link_in_a_backup_is_refused(filled: DataDirectory, half_moved: Path, tmp_path: Path, what: str) -> None:
    """By who looks, and by who backs up: nothing outside is read, written or deleted."""
    outside = tmp_path / "outside"
    names = {"file": "state.sqlite", "folder": "src", "manifest": NEXT, "incoming": INCOMING}
    if what in ("file", "folder"):
        back_up(filled, half_moved)
        filled.poll(900, 2, at=START.replace(month=11))
    victim = half_moved / names[what]
    if victim.is_dir():
        shutil.copytree(victim, outside)
        shutil.rmtree(victim)
    else:
        shutil.copy(victim, outside)
        victim.unlink()
    victim.symlink_to(outside)
    before = tree(tmp_path / "outside") if outside.is_dir() else outside.read_bytes()
    for look in (
        lambda: verify(filled.settings, half_moved, small_transform, seeds=filled.seeds, clock=filled.clock),
        lambda: restore(filled.settings, half_moved, seeds=filled.seeds, despite_damage=True),
        lambda: back_up(filled, half_moved),
    ):
        with pytest.raises(BadInput, match="is a link"):
            look()
    assert (tree(outside) if outside.is_dir() else outside.read_bytes()) == before


def test_a_pipe_in_place_of_a_file_is_missing(filled: DataDirectory, tmp_path: Path) -> None:
    """Reading it would wait for ever."""
    folder = tmp_path / "b"
    back_up(filled, folder)
    victim = next(iter(sorted((folder / "src").rglob("*.gz"))))
    victim.unlink()
    os.mkfifo(victim)
    assert list(damaged_files(folder, read_manifest(folder)).values()) == ["is missing"]


@pytest.mark.parametrize("what", ["no database", "a trigger"])
def test_a_state_that_is_none_is_refused(filled: DataDirectory, tmp_path: Path, what: str) -> None:
    """Before anything is restored; its checksum may well be right."""
    folder = tmp_path / "b"
    state = filled.settings.state_path
    filled.state.close()
    if what == "a trigger":
        with closing(sqlite3.connect(state)) as db:
            db.execute("create trigger t after insert on polls begin delete from runs; end")
            db.commit()
        back_up(filled, folder)
    else:
        back_up(filled, folder)
        kept = folder / "state.sqlite"
        old = backup_manifest.mark_of(kept)
        kept.write_bytes(b"no database")
        new = backup_manifest.mark_of(kept)
        text = (folder / MANIFEST).read_text()
        (folder / MANIFEST).write_text(
            text.replace(old.sha256, new.sha256).replace(f'"bytes": {old.bytes},', f'"bytes": {new.bytes},')
        )
    with open_data_directory(tmp_path / "new") as new_home:
        with pytest.raises(BadInput, match=r"state\.sqlite"):
            restore(new_home.settings, folder, seeds=new_home.seeds)
        assert not any(new_home.settings.spool_dir.rglob("*.gz"))
