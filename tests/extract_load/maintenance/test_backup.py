"""Backup and restore: complete, incremental, checked byte by byte, and never following a loss at home."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.maintenance import backup_manifest as backup_files
from extract_load.maintenance.backup import backup
from extract_load.maintenance.compact import compact
from extract_load.maintenance.rebuild import rebuild
from extract_load.maintenance.restore import restore
from extract_load.maintenance.verify import verify
from extract_load.storage.spool import spooled_files
from tests.support.data_directories import START, DataDirectory, open_data_directory, published_plays, small_transform


def back_up(data_directory: DataDirectory, folder: Path):
    return backup(data_directory.settings, folder, seeds=data_directory.seeds, clock=data_directory.clock)


def check(data_directory: DataDirectory, folder: Path):
    return verify(
        data_directory.settings, folder, small_transform, seeds=data_directory.seeds, clock=data_directory.clock
    )


def test_an_empty_home_comes_back_from_a_backup(filled: DataDirectory, tmp_path: Path) -> None:
    """Plays, answers, polls, facts and personal seeds are there again, and the marts are the same."""
    folder = tmp_path / "safe place"
    report = back_up(filled, folder)
    assert (report.files, report.copied, report.kept) == (13, 13, [])
    filled.seeds.joinpath("listener_zones.csv").write_text("changed since\n")
    with open_data_directory(tmp_path / "new home") as new:
        new.state.close()
        new.settings.state_path.unlink()
        (new.seeds / "listener_zones.csv").write_text("as it is shipped\n")
        restored = restore(new.settings, folder, seeds=new.seeds, clock=new.clock)
        assert restored.restored == 12  # all but the seed that belongs to the program
        assert (new.seeds / "listener_zones.csv.before-restore").read_text() == "as it is shipped\n"
        state = new.state = type(new.state)(new.settings.state_path)
        rebuild(new.settings, state, small_transform, seeds=new.seeds, clock=new.clock)
        assert new.everything() == filled.everything()
        assert published_plays(new.settings) == published_plays(filled.settings)
        assert state.get("spotify", "answer:me") == "hash of the last answer"
        assert (new.seeds / "listener_zones.csv").read_text() == "listener_id,zone\nme,Europe/Berlin\n"


def test_the_second_backup_copies_only_what_is_new(filled: DataDirectory, tmp_path: Path) -> None:
    """Incremental by hash: one new poll is one new file (and the state)."""
    back_up(filled, tmp_path / "b")
    filled.poll(700, 3, at=START + timedelta(days=5))
    report = back_up(filled, tmp_path / "b")
    assert (report.copied, report.removed) == (2, 0)


def test_the_manifest_is_plain_and_true(filled: DataDirectory, tmp_path: Path) -> None:
    """Every file below the folder is in it with its SHA-256, as any tool computes it, and nothing else is there."""
    back_up(filled, tmp_path / "b")
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    on_disk = {path.relative_to(tmp_path / "b").as_posix() for path in (tmp_path / "b").rglob("*") if path.is_file()}
    assert on_disk == {*manifest["files"], "manifest.json"}
    import hashlib

    for name, mark in manifest["files"].items():
        content = (tmp_path / "b" / name).read_bytes()
        assert mark == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    with sqlite3.connect(tmp_path / "b" / "state.sqlite") as copy:
        assert copy.execute("select count(*) from polls").fetchone() == (6,)


@pytest.mark.parametrize("name", ["src", "cache", "state.sqlite", "seeds"])
def test_a_flipped_byte_is_found_and_named(filled: DataDirectory, tmp_path: Path, name: str) -> None:
    """Verify and restore both say which file it is; restore takes the others when told."""
    folder = tmp_path / "b"
    back_up(filled, folder)
    victim = folder / name
    victim = victim if victim.is_file() else sorted(path for path in victim.rglob("*") if path.is_file())[0]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(bytes(content))
    said = victim.relative_to(folder).as_posix() + " has another content"
    with pytest.raises(BadInput, match="1 file") as caught:
        check(filled, folder)
    assert said in str(caught.value)
    with pytest.raises(BadInput) as caught:
        restore(filled.settings, folder, seeds=filled.seeds)
    assert said in str(caught.value)
    report = restore(filled.settings, folder, seeds=filled.seeds, despite_damage=True)
    assert len(report.left_out) == 1 and said in report.left_out[0]


def test_a_missing_file_is_named(filled: DataDirectory, tmp_path: Path) -> None:
    """As is one that was cut short."""
    folder = tmp_path / "b"
    back_up(filled, folder)
    gone, cut = spooled_files(folder / "src")[:2]
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(BadInput, match=f"{gone.name} is missing.*{cut.name} has .* bytes instead of"):
        check(filled, folder)


def test_a_loss_at_home_is_not_followed(filled: DataDirectory, tmp_path: Path) -> None:
    """A spool file that vanished or rotted stays in the backup, and is named."""
    folder = tmp_path / "b"
    back_up(filled, folder)
    gone, rotten, *_ = spooled_files(filled.settings.spool_dir)
    kept = {path.name: path.read_bytes() for path in (gone, rotten)}
    gone.unlink()
    rotten.write_bytes(b"x" + rotten.read_bytes()[1:])
    report = back_up(filled, folder)
    assert len(report.kept) == 2
    assert any(gone.name in line and "gone" in line for line in report.kept)
    assert any(rotten.name in line and "differs" in line for line in report.kept)
    in_backup = {path.name: path.read_bytes() for path in spooled_files(folder / "src")}
    assert {name: in_backup[name] for name in kept} == kept
    assert restore(filled.settings, folder, seeds=filled.seeds).restored == 2  # the lost file, and the state added
    assert gone.read_bytes() == kept[gone.name]


def test_an_emptied_home_does_not_empty_the_backup(filled: DataDirectory, tmp_path: Path) -> None:
    """The worst day: the data folder is gone, and the nightly backup runs."""
    folder = tmp_path / "b"
    files = back_up(filled, folder).files
    shutil.rmtree(filled.settings.spool_dir)
    shutil.rmtree(filled.settings.answers_dir)
    report = back_up(filled, folder)
    assert (report.files, report.removed, len(report.kept)) == (files, 0, 10)
    assert check(filled, folder).is_good


def test_compaction_at_home_is_followed(filled: DataDirectory, tmp_path: Path) -> None:
    """Small files that stand in a day file go from the backup, too; it verifies as before."""
    folder = tmp_path / "b"
    back_up(filled, folder)
    compact(filled.settings, filled.warehouse, clock=filled.clock)
    report = back_up(filled, folder)
    assert (report.removed, report.kept) == (10, [])
    assert spooled_files(folder / "src") == []
    assert check(filled, folder).differences == []


def test_a_folder_with_other_things_is_refused(filled: DataDirectory, tmp_path: Path) -> None:
    """A backup never mixes with a person's files, and never lies inside the data that it copies."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(ConfigurationError, match="holds other things"):
        back_up(filled, tmp_path / "photos")
    with pytest.raises(ConfigurationError, match="can't lie inside"):
        back_up(filled, filled.settings.spool_dir / "backup")
    with pytest.raises(BadInput, match="is not a backup"):
        check(filled, tmp_path / "photos")


def test_a_manifest_that_points_outside_is_refused(filled: DataDirectory, tmp_path: Path) -> None:
    """A backup from a stranger can't write outside of the data directory."""
    folder = tmp_path / "b"
    back_up(filled, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (tmp_path / "secret").write_text("x")
    manifest["files"]["src/../../secret"] = {"bytes": 1, "sha256": "0"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadInput, match="outside"):
        restore(filled.settings, folder, seeds=filled.seeds)


def test_the_token_is_never_in_a_backup(filled: DataDirectory, tmp_path: Path) -> None:
    """The token file lies in the data folder; no byte of it is copied."""
    filled.settings.token_path.write_text('{"refresh_token": "s3cret-t0ken"}')
    back_up(filled, tmp_path / "b")
    for path in (tmp_path / "b").rglob("*"):
        assert not path.is_file() or b"s3cret-t0ken" not in path.read_bytes()


def test_files_with_equal_content_are_both_there(data_directory: DataDirectory, tmp_path: Path) -> None:
    """Two names, one content."""
    (data_directory.seeds / "excluded_tracks.csv").write_text("a\n")
    (data_directory.seeds / "excluded_artists.csv").write_text("a\n")
    back_up(data_directory, tmp_path / "b")
    assert backup_files.damaged_files(tmp_path / "b", backup_files.read_manifest(tmp_path / "b")) == {}
