"""The published file stays readable by DuckDB 1.2 and later, whatever version wrote it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from extract_load.core.settings import Settings
from extract_load.publishing.publish import publish
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse

ROOT = Path(__file__).parents[3]
READERS = ("1.2.2", "1.3.2", "1.4.4")
READ_ALL = """
import sys, duckdb
print(duckdb.__version__)
with duckdb.connect(sys.argv[1], read_only=True) as reader:
    names = reader.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('marts', 'reporting', 'about', 'seeds') order by all"
    ).fetchall()
    for schema, name in names:
        rows = reader.execute(f'select count(*), bit_xor(hash(t)) is null from "{schema}"."{name}" t').fetchone()
        print(schema, name, rows[0])
"""


@pytest.fixture
def published(warehouse: Warehouse, settings: Settings, state: State) -> Path:
    """Return a published file with the types that the marts have: nested ones, decimals, enough rows to be packed."""
    with warehouse.open("a build") as connection:
        connection.execute("create schema marts; create schema reporting")
        connection.execute(
            """
            create table marts.fct_plays as
            select
                range as play_key, timestamp '2026-01-01' + to_seconds(range) as ended_at, ['a', 'b'] as genres,
                {'x': range, 'y': 'z'} as extra, range::decimal(18, 3) as amount, md5(range::text) as track_key,
                '{"a": 1}'::json as payload, case when range % 3 > 0 then range % 7 = 0 end as is_skip
            from range(200000)
            """
        )
        connection.execute(
            "create view reporting.by_genre as select genres[1] as genre, count(*) as plays, list(is_skip)[1:2] as some"
            " from music_tracker.marts.fct_plays group by all order by all"
        )
        connection.execute("comment on table marts.fct_plays is 'One play.'")
    return publish(settings, warehouse, state).path


def test_the_file_is_in_the_format_of_1_2(published: Path) -> None:
    """Said at the attach, so that a later DuckDB with another default writes it as well."""
    with duckdb.connect(":memory:") as reader:
        reader.execute(f"attach '{published}' as p (read_only)")
        (tags,) = reader.execute("select tags from duckdb_databases() where database_name = 'p'").fetchone() or ({},)
    assert tags["storage_version"].startswith("v1.2")


@pytest.mark.long
@pytest.mark.parametrize("version", READERS)
def test_older_versions_read_every_row(published: Path, tmp_path: Path, version: str) -> None:
    """Each in an environment of its own, made for the test. Asks the package index."""
    uv = shutil.which("uv") or str(ROOT / ".tools/uv/bin/uv")
    python = tmp_path / "old" / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "old")], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), f"duckdb=={version}"], check=True)
    answers = [
        subprocess.run([str(one), "-c", READ_ALL, str(published)], capture_output=True, text=True, check=True).stdout
        for one in (python, Path(sys.executable))
    ]
    assert answers[0].splitlines()[0] == version
    assert answers[0].splitlines()[1:] == answers[1].splitlines()[1:]
    assert "marts fct_plays 200000" in answers[0]
    assert "reporting by_genre 1" in answers[0]
