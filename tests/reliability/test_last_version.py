"""Check that the data directory of the last version opens in this one with nothing lost, and its backup verifies.

The fixture below last_version/ was made by commit e63f781; tests/support/make_last_version.py says how.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.erasure.rules import load_rules
from extract_load.maintenance.rebuild import rebuild
from extract_load.maintenance.verify import verify
from extract_load.monitoring.health import health
from extract_load.publishing.publish import publish
from extract_load.spotify.token_store import TokenStore
from extract_load.storage.spool import spooled_files
from tests.support.data_directories import DataDirectory, open_data_directory, published_plays, small_transform

MADE = Path(__file__).with_name("last_version")
Rows = dict[str, list[tuple[Any, ...]]]


def unpacked_backup(folder: Path) -> Path:
    """Return the old backup as it lay on disk."""
    shutil.copytree(MADE / "backup", folder)
    packed = folder / "state.sqlite.gz"
    (folder / "state.sqlite").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    return folder


def rows_of(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Return every row of every table of landing, by table."""
    tables = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where database_name = current_database() and schema_name in ('raw', 'ops', 'lookup') order by all"
    ).fetchall()
    return {name: connection.execute(f"select * from {name} order by all").fetchall() for (name,) in tables}


@pytest.fixture(scope="module")
def template(gazetteer_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the old backup and, beside it, the old data directory; copied for each test."""
    root = tmp_path_factory.mktemp("last version")
    backup, folder = unpacked_backup(root / "backup"), root / "data"
    for name in ("src", "cache", "seeds"):
        shutil.copytree(backup / name, folder / name)
    shutil.copytree(gazetteer_dir, folder / "cache", dirs_exist_ok=True)  # else each rebuild makes the index again
    with closing(sqlite3.connect(folder / "state.sqlite")) as state:
        state.executescript((MADE / "state.sql").read_text(encoding="utf-8"))
    with duckdb.connect(str(folder / "music_tracker.duckdb")) as warehouse:
        rows = gzip.decompress((MADE / "warehouse.sql.gz").read_bytes()).decode()
        warehouse.execute(f"begin; {rows} commit")
    shutil.copy(MADE / "spotify_token.json", folder)
    return root


@pytest.fixture(scope="module")
def before(template: Path) -> Rows:
    """Return the rows of the old warehouse."""
    with duckdb.connect(str(template / "data" / "music_tracker.duckdb"), read_only=True) as connection:
        return rows_of(connection)


@pytest.fixture
def old(template: Path, tmp_path: Path) -> Iterator[DataDirectory]:
    """Yield the old data directory, opened by this version; its backup lies beside it."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with open_data_directory(tmp_path / "data") as opened:
        yield opened


def test_nothing_is_lost(old: DataDirectory, before: Rows) -> None:
    """Each old row of each table is there, each file is landed, rules and token are known, status answers."""
    with old.warehouse.open("test") as connection:
        now = rows_of(connection)
    assert before.keys() <= now.keys()
    assert {name: now[name] for name in before} == before
    facts = json.loads((MADE / "facts.json").read_text())
    assert facts["polled"] and facts["exported"] and facts["artists"] and facts["matches"] and facts["rejected"] >= 0
    assert len(now["raw.spotify_recently_played"]) == facts["polled"]
    assert len(now["raw.spotify_streaming_history"]) == facts["exported"]
    assert len(now["ops.forgotten"]) == 1
    assert load_rules(old.settings.spool_dir)
    assert old.state.rows("select outcome from polls order by polled_at limit 1") == [{"outcome": "first"}]
    assert old.state.rows("select status from runs where run_id = 'run-1'") == [{"status": "success"}]
    token = TokenStore(old.settings).read()
    assert token is not None
    assert token.refresh_token == json.loads((MADE / "spotify_token.json").read_text())["refresh_token"]
    assert old.landing.land().files == 0
    assert health(old.settings) is not None


def test_it_goes_on_and_a_rebuild_comes_to_the_same(old: DataDirectory, before: Rows) -> None:
    """New plays land beside the old ones; from spool, cache and state alone come the same marts."""
    assert len(spooled_files(old.settings.spool_dir)) >= 3
    old.poll(10, 5)
    assert old.landing.land().rows("spotify", "recently_played") == 5
    small_transform(old.settings)
    publish(old.settings, old.warehouse, old.state, clock=old.clock)
    plays = published_plays(old.settings)
    assert len(plays) == 5 + len(before["raw.spotify_recently_played"]) + len(before["raw.spotify_streaming_history"])
    old.settings.warehouse_path.unlink()
    report = rebuild(old.settings, old.state, small_transform, seeds=old.seeds, clock=old.clock)
    assert report.differences == []
    assert published_plays(old.settings) == plays


def test_its_backup_verifies(old: DataDirectory, tmp_path: Path) -> None:
    """Every byte is as the old manifest says, and the marts of then come out of it."""
    report = verify(old.settings, tmp_path / "backup", small_transform, seeds=old.seeds, clock=old.clock)
    assert (report.differences, report.notes) == ([], [])
    assert report.plays > 0
