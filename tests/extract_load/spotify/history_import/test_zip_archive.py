"""Zip archives are read in place, and what is unsafe in one is refused with its reason."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from extract_load.spotify.history_import import zip_archive
from extract_load.spotify.history_import.zip_archive import read_zip
from tests.support.exports import FOLDER, row, text_of, write_zip


def test_a_zip_has_its_json_files_as_candidates_and_ignores_the_rest(tmp_path: Path) -> None:
    """Candidates open to their own bytes; files of one folder have one place."""
    content = text_of([row(1)])
    files = {f"{FOLDER}/a.json": content, f"{FOLDER}/b.json": b"[]", "c.pdf": b"%PDF", "__MACOSX/._a.json": b"x"}
    found = read_zip(write_zip(tmp_path / "x.zip", files))
    assert ([one.name for one in found.members], found.refused, found.left_alone) == (["a.json", "b.json"], [], 2)
    assert len({one.place for one in found.members}) == 1
    for _ in range(2):
        with found.members[0].open() as stream:
            assert stream.read() == content


@pytest.mark.parametrize("name", ["../a.json", "/etc/a.json", "x\\..\\a.json"])
def test_a_path_out_of_the_archive_is_refused(name: str, tmp_path: Path) -> None:
    """With either kind of slash."""
    found = read_zip(write_zip(tmp_path / "x.zip", {name: b"[]"}))
    assert [(one.name, one.reason) for one in found.refused] == [("a.json", "its path leads out of the archive")]
    assert found.members == []


def test_the_limits_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries, total size and growth."""
    path = write_zip(tmp_path / "x.zip", {"a.json": b"[" + b" " * 5000 + b"]", "b.json": b"[]"})
    monkeypatch.setattr(zip_archive, "SMALL_BYTES", 1000)
    monkeypatch.setattr(zip_archive, "MAX_RATIO", 10)
    found = read_zip(path)
    assert [one.name for one in found.members] == ["b.json"]
    assert "as a zip bomb does" in found.refused[0].reason
    monkeypatch.setattr(zip_archive, "MAX_TOTAL_BYTES", 5000)
    assert "more than 16 GiB" in read_zip(path).refused[0].reason
    monkeypatch.setattr(zip_archive, "MAX_ENTRIES", 1)
    assert read_zip(path).refused[0].reason.startswith("it holds 2 files")


def test_an_encrypted_entry_and_a_damaged_zip_are_refused(tmp_path: Path) -> None:
    """Nothing of either is read."""
    path = write_zip(tmp_path / "x.zip", {"a.json": b"[]"})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        directory = archive.start_dir
    data[directory + 8] |= 1
    path.write_bytes(data)
    assert [one.reason for one in read_zip(path).refused] == ["it is encrypted"]
    path.write_bytes(bytes(data[:-10]))
    assert [one.reason for one in read_zip(path).refused] == ["the zip is damaged; download it again"]
