"""Upgrades: a warehouse of any earlier version opens, keeps every row, and goes on."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.storage.schema_steps import SCHEMA_DIR
from tests.support.data_directories import DataDirectory, small_transform

SAMPLE = Path(__file__).with_name("sample_rows.sql")
RAW = ("raw.spotify_recently_played", "raw.spotify_streaming_history", "raw.api_responses")
RELEASED = {
    "001_raw.sql": "cad2c96b19b1fc57861aa0093b98232252671a2761f242fa53b1897d957f2b85",
    "002_ops.sql": "98c68850fe061e38213f2d4dbfbb4a82cca97464c4fd3184fe6f6e3930d00169",
    "003_lookup.sql": "212acde77cc39e5806b4e8c2f31359b8d094fb48dc4f9bd7c7312c1ff53d5965",
    "004_listening.sql": "6a8476e4143d1c360c87b0673521e2392c09b50cf55a32566f8ab2de66097deb",
    "005_runs.sql": "6af39c50ae2f0ae226300777e9ee51be96d994c40ed91f346574a1a5335126ab",
    "006_forgotten.sql": "7297294659d56b82a496c785e874fb0d986bbde96f3de4e305d2dcd808fef65f",
    "007_track_listening.sql": "ce22e620eca6660c70f261fbe16fc38ef1aac349c076ceaaec03c0ff303db59e",
}
"""The SHA-256 of each schema file that was released. Warehouses out there were made by them, so they never change."""
OLDEST = 3
"""The first version that anybody could have used."""


def test_a_released_schema_file_never_changes() -> None:
    """A change of the schema is a new numbered file, and its hash joins the list when it is released."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(SCHEMA_DIR.glob("*.sql"))}
    assert {name: found.get(name) for name in RELEASED} == RELEASED


def warehouse_of_version(path: Path, version: int) -> dict[str, list[tuple[Any, ...]]]:
    """Make a warehouse as a version made it, with a small sample, and return the rows of raw."""
    files = sorted(RELEASED)[:version]
    with duckdb.connect(str(path)) as old:
        for name in files:
            old.execute((SCHEMA_DIR / name).read_text(encoding="utf-8"))
        old.execute(SAMPLE.read_text(encoding="utf-8"))
        old.executemany(
            "insert into ops.schema_versions values (?, ?, timestamp '2026-10-01 07:00:00')",
            [(number, Path(name).stem) for number, name in enumerate(files, start=1)],
        )
        return {table: old.execute(f"select * from {table}").fetchall() for table in RAW}


@pytest.mark.parametrize("version", range(OLDEST, len(RELEASED) + 1))
def test_an_earlier_warehouse_opens_and_goes_on(version: int, data_directory: DataDirectory) -> None:
    """Its rows are as they were, the missing tables come, landing and building work."""
    before = warehouse_of_version(data_directory.settings.warehouse_path, version)
    versions = [int(path.name.split("_")[0]) for path in sorted(SCHEMA_DIR.glob("[0-9]*.sql"))]
    assert data_directory.rows("select version from ops.schema_versions order by version") == [
        (one,) for one in versions
    ]
    assert {table: data_directory.rows(f"select * from {table}") for table in RAW} == before
    data_directory.poll(10, 5)
    data_directory.answer("artist", 2, data_directory.clock.now())
    assert data_directory.landing.land().files == 2
    with data_directory.warehouse.open("test") as connection:
        refresh_aliases(connection)
    small_transform(data_directory.settings)
    assert data_directory.rows("select count(*) from marts.fct_plays") == [(7,)]


def test_no_version_takes_anything_from_raw() -> None:
    """Raw is never dropped, emptied or changed by an upgrade."""
    forbidden = re.compile(
        r"\b(drop|truncate|delete\s+from\s+raw|update\s+raw|alter\s+table\s+raw\.\w+\s+drop)\b", re.I
    )
    for path in SCHEMA_DIR.glob("*.sql"):
        said = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("--"))
        assert not forbidden.search(said), path.name


def test_the_shipped_command_line_reads_the_published_file(filled: DataDirectory, tmp_path: Path) -> None:
    """The storage version of the published file is one that the `duckdb` that comes along reads."""
    command = [
        str(Path(sys.executable).with_name("duckdb")),
        "-readonly",
        "-csv",
        str(filled.settings.published_path),
    ]
    done = subprocess.run(
        [*command, "select count(*) as plays from marts.fct_plays"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["plays", "70"]
