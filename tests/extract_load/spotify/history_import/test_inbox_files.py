"""The entries of the inbox as files: what is read, what is left, and moves that overwrite nothing."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extract_load.spotify.history_import.inbox_files import (
    FAILED,
    NotAFile,
    entries,
    entry_id,
    has_entries,
    is_empty_folder,
    is_in_use,
    move,
    signature,
    total_bytes,
)

pytestmark = pytest.mark.fast

HOLDS = "import fcntl, sys, time; f = open(sys.argv[1], sys.argv[2]); {}; print('ready', flush=True); time.sleep(60)"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in box"
    assert not has_entries(folder)
    assert entries(folder) == []
    return folder


def test_only_what_may_be_an_export_is_an_entry(inbox: Path) -> None:
    """Hidden files, unfinished downloads and our own notes are left alone."""
    for name in ("b.zip", "A.json", "odd \udcff.zip", "done", "failed"):
        (inbox / name).mkdir() if name not in {"done", "failed"} else None
    for name in (".DS_Store", "b.zip.part", "c.zip.crdownload", "d.ZIP.PART", "e.zip~", "f.tmp", "b.zip.waiting.txt"):
        (inbox / name).write_text("x")
    assert entries(inbox) == ["A.json", "b.zip", "odd \udcff.zip"]
    assert has_entries(inbox)
    assert len({entry_id(name) for name in entries(inbox)}) == 3


def test_a_signature_changes_with_every_change(inbox: Path) -> None:
    folder = inbox / "export"
    folder.mkdir()
    assert is_empty_folder(folder)
    seen = {signature(folder)}

    def is_new() -> bool:
        now = signature(folder)
        known = now in seen
        seen.add(now)
        return not known

    (folder / "a.json").write_text("[]")
    os.utime(folder / "a.json", (1_700_000_000, 1_700_000_000))
    assert is_new()
    assert not is_new()
    os.utime(folder / "a.json", (1_700_000_000, 1_700_000_001))
    assert is_new()
    (folder / "sub").mkdir()
    assert not is_new()
    (folder / "sub" / "b.json").write_text("[1]")
    assert is_new()
    assert (total_bytes(folder), is_empty_folder(folder)) == (5, False)


def test_links_pipes_and_devices_are_never_opened(inbox: Path) -> None:
    """Opening a pipe would wait for ever."""
    (inbox / "real.json").write_text("[]")
    (inbox / "link.json").symlink_to(inbox / "real.json")
    os.mkfifo(inbox / "pipe.json")
    (inbox / "folder").mkdir()
    os.mkfifo(inbox / "folder" / "pipe.json")
    for name, what in (("link.json", "a link"), ("pipe.json", "neither"), ("folder", "neither")):
        with pytest.raises(NotAFile, match=what):
            signature(inbox / name)


@pytest.mark.parametrize(
    ("mode", "lock"),
    [
        pytest.param("ab", "None", marks=pytest.mark.skipif(sys.platform != "linux", reason="/proc tells it")),
        ("rb+", "fcntl.flock(f, fcntl.LOCK_EX)"),
        ("rb+", "fcntl.lockf(f, fcntl.LOCK_EX)"),
    ],
)
def test_a_file_that_another_process_writes_or_locks_is_in_use(inbox: Path, mode: str, lock: str) -> None:
    """Also inside a folder; as soon as it is closed, it is not."""
    (inbox / "export").mkdir()
    file = inbox / "export" / "a.json"
    file.write_text("[]")
    command = [sys.executable, "-c", HOLDS.format(lock), str(file), mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert is_in_use(inbox / "export")
        assert is_in_use(file)
        process.kill()
    assert not is_in_use(inbox / "export")


def test_a_reader_does_not_hold_a_file_up(inbox: Path) -> None:
    (inbox / "a.json").write_text("[]")
    with (inbox / "a.json").open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        assert not is_in_use(inbox / "a.json")


def test_a_move_overwrites_nothing(inbox: Path) -> None:
    names = []
    for text in ("first", "second", "third"):
        (inbox / "a.zip").write_text(text)
        names.append(move(inbox / "a.zip", inbox / FAILED).name)
    assert names == ["a.zip", "a (2).zip", "a (3).zip"]
    assert [(inbox / FAILED / name).read_text() for name in names] == ["first", "second", "third"]
