"""The paths that a person names: files, folders and zips become candidates, everything else a reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from extract_load.spotify.history_import import discovery
from extract_load.spotify.history_import.discovery import find_members
from tests.support.exports import row, text_of, write_file, write_zip


def test_a_folder_is_searched_with_its_zips_in_a_fixed_order(tmp_path: Path) -> None:
    """Other files are counted, links are refused."""
    folder = tmp_path / "in"
    write_file(folder / "b", "two.json", [row(2)])
    write_file(folder / "a", "one.json", [row(1)])
    write_file(folder, "photo.jpg", b"x")
    write_zip(folder / "z.zip", {"three.json": [row(3)]})
    (folder / "link.json").symlink_to(folder / "a" / "one.json")
    found = find_members([folder])
    assert [one.name for one in found.members] == ["three.json", "one.json", "two.json"]
    assert [one.name for one in found.refused] == ["link.json"]
    assert found.left_alone == 1
    assert not any(one.asked_for for one in found.members)


def test_a_path_given_twice_is_found_once(tmp_path: Path) -> None:
    """A single file counts as asked for."""
    path = write_file(tmp_path, "one.json", [row(1)])
    [member] = find_members([path, path]).members
    assert (member.name, member.size, member.asked_for) == ("one.json", path.stat().st_size, True)


def test_what_cannot_be_read_is_refused_and_the_rest_is_found(tmp_path: Path) -> None:
    """A missing path, an empty folder, an empty zip."""
    (tmp_path / "void").mkdir()
    empty = write_zip(tmp_path / "empty.zip", {"photo.jpg": b"x"})
    good = write_file(tmp_path, "one.json", [row(1)])
    found = find_members([tmp_path / "gone", tmp_path / "void", empty, good])
    assert {one.name: one.reason for one in found.refused} == {
        "gone": "there is no such file or folder",
        "void": "the folder holds no listening history",
        "empty.zip": "the zip holds no listening history",
    }
    assert [one.name for one in found.members] == ["one.json"]


def test_a_gzip_opens_to_what_is_packed_in_it(tmp_path: Path) -> None:
    """Each time from its beginning."""
    content = text_of([row(1)])
    [member] = find_members([write_file(tmp_path, "one.json.gz", gzip.compress(content))]).members
    for _ in range(2):
        with member.open() as stream:
            assert stream.read() == content


def test_the_search_of_a_folder_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of more files than any export has is not searched for ever."""
    monkeypatch.setattr(discovery, "MAX_FOUND", 3)
    for number in range(5):
        write_file(tmp_path / "in", f"{number}.json", [row(number)])
    assert [one.name for one in find_members([tmp_path / "in"]).members] == ["0.json", "1.json", "2.json"]
