"""Whatever form a file has: read to its end, in its encoding, without what is personal."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from extract_load.core.settings import Settings
from extract_load.landing import Landing
from extract_load.spotify.history_import.importer import ImportResult
from extract_load.spotify.history_import.spool_writer import key_of
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from tests.support.exports import old_row, row, text_of, write_file

Importer = Callable[..., ImportResult]
Query = Callable[..., list[tuple[Any, ...]]]


def lines_of(*numbers: int) -> list[bytes]:
    """Return the JSON of some rows."""
    return [text_of([row(number)])[1:-1] for number in numbers]


@pytest.mark.parametrize(
    ("content", "landed", "rejected", "mended", "exit_code"),
    [
        (text_of([row(0)]) + b"\n" + text_of([row(1), row(2)]), 3, 0, 0, 0),
        (text_of([row(0)]) + b"\xef\xbb\xbf" + text_of([row(1)]), 2, 0, 0, 0),
        (b"[]" + text_of([row(1)]), 1, 0, 0, 0),
        (b"\n".join(lines_of(0, 1, 2)), 3, 0, 0, 0),
        (b",\r\n".join(lines_of(0, 1, 2)), 3, 0, 0, 0),
        (text_of([row(0)]) + b"\n".join(lines_of(1, 2)), 3, 0, 0, 0),
        (b"[" + b"\n".join(lines_of(0, 1, 2)) + b"]", 3, 0, 3, 0),
        (text_of([row(0)]) + b"\nand <b>more</b>", 1, 1, 0, 1),
        (text_of([row(0)]) + b" more " + text_of([row(1)]), 2, 1, 0, 1),
        (text_of([row(0)]) + b"\0" * 4096, 1, 1, 0, 1),
    ],
)
def test_a_file_is_read_to_its_end(
    *, content: bytes, landed: int, rejected: int, mended: int, exit_code: int, tmp_path: Path, bring_in: Importer
) -> None:
    """More lists, objects one a line, rows without commas; what is no JSON is one named row, and the exit code is 1."""
    result = bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", content))
    assert (result.total("landed"), result.total("rejected"), result.total("mended")) == (landed, rejected, mended)
    assert result.exit_code == exit_code, result.account()


def test_windows_1252_is_recognised_for_the_whole_file(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """Nothing is replaced, and the account says so; a single broken byte among UTF-8 stays one."""
    rows = [row(n, master_metadata_track_name=f"Zoë’s Größe {n}") for n in range(3)]
    name = "Streaming_History_Audio_2024_0.json"
    ansi = bring_in(write_file(tmp_path / "a", name, text_of(rows).decode().encode("cp1252")))
    assert (ansi.total("landed"), ansi.total("mended")) == (3, 0)
    assert f"{name}: read as Windows-1252." in ansi.account()
    titles = "select distinct payload ->> '$.master_metadata_track_name' from raw.spotify_streaming_history order by 1"
    assert query(titles) == [("Zoë’s Größe 0",), ("Zoë’s Größe 1",), ("Zoë’s Größe 2",)]
    broken = bring_in(write_file(tmp_path / "b", name, text_of(rows).replace("ë".encode(), b"\xeb", 1)))
    assert (broken.total("landed"), broken.total("mended")) == (3, 1)


def test_where_somebody_listened_is_never_kept(
    tmp_path: Path, bring_in: Importer, everything_kept: Callable[[], bytes]
) -> None:
    """By the name of a key or by its value, in all rows of a file; harmless unknown keys stay."""
    place = {"city": "Berlin", "latitude": 52.52, "longitude": 13.41, "metro_code": "DMA 7"}
    rows = [{**old_row(n), **place, "quality": "lossless", "last_hop": "198.51.100.9"} for n in range(40)]
    assert bring_in(write_file(tmp_path / "in", "endsong_0.json", rows)).total("landed") == 40
    (tmp_path / "in" / "endsong_0.json").unlink()
    kept = everything_kept()
    for secret in (b"Berlin", b"52.52", b"13.41", b"DMA 7", b"198.51.100.9"):
        assert secret not in kept, secret
    assert b"lossless" in kept


def test_what_an_earlier_parser_read_short_is_read_again(
    *, tmp_path: Path, bring_in: Importer, query: Query, settings: Settings, warehouse: Warehouse, state: State
) -> None:
    """Version 1 stopped at the end of the first list: importing the original again adds what is missing, once."""
    path = write_file(tmp_path, "Streaming_History_Audio_2024_0.json", text_of([row(0)]) + text_of([row(1), row(2)]))
    short = write_file(tmp_path / "short", "Streaming_History_Audio_2024_0.json", text_of([row(0)]))
    bring_in(short)
    [spooled] = settings.spool_dir.rglob("*.ndjson.gz")
    first, *rows = gzip.decompress(spooled.read_bytes()).splitlines(keepends=True)
    head = json.loads(first)
    del head["request"]["parser"]
    head["request"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    key = key_of(settings.listener_id, head["request"]["sha256"])
    earlier = spooled.with_name(f"20200101T000000000000_run_{key}.ndjson.gz")
    earlier.write_bytes(gzip.compress(json.dumps(head).encode() + b"\n" + b"".join(rows)))
    spooled.unlink()
    settings.warehouse_path.unlink()
    Landing(settings, warehouse, state).land()
    assert query("select row_number from raw.spotify_streaming_history") == [(1,)]
    result = bring_in(path)
    assert (result.exit_code, result.total("rows"), result.total("landed"), result.total("known")) == (0, 3, 2, 1)
    assert bring_in(path).total("known") == 3
    numbers = "select row_number, count(*) from raw.spotify_streaming_history group by all order by 1"
    assert query(numbers) == [(1, 1), (2, 1), (3, 1)]
    settings.warehouse_path.unlink()
    Landing(settings, warehouse, state).land()
    assert query(numbers) == [(1, 1), (2, 1), (3, 1)]
