"""What is published as Iceberg tables, as PyIceberg reads it: equal rows, replaced as a whole or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.lake.iceberg import drop_from_iceberg, iceberg_type, namespace_of, publish_to_iceberg
from tests.support.iceberg_reader import IcebergReader, published_rows
from tests.support.lake import MakeSettings
from tests.support.lake_servers import TABLE_BUCKET, Postgres, Weed

SECRET = "Nobody may read this"


@pytest.fixture
def weed(servers: tuple[Postgres, Weed]) -> Weed:
    """Return the object store, with its bucket of tables."""
    servers[1].wait_for_tables()
    return servers[1]


@pytest.fixture
def settings(lake: MakeSettings, weed: Weed) -> Iterator[Settings]:
    """Yield settings with an Iceberg catalogue, which is empty again afterwards."""
    made = lake(iceberg_url=weed.iceberg_url, iceberg_warehouse=TABLE_BUCKET)
    made.data_dir.mkdir(parents=True, exist_ok=True)
    yield made
    drop_from_iceberg(made)


def write_published(path: Path, *, plays: int, title: str = "A title", more: str = "") -> Path:
    """Write a small published file with every kind of column, and a view."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'; create schema marts; create schema reporting; create schema about")
        connection.execute(
            "create table marts.fct_plays as select number::smallint as play, number::hugeint as large,"
            " timestamp '2026-03-01 12:00:00.123' + interval (number) minute as ended_at, number % 2 = 0 as is_play,"
            " [number::varchar, 'x'] as names, (number / 3)::decimal(9, 2) as minutes, time '12:34:56' as at,"
            f" if(number % 3 = 0, null, 'ö''s') as title, date '2026-03-01' as day{more}"
            f" from range({plays}) as r(number)"
        )
        connection.execute("create table marts.dim_track as select 1 as track, ? as title", [title])
        connection.execute("create table about.files as select 'a' as source_file")
        connection.execute("create view reporting.plays as select count(*) as plays from marts.fct_plays")
    return path


def all_rows(reader: IcebergReader, listener: str) -> dict[str, object]:
    namespace = namespace_of(listener)
    return {table: reader.rows(namespace, table) for table in reader.tables(namespace)}


def test_another_engine_reads_equal_rows(settings: Settings, weed: Weed, tmp_path: Path) -> None:
    """Tables and views of marts and reporting; a second publish replaces, what is as it was is not written again."""
    reader = IcebergReader(weed)
    for listener, plays in (("anna", 100), ("B.ob", 3)):
        file = write_published(tmp_path / f"{listener}.duckdb", plays=plays)
        marks = publish_to_iceberg(settings, listener, file, {})
        assert all_rows(reader, listener) == published_rows(file)
    assert reader.namespaces() == ["listener__42__2e_ob", "listener_anna"]
    assert reader.tables("listener_anna") == ["dim_track", "fct_plays", "plays"]
    fewer = write_published(tmp_path / "B.ob.duckdb", plays=2)
    again = publish_to_iceberg(settings, "B.ob", fewer, marks)
    assert all_rows(reader, "B.ob") == published_rows(fewer)
    written = {table: reader.snapshots("listener__42__2e_ob", table) for table in again}
    assert written["dim_track"] == 1 and written["fct_plays"] > 1
    assert publish_to_iceberg(settings, "B.ob", fewer, {}) == again, "what the caller remembers may be lost"
    assert all_rows(reader, "B.ob") == published_rows(fewer)


@pytest.mark.long
def test_a_table_of_another_version_is_made_again(settings: Settings, weed: Weed, tmp_path: Path) -> None:
    """With the columns of this one; a table that is no more is dropped."""
    reader, file = IcebergReader(weed), tmp_path / "published.duckdb"
    marks = publish_to_iceberg(settings, "anna", write_published(file, plays=5), {})
    write_published(file, plays=5, more=", 'new' as mood")
    with duckdb.connect(str(file)) as connection:
        connection.execute("drop view reporting.plays")
    publish_to_iceberg(settings, "anna", file, marks)
    assert all_rows(reader, "anna") == published_rows(file)
    assert reader.tables("listener_anna") == ["dim_track", "fct_plays"]


@pytest.mark.parametrize("is_answer_lost", [pytest.param(False, marks=pytest.mark.long), True])
def test_an_outage_leaves_all_or_nothing(settings: Settings, weed: Weed, tmp_path: Path, is_answer_lost: bool) -> None:
    """The catalogue goes away at the commit, before it or before its answer; the same call again mends it."""
    reader, file = IcebergReader(weed), tmp_path / "published.duckdb"
    marks = publish_to_iceberg(settings, "anna", write_published(file, plays=5), {})
    before = all_rows(reader, "anna")
    write_published(file, plays=7, title="Another title")
    with unreliable(weed.iceberg_port, b"POST ", b"/transactions/commit", is_answer_lost=is_answer_lost) as port:
        behind = settings.model_copy(update={"iceberg_url": f"http://127.0.0.1:{port}"})
        with pytest.raises(ServiceUnavailable, match="Iceberg catalogue can't be used") as refused:
            publish_to_iceberg(behind, "anna", file, marks)
    assert str(port) not in str(refused.value)
    assert all_rows(reader, "anna") == (published_rows(file) if is_answer_lost else before)
    publish_to_iceberg(settings, "anna", file, marks)
    assert all_rows(reader, "anna") == published_rows(file)


@pytest.mark.long
def test_a_failure_in_the_middle_leaves_what_was(settings: Settings, weed: Weed, tmp_path: Path) -> None:
    """A table that can't be read stops all of them."""
    reader, file = IcebergReader(weed), tmp_path / "published.duckdb"
    marks = publish_to_iceberg(settings, "anna", write_published(file, plays=5), {})
    before = all_rows(reader, "anna")
    write_published(file, plays=7)
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "drop view reporting.plays; create view reporting.plays as select if(random() < 2, error('x'), 1) as plays"
        )
    with pytest.raises(duckdb.Error, match="x"):
        publish_to_iceberg(settings, "anna", file, marks)
    assert all_rows(reader, "anna") == before


def test_what_is_dropped_leaves_no_trace(settings: Settings, weed: Weed, tmp_path: Path) -> None:
    """No namespace, and no object with a value of it, of old snapshots either."""
    file = write_published(tmp_path / "published.duckdb", plays=5, title=SECRET)
    with unreliable(weed.iceberg_port, b"POST ", b"/transactions/commit", is_answer_lost=False) as port:
        behind = settings.model_copy(update={"iceberg_url": f"http://127.0.0.1:{port}"})
        with pytest.raises(ServiceUnavailable):
            publish_to_iceberg(behind, "anna", file, {})
    marks = publish_to_iceberg(settings, "anna", file, {})
    publish_to_iceberg(settings, "anna", write_published(file, plays=6, title="else"), marks)
    assert [name for name, content in (weed.table_objects() or {}).items() if SECRET.encode() in content]
    assert drop_from_iceberg(settings) == 3
    assert IcebergReader(weed).namespaces() == []
    objects = weed.table_objects()
    assert objects is not None and [name for name, content in objects.items() if SECRET.encode() in content] == []
    assert drop_from_iceberg(settings.model_copy(update={"iceberg_url": ""})) == 0


@pytest.mark.long
def test_a_catalogue_that_is_away_or_unknown_is_an_outage(settings: Settings, weed: Weed, tmp_path: Path) -> None:
    """Told without its address."""
    file = write_published(tmp_path / "published.duckdb", plays=1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = settings.model_copy(update={"iceberg_url": f"http://127.0.0.1:{nobody.getsockname()[1]}"})
        unknown = settings.model_copy(update={"iceberg_warehouse": "nowhere"})
        for wrong in (away, unknown):
            with pytest.raises(ServiceUnavailable, match="Iceberg catalogue"):
                publish_to_iceberg(wrong, "anna", file, {})


@pytest.mark.parametrize(
    ("data_type", "kept"),
    [
        *(("SMALLINT", "INTEGER"), ("UBIGINT", "DECIMAL(38,0)"), ("TIME", "VARCHAR"), ("JSON[]", "VARCHAR[]")),
        *(("ENUM('a', 'b')", "VARCHAR"), ("DECIMAL(18,3)", "DECIMAL(18,3)"), ("TIMESTAMP_S", "TIMESTAMP")),
    ],
)
def test_types_that_iceberg_lacks(data_type: str, kept: str) -> None:
    """A wider one, or text."""
    assert iceberg_type(data_type) == kept


def test_namespaces_are_apart() -> None:
    """Catalogues know neither capital letters nor dots, and two listeners never share one."""
    ids = ["anna", "Anna", "an.na", "an-na", "an_na", "_61_nna"]
    names = {namespace_of(one) for one in ids}
    assert len(names) == len(ids) and all(name == name.lower() and "." not in name for name in names)


@contextmanager
def unreliable(port: int, *fatal: bytes, is_answer_lost: bool) -> Iterator[int]:
    """Yield a port that leads to another one until a request has all the words of `fatal`: it and its answer end there.

    With `is_answer_lost` the request arrives, and its answer does not.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket, *, is_request: bool, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if is_request and all(word in data for word in fatal):
                    lost.set()
                    if not is_answer_lost:
                        break
                elif not is_request and lost.is_set():
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server, lost = socket.create_connection(("127.0.0.1", port)), threading.Event()
                for pair, is_request in (((client, server), True), ((server, client), False)):
                    words = {"is_request": is_request, "lost": lost}
                    threading.Thread(target=carry, args=pair, kwargs=words, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with closing(listener):
        yield int(listener.getsockname()[1])
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
