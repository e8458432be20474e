"""The paths that a person names: files, folders and zips become candidates, everything else a reason."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extract_load.spotify.history_import import discovery
from extract_load.spotify.history_import.discovery import find_members
from tests.support.exports import row, text_of, write_file, write_zip
from tests.support.unprivileged import without_root_rights

ROOT = Path(__file__).parents[4]


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


def test_what_is_called_like_a_history_is_looked_into(tmp_path: Path) -> None:
    """Packed, without its ending, or with one that Windows put behind it; in a zip as in a folder."""
    names = ["Streaming_History_Audio_2024_1.json.txt", "endsong_3", "StreamingHistory0.JSON"]
    for name in names:
        write_file(tmp_path / "in", name, [row(1)])
    write_file(tmp_path / "in", "x.json.gz", gzip.compress(text_of([row(1)])))
    write_file(tmp_path / "in", "endsong.pdf", b"x")
    found = find_members([tmp_path / "in"])
    assert ({one.name for one in found.members}, found.left_alone) == ({*names, "x.json.gz"}, 1)
    found = find_members([write_zip(tmp_path / "z.zip", {f"a/{name}": [row(1)] for name in (*names, "endsong.pdf")})])
    assert ({one.name for one in found.members}, found.left_alone) == (set(names), 1)


def test_archives_that_can_not_be_read_are_named(tmp_path: Path) -> None:
    """With what to do; in a folder only what seems to be from Spotify."""
    for name in ("my_spotify_data.7z", "my_spotify_data.tar.gz", "photos.7z"):
        write_file(tmp_path / "in", name, b"x")
    found = find_members([tmp_path / "in", tmp_path / "in" / "photos.7z"])
    reasons = {one.name: one.reason.partition("; ")[2] for one in found.refused}
    named = ("my_spotify_data.7z", "my_spotify_data.tar.gz", "photos.7z")
    assert (reasons, found.left_alone) == (dict.fromkeys(named, "unpack it and import the folder"), 1)
    [packed] = find_members([write_zip(tmp_path / "z.zip", {"endsong_0.json.gz": b"x"})]).refused
    assert packed.reason == "it is packed inside the zip; unpack it and import it alone"


def test_a_pipe_and_a_link_to_a_folder_are_named(tmp_path: Path) -> None:
    """A pipe would be waited for without end."""
    good = write_file(tmp_path / "in", "one.json", [row(1)])
    os.mkfifo(tmp_path / "in" / "pipe.json")
    (tmp_path / "in" / "linked").symlink_to(tmp_path)
    (tmp_path / "in" / "round").symlink_to(tmp_path / "in")
    found = find_members([tmp_path / "in"])
    assert {one.name: one.reason for one in found.refused} == {
        "pipe.json": "it is neither a file nor a folder",
        "linked": "it is a link; name the real folder to import it",
        "round": "it is a link; name the real folder to import it",
    }
    assert [one.name for one in found.members] == [good.name]


FIND = """
import sys
from pathlib import Path
from extract_load.spotify.history_import.discovery import find_members
found = find_members([Path(sys.argv[1])])
print([one.name for one in found.members], [(one.name, one.reason) for one in found.refused])
"""


def test_what_may_not_be_read_in_a_folder_is_named_and_the_rest_is_found(tmp_path: Path) -> None:
    """A file, and a folder with all that is in it."""
    write_file(tmp_path / "in", "one.json", [row(1)])
    write_file(tmp_path / "in", "secret.json", [row(2)]).chmod(0)
    write_file(tmp_path / "in" / "closed", "two.json", [row(2)])
    (tmp_path / "in" / "closed").chmod(0)
    try:
        command = without_root_rights(sys.executable, "-c", FIND, str(tmp_path / "in"))
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    finally:
        (tmp_path / "in" / "closed").chmod(0o700)
    reason = "it can't be read (permission denied)"
    refused = [("secret.json", reason), ("closed", reason)]
    assert done.stdout.strip() == f"['one.json'] {refused}"


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
