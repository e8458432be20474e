"""Gzip files appear complete or not at all, and damage has one plain sentence."""

from __future__ import annotations

import errno
import gzip
import logging
import os
import stat
import sys
from pathlib import Path

import pytest

from extract_load.core.errors import BadInput
from extract_load.storage import gzip_files
from extract_load.storage.gzip_files import (
    damage_as_bad_input,
    new_file,
    pack,
    packed_writer,
    read_lines,
    sync_folder,
    unpack,
)


def test_a_file_appears_with_its_whole_content(tmp_path: Path) -> None:
    """While it is written only the partial file is there; afterwards only the file."""
    path = tmp_path / "deep" / "a.ndjson.gz"
    with new_file(path) as out, packed_writer(out) as packed:
        packed.write(b"one\ntwo\n")
        assert [one.name for one in path.parent.iterdir()] == ["a.ndjson.gz.partial"]
    assert [one.name for one in path.parent.iterdir()] == ["a.ndjson.gz"]
    assert list(read_lines(path)) == [b"one\n", b"two\n"]
    assert gzip.decompress(path.read_bytes()) == b"one\ntwo\n"


def test_an_error_leaves_the_old_content(tmp_path: Path) -> None:
    """Neither a partial file nor a changed one."""
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), new_file(path) as out:
        out.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_content_gives_the_same_bytes() -> None:
    """No time and no name in the header, so that a backup sees no change where there is none."""
    assert pack(b"x" * 100) == pack(b"x" * 100)
    assert unpack(pack(b"x" * 100)) == b"x" * 100 == gzip.decompress(pack(b"x" * 100))


@pytest.mark.parametrize("damage", ["cut", "no gzip", "flipped"])
def test_damage_is_bad_input_with_the_files_name(tmp_path: Path, damage: str) -> None:
    """Whichever library notices it."""
    path = tmp_path / "a.ndjson.gz"
    content = bytearray(pack(bytes(range(256)) * 40))
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "no gzip":
        content[:4] = b"text"
    else:
        content[-6] ^= 1
    path.write_bytes(bytes(content))
    with (
        pytest.raises(BadInput, match=r"a\.ndjson\.gz is damaged\. Put it back from a backup"),
        damage_as_bad_input(path),
    ):
        list(read_lines(path))


@pytest.fixture
def nothing_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a new process, which has noted no file system yet."""
    monkeypatch.setattr(gzip_files, "_noted", [])


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a file system without fsync")
def test_a_folder_that_cannot_be_synced_is_noted_once(nothing_noted: None, caplog: pytest.LogCaptureFixture) -> None:
    """A real one."""
    with pytest.raises(OSError, match="Invalid argument"):
        os.fsync(os.open("/proc/self", os.O_RDONLY))
    for _ in range(3):
        sync_folder(Path("/proc/self"))
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "/proc/self can't be synced (Invalid argument): a power cut may lose the newest file."
    ]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM])
@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_file_is_written_where_nothing_can_be_synced(
    nothing_noted: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: str
) -> None:
    """As on a network share: it appears under its name, and is the only one."""
    real = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode) == (kind == "folder"):
            raise OSError(number, os.strerror(number))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with new_file(tmp_path / "a") as out:
        out.write(b"all of it")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a", b"all of it")]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """It is not the file system that knows no fsync, and what was written may be lost."""

    def fsync(_handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=os.strerror(number)), new_file(tmp_path / "a") as out:
        out.write(b"x")
    assert list(tmp_path.iterdir()) == []
