"""Upgrades: a warehouse of any earlier version opens, keeps every row, and goes on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.storage.warehouse import SCHEMA_DIR
from tests.support.data_directories import DataDirectory, small_transform

FIXTURES = sorted(Path(__file__).with_name("schemas").glob("version_*.sql"))
RAW = ("raw.spotify_recently_played", "raw.spotify_streaming_history", "raw.api_responses")


def test_there_is_a_fixture_of_an_earlier_version() -> None:
    """The first version that anybody could have used is among them."""
    assert FIXTURES[0].stem == "version_3"


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_an_earlier_warehouse_opens_and_goes_on(fixture: Path, data_directory: DataDirectory) -> None:
    """Its rows are as they were, the missing tables come, landing and building work."""
    with duckdb.connect(str(data_directory.settings.warehouse_path)) as old:
        old.execute(fixture.read_text(encoding="utf-8"))
        before = {table: old.execute(f"select * from {table}").fetchall() for table in RAW}
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
