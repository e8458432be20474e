"""Files of an export: rows and rejects as its first line says, once, whatever it is called."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from extract_load.context import Context
from extract_load.storage.gzip_files import new_file, pack
from extract_load.storage.spool import spool_path
from tests.support.landing import NOON, accounts, rows

ROWS: tuple[dict[str, Any], ...] = ({"ts": "2024-03-01T12:00:00Z"}, {"ts": "2024-03-01T12:04:00Z"})
REJECTED = {"_": "rejected", "reason": "ts is missing", "detail": "no ts", "payload": '{"x": 1}'}
ERASED = {"_": "rejected", "reason": "forgotten", "detail": "f1", "payload": None}


def spool_export(context: Context, *lines: dict[str, Any], counted: int, minute: int = 0, **request: Any) -> Path:
    """Spool one file of an export, as the import writes it."""
    at = NOON + timedelta(minutes=minute)
    asked = {"sha256": "ab12", "export_id": "e1", "format": "extended", "rows_counted": counted, "file": "endsong.json"}
    head = {"listener_id": "me", "fetched_at": at.isoformat(), "request": asked | request, "payload": None}
    path = spool_path(context.settings.spool_dir, "spotify", "streaming_history", at, "r1")
    with new_file(path) as out:
        out.write(pack(b"\n".join(orjson.dumps(line) for line in (head, *lines)) + b"\n"))
    return path


def test_rows_and_rejects_land_under_their_numbers(context: Context) -> None:
    """The first line is no row; an erased one is a reject without content."""
    spool_export(context, ROWS[0], REJECTED, ERASED, ROWS[1], counted=4)
    context.landing.land()
    sql = "select row_number, payload ->> '$.ts', listener_id, export_id, format from raw.spotify_streaming_history"
    assert rows(context, f"{sql} order by all") == [
        (1, ROWS[0]["ts"], "me", "e1", "extended"),
        (4, ROWS[1]["ts"], "me", "e1", "extended"),
    ]
    assert rows(context, "select row_number, reason, detail, payload from ops.rejected_rows order by all") == [
        (2, "ts is missing", "no ts", '{"x": 1}'),
        (3, "forgotten", "f1", None),
    ]
    assert accounts(context) == [(4, 2, 0, 2)]
    sql = "select listener_id, export_id, original_name, original_sha256, fetched_at from ops.landed_files"
    assert rows(context, sql) == [("me", "e1", "endsong.json", "ab12", NOON)]


def test_the_same_original_adds_no_row(context: Context) -> None:
    """All of its rows are known; the same content of another listener is another original."""
    spool_export(context, *ROWS, counted=2)
    spool_export(context, *ROWS, counted=2, minute=1, file="renamed.json")
    context.landing.land()
    assert rows(context, "select count(*) from raw.spotify_streaming_history") == [(2,)]
    assert accounts(context) == [(2, 2, 0, 0), (2, 0, 2, 0)]


def test_a_file_that_lacks_rows_lands_not_at_all(context: Context) -> None:
    """The control total comes from the reader of the original; the other files land."""
    short = spool_export(context, ROWS[0], counted=2)
    spool_export(context, *ROWS, counted=2, minute=1, sha256="cd34")
    report = context.landing.land()
    assert [name.rsplit("/", 1)[1] for name in report.unreadable] == [short.name]
    assert rows(context, "select distinct file_sha256 from raw.spotify_streaming_history") == [("cd34",)]
    assert accounts(context) == [(2, 2, 0, 0)]


@pytest.mark.parametrize("content", [b"", b"no json\n", b"[]\n", b'{"request": {}}\n', b'{"request": 7}\n'])
def test_a_file_without_a_first_line_of_ours_is_named(context: Context, content: bytes) -> None:
    """Whatever stands there instead."""
    path = spool_export(context, *ROWS, counted=2)
    path.write_bytes(pack(content))
    assert [name.rsplit("/", 1)[1] for name in context.landing.land().unreadable] == [path.name]
    assert rows(context, "from raw.spotify_streaming_history") == []


@pytest.mark.parametrize("key", ["sha256", "export_id", "format", "file", "rows_counted"])
@pytest.mark.parametrize("value", [None, {"a": {}}, ["x"], True, 1.5])
def test_a_first_line_with_values_of_other_types_is_named(context: Context, key: str, value: object) -> None:
    """DuckDB would write a struct as text; the other files land."""
    odd = spool_export(context, *ROWS, counted=2, **({"sha256": "cd34"} | {key: value}))
    spool_export(context, *ROWS, counted=2, minute=1)
    assert [name.rsplit("/", 1)[1] for name in context.landing.land().unreadable] == [odd.name]
    assert accounts(context) == [(2, 2, 0, 0)]


def test_a_damaged_file_is_named(context: Context) -> None:
    """Its first line is readable, the rest is cut."""
    path = spool_export(context, *ROWS, *[{"ts": str(number)} for number in range(20_000)], counted=20_002)
    path.write_bytes(path.read_bytes()[:-200])
    assert [name.rsplit("/", 1)[1] for name in context.landing.land().unreadable] == [path.name]
    assert rows(context, "from raw.spotify_streaming_history") == []
