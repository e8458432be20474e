"""Check that the data directory of the last version opens in this one with nothing lost, and its backup verifies.

The fixture below last_version/ was made by commit e63f781; tests/support/make_last_version.py says how.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import family_path, find_listener, published_path_of, registry_of
from extract_load.core.settings import Settings
from extract_load.erasure.rules import load_rules
from extract_load.maintenance.listener_changes import add_listener, change_listener
from extract_load.maintenance.rebuild import rebuild
from extract_load.maintenance.remove_listener import plan_removal, remove_listener
from extract_load.maintenance.verify import verify
from extract_load.monitoring.health import health
from extract_load.publishing.publish import publish
from extract_load.spotify.token_store import TokenStore
from extract_load.storage.spool import Envelope, spooled_files, write_envelopes
from extract_load.storage.state import PollRecord
from extract_load.storage.warehouse import Warehouse
from orchestrate.dbt_build.runner import build_marts, build_models_quietly, dbt_session
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
def template(
    gazetteer_dir: Path, parsed_project: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder with the old backup and, beside it, the old data directory; copied for each test."""
    root = tmp_path_factory.mktemp("last version")
    backup, folder = unpacked_backup(root / "backup"), root / "data"
    for name in ("src", "cache", "seeds"):
        shutil.copytree(backup / name, folder / name)
    for index in gazetteer_dir.glob("gazetteer-*"):
        shutil.copy(index, folder / "cache")  # else each rebuild makes the index again
    parsed_project(folder)
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


def marts_of_then(settings: Settings) -> Sequence[str]:
    """Build the small marts with the columns that they had when the backup was made."""
    failed = small_transform(settings)
    with Warehouse(settings).open("a test") as connection:
        for column in ("is_play_spotify30", "is_excluded"):
            connection.execute(f"alter table marts.fct_plays drop column {column}")
    return failed


def test_its_backup_verifies(old: DataDirectory, tmp_path: Path) -> None:
    """Every byte is as the old manifest says, and the marts of then come out of it."""
    report = verify(old.settings, tmp_path / "backup", marts_of_then, seeds=old.seeds, clock=old.clock)
    assert (report.differences, report.notes) == ([], [])
    assert report.plays > 0


def build(old: DataDirectory) -> None:
    """Build with dbt, and publish."""
    with old.warehouse.hold("a test"), dbt_session(old.settings):
        nodes = build_models_quietly(old.settings)
    assert [node.name for node in nodes if node.outcome == "failed"] == []
    publish(old.settings, old.warehouse, old.state, clock=old.clock)


def marts_of(path: Path) -> dict[str, list[str]]:
    """Return the rows of each published table as sorted texts, without running numbers and the time of the build."""
    with duckdb.connect(str(path), read_only=True) as reader:
        tables = reader.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name <> 'about' order by all"
        ).fetchall()
        query = "select columns(c -> not regexp_matches(c, '^(artist|album|recording)_number$')) from {}"
        return {name: sorted(map(str, reader.execute(query.format(name)).fetchall())) for (name,) in tables}


def planted_in(folder: Path) -> list[str]:
    """Return the files of a folder in which something of the second listener is: in bytes, unpacked, or in rows."""
    found = []
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    for path in files:
        if path.name.startswith("gazetteer-"):
            continue  # every place of the world, whoever listens
        content = path.read_bytes()
        content += gzip.decompress(content) if path.suffix == ".gz" else b""
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as reader:
                tables = reader.execute("select schema_name, table_name from duckdb_tables()").fetchall()
                content += b"".join(str(reader.execute(f'from "{s}"."{t}"').fetchall()).encode() for s, t in tables)
        if any(value in str(path).encode() + content for value in (b"zelda", b"Planted", b"7" * 22)):
            found.append(str(path.relative_to(folder)))
    return found


def add_zelda(old: DataDirectory) -> datetime:
    """Add a listener who plays one of his tracks in his very second, and one that is hers alone; return the second."""
    add_listener(old.settings, Listener("zelda"))
    at, payload = old.rows(
        "select plays.ended_at, polled.payload from marts.fct_plays as plays"
        " inner join marts.fct_source_rows as rows using (play_key)"
        " inner join raw.spotify_recently_played as polled"
        " on rows.source_file = polled.source_file and rows.row_number = polled.row_number"
        " and plays.ended_at = polled.played_at order by all limit 1"
    )[0]
    same = json.loads(payload)
    hers = json.loads(payload) | {"played_at": f"{at + timedelta(minutes=20):%Y-%m-%dT%H:%M:%S.%f}"[:23] + "Z"}
    artist = {"id": "7" * 22, "name": "Planted Band"}
    hers["track"] = {"id": "7" * 22, "uri": f"spotify:track:{'7' * 22}", "name": "Planted Song", "artists": [artist]}
    now = old.clock.now()
    polled = [Envelope("spotify", "recently_played", "run-z", now, one, {}, "zelda") for one in (same, hers)]
    write_envelopes(old.settings.spool_dir, polled)
    answer = Envelope("spotify", "artist", "run-z", now, artist, {"id": artist["id"], "status": "found"})
    write_envelopes(old.settings.answers_dir, [answer])
    old.state.record_poll(PollRecord("poll-z", "zelda", "run-z", now, "first", 2, 2, 0))
    old.landing.land()
    return at


def test_a_second_listener_comes_and_goes(old: DataDirectory) -> None:
    """One listener without any step; a household in which she shares nothing; and nothing of her when she is gone."""
    settings = old.settings
    assert [one.listener_id for one in registry_of(settings)] == ["me"]
    build(old)
    assert not settings.listeners_path.exists()
    alone = marts_of(settings.data_dir / "published" / "music_tracker.duckdb")
    second = add_zelda(old)
    change_listener(settings, "me", shares=True)
    build(old)
    same = "select listener_id from marts.fct_plays where ended_at = ? order by all"
    assert old.rows(same, second) == [("me",), ("zelda",)]
    his, hers = (published_path_of(settings, name) for name in ("me", "zelda"))
    assert planted_in(his.parent) == []
    assert planted_in(hers.parent) != []
    shared = {name for name in alone if name.removeprefix("marts.").startswith(("dim_", "bridge_"))}
    assert {name: rows for name, rows in marts_of(his).items() if name not in shared} == {
        name: rows for name, rows in alone.items() if name not in shared
    }
    assert not family_path(settings).exists()
    plan = plan_removal(settings, find_listener(settings, "zelda"), clock=old.clock)
    report = remove_listener(settings, old.state, build_marts, plan, seeds=old.seeds, clock=old.clock)
    assert report.failed_tests == []
    assert planted_in(settings.data_dir) == []
    assert marts_of(settings.published_path) == alone
