"""The reader of spool files: numbered rows for DuckDB, and a control total that DuckDB did not count."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from extract_load.context import Context
from extract_load.core.errors import BadInput
from extract_load.landing.manifest import SpoolFile
from extract_load.landing.spool_reader import (
    count_lines,
    file_errors_as_bad_input,
    read_envelopes,
    reject_tombstones,
)
from extract_load.storage.gzip_files import pack
from tests.support.landing import NOON, item, spool_poll


def file_at(path: Path) -> SpoolFile:
    return SpoolFile(path, f"src/{path.name}", "spotify", "recently_played")


def test_each_line_is_a_row_with_its_number(context: Context, tmp_path: Path) -> None:
    """Also in a folder whose name holds what DuckDB would take for a pattern or the end of a text."""
    odd = tmp_path / "it's [mine]*" / "x.ndjson.gz"
    odd.parent.mkdir()
    odd.write_bytes(spool_poll(context, [item(), None, 7]).read_bytes())
    with context.warehouse.open("test") as connection:
        read_envelopes(connection, [file_at(odd)])
        found = connection.execute(
            "select row_number, listener_id, run_id, fetched_at, json_type(payload), forgotten from incoming"
        ).fetchall()
    assert found == [
        (1, "me", "r1", NOON, "OBJECT", None),
        (2, "me", "r1", NOON, "NULL", None),
        (3, "me", "r1", NOON, "UBIGINT", None),
    ]
    assert count_lines(file_at(odd)) == 3


def test_empty_lines_count_for_nothing(tmp_path: Path) -> None:
    """And the last one needs no line feed."""
    path = tmp_path / "x.ndjson.gz"
    path.write_bytes(pack(b'{"a": 1}\n\n  \n{"a": 2}'))
    assert count_lines(file_at(path)) == 2


def test_damage_is_bad_input(tmp_path: Path) -> None:
    """The file is named."""
    path = tmp_path / "x.ndjson.gz"
    path.write_bytes(pack(b'{"a": 1}\n' * 100)[:-4])
    with pytest.raises(BadInput, match=r"x\.ndjson\.gz is damaged"):
        count_lines(file_at(path))


def test_an_error_of_the_disk_is_the_files_only_where_the_file_is_damaged(context: Context, tmp_path: Path) -> None:
    """DuckDB reports both by one type."""
    whole, cut = tmp_path / "whole.ndjson.gz", tmp_path / "cut.ndjson.gz"
    whole.write_bytes(pack(b'{"a": 1}\n\n{"a": 2}\n'))
    cut.write_bytes(whole.read_bytes()[:-4])
    write = f"copy (select 1) to '{tmp_path / 'nowhere' / 'x.csv'}'"
    with context.warehouse.open("test") as connection:
        with pytest.raises(duckdb.IOException), file_errors_as_bad_input(file_at(whole)):
            connection.execute(write)
        with pytest.raises(BadInput, match=r"^cut\.ndjson\.gz is damaged"), file_errors_as_bad_input(file_at(cut)):
            connection.execute(write)


def test_tombstones_are_rejected_without_content(context: Context, tmp_path: Path) -> None:
    """Their number is that of the line."""
    path = tmp_path / "x.ndjson.gz"
    path.write_bytes(pack(b'{"payload": {}, "request": {}}\n{"payload": null, "request": {"forgotten": "f1"}}\n'))
    with context.warehouse.open("test") as connection:
        read_envelopes(connection, [file_at(path)])
        assert reject_tombstones(connection, file_at(path), context.clock) == 1
        found = connection.execute("from ops.rejected_rows").fetchall()
    assert found == [("src/x.ndjson.gz", 2, "forgotten", "f1", None, context.clock.now())]
