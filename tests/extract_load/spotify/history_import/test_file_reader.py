"""One file of an export: its summary with a control total, its lines, and what is wrong with it."""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from extract_load.core.errors import BadInput
from extract_load.spotify.history_import import file_reader
from extract_load.spotify.history_import.discovery import find_members
from extract_load.spotify.history_import.file_reader import MemberReader, read_ahead
from tests.support.exports import row, text_of, write_file

TODAY = datetime(2026, 11, 23)


def reader_of(folder: Path, content: bytes, name: str = "Streaming_History_Audio_2024_0.json") -> MemberReader:
    """Return the reader of a file with this content."""
    [member] = find_members([write_file(folder, name, content)]).members
    return MemberReader(member, TODAY)


@pytest.mark.parametrize("small", [0, 1 << 20])
def test_the_summary_has_the_hash_the_counts_and_a_control_total(
    small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for a file that is kept in memory and for one that is read twice."""
    monkeypatch.setattr(file_reader, "SMALL", small)
    content = text_of([row(1), {"ts": "never"}, row(2)])
    reader = reader_of(tmp_path, content)
    summary = reader.summarize("extended")
    assert (summary.sha256, summary.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (summary.counted, summary.counted_by) == (3, "elements")
    assert (summary.tally.kept, summary.tally.rejected) == (2, 1)
    lines = [orjson.loads(line) for line in b"".join(reader.blocks(summary)).splitlines()]
    assert [line.get("ms_played") for line in lines] == [200_001, None, 200_002]
    assert lines[1]["_"] == "rejected"


def test_a_file_that_changes_between_two_readings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its counts would be those of another file."""
    monkeypatch.setattr(file_reader, "SMALL", 0)
    reader = reader_of(tmp_path, text_of([row(1), row(2)]))
    summary = reader.summarize("extended")
    reader_of(tmp_path, text_of([row(1)]))
    with pytest.raises(BadInput, match="changed while it was read"):
        list(reader.blocks(summary))


def test_damage_is_a_reason_and_not_a_traceback(tmp_path: Path) -> None:
    """A packed file with a wrong checksum."""
    packed = bytearray(gzip.compress(text_of([row(n) for n in range(50)])))
    packed[-6] ^= 0xFF
    reader = reader_of(tmp_path, bytes(packed), "endsong_0.json.gz")
    with pytest.raises(BadInput, match="download it again"):
        reader.summarize("extended")


def test_a_file_beyond_the_size_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little the packed one takes."""
    reader = reader_of(tmp_path, gzip.compress(b"[" + b" " * 5000 + b"]"), "x.json.gz")
    monkeypatch.setattr(file_reader, "MAX_FILE_BYTES", 1000)
    with pytest.raises(BadInput, match="more than 4 GiB"):
        reader.summarize("extended")


def test_readers_are_yielded_in_their_order_with_one_read_ahead(tmp_path: Path) -> None:
    """One that can't be read comes, too: its error is raised by `summarize`."""
    readers = [reader_of(tmp_path / str(n), text_of([row(n)])) for n in range(3)]
    (tmp_path / "1" / "Streaming_History_Audio_2024_0.json").unlink()
    outcomes = []
    for reader in read_ahead(readers):
        try:
            outcomes.append(reader.summarize("extended").counted)
        except BadInput as error:
            outcomes.append(error.message.split(" (")[0])
    assert outcomes == [1, "it can't be read", 1]
