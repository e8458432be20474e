"""Buckets built from a lake hold what one build of everybody holds, row for row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.settings import Settings
from extract_load.maintenance.table_checksums import differences, fingerprint
from extract_load.storage.duckdb_connection import attach, connect
from extract_load.storage.lake.buckets import bucket_name, bucket_of, file_settings, listeners_of, used_buckets
from extract_load.storage.lake.iceberg import drop_from_iceberg, namespace_of
from extract_load.storage.lake.objects import ObjectStore
from extract_load.storage.opening import open_state, open_warehouse
from extract_load.storage.ports import State
from extract_load.storage.warehouse import Warehouse
from orchestrate.dbt_build.buckets import build_bucket, build_catalogue, dirty_buckets
from orchestrate.dbt_build.runner import build_models_quietly, dbt_session
from tests.dbt.raw_rows import write_stories
from tests.dbt.strategies import random_stories
from tests.support.iceberg_reader import IcebergReader, published_rows
from tests.support.lake import lake, servers
from tests.support.lake_servers import TABLE_BUCKET, Postgres, Weed

__all__ = ["lake", "servers"]

SCHEMAS = ("marts", "reporting")
CALENDAR = "marts.dim_date"
"""Its days are those between the first and the last play of whoever is in the build."""


@pytest.fixture
def shared(lake: Callable[..., Settings]) -> Iterator[tuple[Settings, State]]:
    """Yield the settings and the state of an empty lake of one listener."""
    settings = lake()
    with closing(open_state(settings)) as state:
        yield settings, state


def test_a_bucket_waits_for_the_first_catalogue(shared: tuple[Settings, State]) -> None:
    """It would give its tracks no names; a bucket of nobody is no work."""
    settings, state = shared
    assert dirty_buckets(settings, state) == [0]
    with pytest.raises(ServiceUnavailable, match="no catalogue yet"):
        build_bucket(settings, 0, state)
    two = settings.model_copy(update={"warehouse_buckets": 2})
    assert build_bucket(two, 1 - bucket_of("me", 2), state).skipped_reason == "Nobody is in it."


def tell(connection: duckdb.DuckDBPyConnection, listeners: int) -> list[str]:
    """Write the stories of some listeners, and return their ids."""
    told = [story for seed in (5, 6) for story in random_stories(seed=seed)]
    names = [f"listener{number}" for number in range(listeners)]
    for story, name in zip(told, names, strict=False):
        story.listener_id = name
    write_stories(connection, told[:listeners])
    connection.execute("drop table truth")
    return names


def union_of(settings: Settings, embedded: Settings) -> list[str]:
    """Return in which tables the buckets together are other than one build of everybody."""
    files = [
        file_settings(settings, bucket_name(settings, one), listeners_of(settings, one))
        for one in used_buckets(settings)
    ]
    with connect(None, memory_limit="1GB", threads=2) as connection:
        attach(connection, embedded.warehouse_path, "embedded", "read_only")
        connection.execute("attach ':memory:' as together")
        for number, file in enumerate(files):
            attach(connection, file.warehouse_path, f"bucket{number}", "read_only")
        expected = fingerprint(connection, "embedded", SCHEMAS)
        for table in expected:
            schema = table.partition(".")[0]
            columns = [column for column, *_ in connection.execute(f"describe embedded.{table}").fetchall()]
            parts = " union all by name ".join(f"(from bucket{number}.{table})" for number in range(len(files)))
            connection.execute(f"create schema if not exists together.{schema}")
            distinct = "" if "listener_id" in columns else "distinct"
            connection.execute(f"create table together.{table} as select {distinct} * from ({parts})")
        found = fingerprint(connection, "together", SCHEMAS)
        assert expected.keys() == found.keys() and expected["marts.fct_plays"].rows > 0
        missing = connection.execute(
            f"select count(*) from (from embedded.{CALENDAR} except from together.{CALENDAR}) as days"
            " semi join embedded.marts.fct_plays as plays using (date_key)"
        ).fetchall()
        assert missing == [(0,)]
        return [said for said in differences(expected, found) if not said.startswith(CALENDAR)]


@pytest.mark.long
@pytest.mark.parametrize(("listeners", "buckets"), [(1, 1), (3, 1), (3, 2), (20, 4)])
def test_the_lake_builds_what_a_file_builds(
    lake: Callable[..., Settings], servers: tuple[Postgres, Weed], tmp_path: Path, listeners: int, buckets: int
) -> None:
    """The same arrivals, marts and reports with equal fingerprints; then one page of one listener costs one bucket.

    What was published as Iceberg tables is what PyIceberg reads.
    """
    servers[1].wait_for_tables()
    catalogue = {"iceberg_url": servers[1].iceberg_url, "iceberg_warehouse": TABLE_BUCKET}
    settings = lake(warehouse_buckets=buckets, listener_id="listener0", **catalogue)
    embedded = settings.model_copy(
        update={"warehouse": None, "duckdb_path": tmp_path / "embedded" / "w.duckdb", "data_base_path": tmp_path / "e"}
    )
    with Warehouse(embedded).open("stories") as connection:
        names = tell(connection, listeners)
    for one in (settings, embedded):
        write_registry(one.listeners_path, Registry(tuple(map(Listener, names)), names[0]))
    with Warehouse(embedded).hold("dbt build"), dbt_session(embedded):
        assert [node for node in build_models_quietly(embedded) if node.outcome == "failed"] == []
    with closing(open_state(settings)) as state:
        with open_warehouse(settings).open("stories") as connection:
            tell(connection, listeners)
        build_catalogue(settings, state)
        for bucket in dirty_buckets(settings, state):
            assert build_bucket(settings, bucket, state).published == tuple(listeners_of(settings, bucket))
        assert union_of(settings, embedded) == []
        assert dirty_buckets(settings, state) == []
        assert build_catalogue(settings, state).skipped_reason == build_bucket(settings, 0, state).skipped_reason
        one_more_page(settings, names[0])
        own = bucket_of(names[0], buckets)
        assert dirty_buckets(settings, state) == [own]
        assert build_bucket(settings, own, state).skipped_reason == "Nothing changed.", "the catalogue comes first"
        build_catalogue(settings, state)
        assert names[0] in build_bucket(settings, own, state).published and dirty_buckets(settings, state) == []
        published_hold_their_listener_alone(settings, names, tmp_path)
        another_engine_reads_equal_rows(settings, servers[1], names[:3], tmp_path)


def one_more_page(settings: Settings, listener: str) -> None:
    """Land one more play of a listener."""
    rows = "insert into {table} select * replace ({columns}) from {table} where listener_id = ?{more} limit 1"
    with open_warehouse(settings).open("one more page") as connection:
        moved = "'more' as source_file, played_at + interval 40 day as played_at"
        connection.execute(rows.format(table="raw.spotify_recently_played", columns=moved, more=""), [listener])
        counted = "'more' as source_file, 1 as rows_counted, 1 as rows_landed"
        is_poll = " and entity = 'recently_played'"
        connection.execute(rows.format(table="ops.landed_files", columns=counted, more=is_poll), [listener])


def published_hold_their_listener_alone(settings: Settings, names: list[str], folder: Path) -> None:
    """Check the file of each listener in the store."""
    store = ObjectStore(settings)
    for name in names:
        assert store.fetch(f"published/{name}/music_tracker.duckdb", folder / "published.duckdb")
        with duckdb.connect(str(folder / "published.duckdb"), read_only=True) as reader:
            assert reader.execute("select distinct listener_id from marts.fct_plays").fetchall() == [(name,)]


def another_engine_reads_equal_rows(settings: Settings, weed: Weed, names: list[str], folder: Path) -> None:
    """Compare the Iceberg tables of each listener, as PyIceberg reads them, with the published file."""
    reader = IcebergReader(weed)
    for name in names:
        assert ObjectStore(settings).fetch(f"published/{name}/music_tracker.duckdb", folder / "published.duckdb")
        expected = published_rows(folder / "published.duckdb")
        assert expected["fct_plays"]
        assert {table: reader.rows(namespace_of(name), table) for table in expected} == expected
    drop_from_iceberg(settings)
