"""Day archives: every gzip reader reads them, the files inside keep their names and bytes, damage is noticed."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from extract_load.core.errors import BadInput
from extract_load.storage.day_files import archive_of, day_archives, folder_of, is_day_archive, members, write_archive
from extract_load.storage.gzip_files import pack

FILES = {f"2026110{number}T080000_run_{number}.ndjson.gz": b'{"n": %d}\n' % number * 50 for number in (3, 1, 2)}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return an archive of three files."""
    path = tmp_path / "src" / "spotify" / "recently_played" / "dt=2026-11-01.ndjson.gz"
    write_archive(path, [(name, pack(content)) for name, content in FILES.items()])
    return path


def test_names_and_contents_come_back_in_the_order_of_the_names(archive: Path) -> None:
    """Whatever wrote the gzip bytes, with a name of its own in the header or not."""
    assert {member.name: member.content for member in members(archive)} == FILES
    assert [member.name for member in members(archive)] == sorted(FILES)
    rewritten = [(member.name, member.packed) for member in members(archive)]
    before = archive.read_bytes()
    write_archive(archive, rewritten)
    assert archive.read_bytes() == before
    write_archive(archive, [("a.ndjson.gz", gzip.compress(b"x\n")), ("b.ndjson.gz", rewritten[0][1])])
    assert [member.name for member in members(archive)] == ["a.ndjson.gz", "b.ndjson.gz"]


def test_every_gzip_reader_reads_the_whole_day(archive: Path) -> None:
    """As one text, in the order of the names."""
    assert gzip.decompress(archive.read_bytes()) == b"".join(FILES[name] for name in sorted(FILES))


def test_any_flipped_byte_is_noticed(archive: Path) -> None:
    """In names, headers, contents and checksums alike: never another answer."""
    intact, expected = archive.read_bytes(), [(one.name, one.content) for one in members(archive)]
    for place in random.Random(7).sample(range(len(intact)), 60):
        damaged = bytearray(intact)
        damaged[place] ^= 0x10
        archive.unlink()
        archive.write_bytes(bytes(damaged))
        try:
            found = [(one.name, one.content) for one in members(archive)]
        except BadInput as error:
            assert "dt=2026-11-01.ndjson.gz" in str(error)
        else:
            assert found == expected  # a bit that means nothing, such as the time in a header


def test_a_changed_archive_is_read_again(archive: Path) -> None:
    """What was read before is not returned for another content under the same name."""
    assert len(members(archive)) == 3
    write_archive(archive, [("only.ndjson.gz", pack(b"x\n"))])
    assert [member.name for member in members(archive)] == ["only.ndjson.gz"]
    archive.unlink()
    with pytest.raises(BadInput):
        members(archive)


def test_archives_are_known_by_their_names(archive: Path) -> None:
    """A folder and its archive lead to each other; other files are no archives."""
    assert archive_of(folder_of(archive)) == archive
    archive.with_name("dt=someday.ndjson.gz").touch()
    folder_of(archive).mkdir()
    (folder_of(archive) / "x.ndjson.gz").touch()
    assert day_archives(archive.parents[2]) == [archive]
    assert not is_day_archive(folder_of(archive))
