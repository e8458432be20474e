"""The spool file of an export: held until its owner is known, found again by its key, complete or absent."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from extract_load.spotify.history_import.file_reader import FileSummary
from extract_load.spotify.history_import.row_parser import RowCounts
from extract_load.spotify.history_import.spool_writer import (
    PARSER_VERSION,
    find_spooled,
    header,
    key_of,
    release,
    remove_held_files,
    write_held,
)
from extract_load.storage.spool import read_lines

AT = datetime(2026, 11, 23, 12, 0)


def summary_of(sha256: str, kept: int = 1) -> FileSummary:
    """Return what reading a file found."""
    return FileSummary(sha256, 99, "extended", kept + 1, "keys", RowCounts(kept=kept, rejected=1, mended=1))


def write(root: Path, sha256: str = "abc") -> Path:
    """Write a held file of two rows."""
    summary = summary_of(sha256)
    first = header("endsong_0.json", summary, "export", listener_id="me", run_id="run", at=AT)
    return write_held(root, first, [b'{"row": 1}\n', b'{"row": 2}\n'])


def test_a_held_file_is_found_only_when_it_is_released(tmp_path: Path) -> None:
    """By the listener and the hash of the original, so the import is idempotent."""
    held = write(tmp_path)
    assert find_spooled(tmp_path, "me", summary_of("abc")) is None
    path = release(held)
    assert not held.exists()
    assert find_spooled(tmp_path, "me", summary_of("abc")) == path
    assert find_spooled(tmp_path, "me", summary_of("abd")) is None
    assert find_spooled(tmp_path, "you", summary_of("abc")) is None
    assert path.parent.name == "dt=2026-11-23"
    assert path.name.endswith(f"_run_{key_of('me', 'abc')}.ndjson.gz")


@pytest.mark.parametrize(("kept", "is_known"), [(1, True), (2, False)])
def test_a_file_of_an_earlier_parser_is_known_when_it_holds_all(tmp_path: Path, kept: int, *, is_known: bool) -> None:
    """Otherwise the original is read again; so it is when its spool file is damaged."""
    path = release(write(tmp_path))
    first, *rows = read_lines(path)
    head = orjson.loads(first)
    del head["request"]["parser"]
    path.write_bytes(gzip.compress(orjson.dumps(head) + b"\n" + b"".join(rows)))
    assert (find_spooled(tmp_path, "me", summary_of("abc", kept)) == path) is is_known
    path.write_bytes(b"\x1f\x8b damaged")
    assert find_spooled(tmp_path, "me", summary_of("abc")) is None


def test_the_first_line_describes_the_original_and_the_rows_follow(tmp_path: Path) -> None:
    """The keys of the envelope are part of the format of the spool."""
    first, *rows = [orjson.loads(line) for line in read_lines(release(write(tmp_path)))]
    assert (first["source"], first["entity"], first["payload"]) == ("spotify", "streaming_history", None)
    assert first["request"] == {
        "file": "endsong_0.json",
        "sha256": "abc",
        "bytes": 99,
        "export_id": "export",
        "format": "extended",
        "rows": 1,
        "rejected": 1,
        "mended": 1,
        "rows_counted": 2,
        "counted_by": "keys",
        "parser": PARSER_VERSION,
    }
    assert rows == [{"row": 1}, {"row": 2}]


def test_what_a_killed_import_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    """Released files stay."""
    path = release(write(tmp_path))
    held = write(tmp_path, "other")
    partial = held.with_name(f"{held.name}.partial")
    partial.write_bytes(b"half")
    remove_held_files(tmp_path)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]
