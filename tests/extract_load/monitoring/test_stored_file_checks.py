"""Damaged files, an old schema and a newer one are named, and looking changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring.doctor import examine
from extract_load.storage.schema_steps import SCHEMA_DIR
from extract_load.storage.warehouse import Warehouse
from extract_load.storage.writer_lock import WriterLock
from tests.support.broken_environments import only_trouble, troubles
from tests.support.clock import ManualClock


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_5_a_damaged_state(offline: Settings, content: bytes) -> None:
    """Foreign bytes, and a right beginning; the services are asked all the same."""
    offline.state_path.write_bytes(content)
    found = only_trouble(offline)
    assert "state.sqlite is damaged" in found.text
    assert "comes back from the warehouse" in found.hint and "sets the damaged file aside" in found.hint
    assert offline.state_path.read_bytes() == content


def publish(settings: Settings) -> Path:
    """Make a published file of some megabytes."""
    settings.published_path.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.published_path)) as out:
        out.execute(
            "create schema marts; create table marts.t as select range as i, md5(range::text) as m from range(9e4::int)"
        )
    return settings.published_path


@pytest.mark.parametrize("where", ["beginning", "middle", "all of it", "end"])
def test_6_a_damaged_published_file(offline: Settings, where: str) -> None:
    """Not only its header: readers would meet damage in the middle later."""
    path = publish(offline)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    spans = {"beginning": (0, 8192), "middle": (middle, middle + 9999), "all of it": (0, len(content))}
    if where == "end":
        del content[middle:]
    else:
        start, stop = spans[where]
        content[start:stop] = os.urandom(stop - start)
    path.write_bytes(content)
    found = only_trouble(offline)
    assert "The published file is damaged" in found.text
    assert "music-tracker etl" in found.hint


def test_6_a_whole_published_file_is_no_trouble(offline: Settings) -> None:
    """Read to its end."""
    publish(offline)
    assert troubles(offline) == []


@pytest.mark.parametrize("version", [1, 3, 5])
def test_13_an_old_schema(offline: Settings, version: int) -> None:
    """Looking does not update it."""
    with duckdb.connect(str(offline.warehouse_path)) as old:
        for step in sorted(SCHEMA_DIR.glob("[0-9]*.sql")):
            if int(step.name[:3]) <= max(version, 2):
                old.execute(step.read_text(encoding="utf-8"))
        old.execute(
            "insert into ops.schema_versions select range, 'made', now()::timestamp from range(1, ?)", [version + 1]
        )
    found = only_trouble(offline)
    assert (found.level, f"schema version {version}" in found.text) == ("warning", True)
    assert "music-tracker backup" in found.hint
    assert found == only_trouble(offline)


def test_14_a_newer_schema(offline: Settings) -> None:
    """Made by a later version of this program."""
    with Warehouse(offline).open("a later version") as connection:
        connection.execute("insert into ops.schema_versions values (999, '999_later', timestamp '2027-01-01')")
    found = only_trouble(offline)
    assert (found.level, "999" in found.text, "Update" in found.hint) == ("problem", True, True)


def test_a_busy_warehouse_is_a_note_that_says_who_uses_it(offline: Settings) -> None:
    """It is no problem: whoever has it will be done."""
    with WriterLock(offline.lock_path).held("a long import", 1):
        found = examine(offline, ManualClock(), ())
    (warehouse,) = [result for result in found.results if result.key == "warehouse"]
    assert warehouse.level == "note"
    assert "a long import" in warehouse.text


def test_a_damaged_warehouse_is_a_problem_with_a_way_out(offline: Settings) -> None:
    """One sentence instead of DuckDB's own error."""
    offline.warehouse_path.write_bytes(b"no database" * 1000)
    found = only_trouble(offline)
    assert (found.key, found.level) == ("warehouse", "problem")
