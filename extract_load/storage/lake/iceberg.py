"""Published files as Iceberg tables, so that Spark, Trino, PyIceberg and their like read them; off without ICEBERG_URL.

In: the published file of one listener. Out: a namespace of the REST catalogue with a table for each table and each view
of its `marts` and `reporting`. All of them change in one transaction: readers see the old rows or the new ones, and an
outage leaves the old ones. A table whose rows are as they were is not written again. Old snapshots are the catalogue's
to expire. Source: docs/scaling.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.duckdb_connection import PUBLISHED, attach, open_duckdb, quoted
from extract_load.storage.lake.connection import load_extensions, make_secret
from extract_load.storage.lake.outages import is_passing
from extract_load.storage.transaction import transaction

ICEBERG = "iceberg_catalogue"
SCHEMAS = ("marts", "reporting")
OF_THE_MOMENT = frozenset({"last_24_hours"})
"""Views that ask for the time: as a table they would be of the past."""
_PREFIX = "listener_"
_PLAIN = re.compile(r"[^a-z0-9]")
_INTEGERS = dict.fromkeys(("TINYINT", "SMALLINT", "UTINYINT", "USMALLINT"), "INTEGER")
_LARGE = {"UINTEGER": "BIGINT", **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT"), "DECIMAL(38,0)")}
_TIMES = {"TIME": "VARCHAR", "TIME WITH TIME ZONE": "VARCHAR", "INTERVAL": "VARCHAR"}
_MOMENTS = dict.fromkeys(("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "TIMESTAMP")
_OTHERS = {**_INTEGERS, **_LARGE, **_TIMES, **_MOMENTS, "JSON": "VARCHAR", "BIT": "VARCHAR"}
"""What DuckDB has and Iceberg has not. Times are text, since Spark has no type for the time of a day."""

# Else DuckDB 1.5 deletes what it wrote when the answer to a commit is lost, which may have been taken all the same.
_KEEP_FILES = "remove_files_on_delete false"
_OF_THE_CATALOGUE = ("Could not get token", "Failed to commit", "returned a non-200 status code", "Could not connect")

Marks = dict[str, str]
"""What the rows of each table were when they were last written, by its name."""


def namespace_of(listener_id: str) -> str:
    """Return the namespace of a listener: small letters, digits and underscores, which all catalogues allow."""
    return _PREFIX + _PLAIN.sub(lambda sign: f"_{ord(sign[0]):x}_", listener_id)


def iceberg_type(data_type: str) -> str:
    """Return the type of DuckDB's in which Iceberg keeps a column."""
    if data_type.endswith("[]"):
        return f"{iceberg_type(data_type.removesuffix('[]'))}[]"
    return "VARCHAR" if data_type.startswith("ENUM") else _OTHERS.get(data_type, data_type)


def publish_to_iceberg(settings: Settings, listener_id: str, published: Path, last: Mapping[str, str]) -> Marks:
    """Put the tables of a published file in the place of those in the listener's namespace; return their marks.

    `last` is what the call before returned. Errors: ServiceUnavailable; the tables then have the rows that they had.
    """
    namespace = namespace_of(listener_id)
    with _catalogue(settings) as connection:
        attach(connection, published, PUBLISHED, "read_only")
        queries = _queries(connection)
        marks = {table: _mark(connection, query) for table, query in queries.items()}
        connection.execute(f"create schema if not exists {ICEBERG}.{_name(namespace)}")
        new = _make_tables(connection, namespace, queries)
        with transaction(connection):
            for table, query in queries.items():
                if table in new or last.get(table) != marks[table]:
                    connection.execute(f"delete from {_place(namespace, table)}")
                    connection.execute(f"insert into {_place(namespace, table)} {query}")
    return marks


def drop_from_iceberg(settings: Settings) -> int:
    """Drop the tables of every listener, rows and all; return how many tables. Errors: ServiceUnavailable."""
    if not settings.iceberg_url:
        return 0
    dropped = 0
    with _catalogue(settings) as connection:
        found = connection.execute(
            "select schema_name from duckdb_schemas()"
            " where database_name = ? and starts_with(schema_name, ?) order by 1",
            [ICEBERG, _PREFIX],
        ).fetchall()
        for (namespace,) in found:
            for table in _tables(connection, namespace):
                connection.execute(f"drop table {_place(namespace, table)}")
                dropped += 1
            connection.execute(f"drop schema {ICEBERG}.{_name(namespace)}")
    return dropped


def _make_tables(connection: duckdb.DuckDBPyConnection, namespace: str, queries: Mapping[str, str]) -> set[str]:
    """Make the tables that are missing or of another version, empty, and drop the others; return which were made.

    Apart from what fills them: tables are made one by one, and rows of all of them change at one commit.
    """
    wanted = {table: _columns(connection, query) for table, query in queries.items()}
    there = _tables(connection, namespace)
    for table in there:
        if there[table] != wanted.get(table):
            connection.execute(f"drop table {_place(namespace, table)}")
    new = {table for table in wanted if there.get(table) != wanted[table]}
    for table in sorted(new):
        connection.execute(f"create table {_place(namespace, table)} as {queries[table]} limit 0")
    return new


@contextmanager
def _catalogue(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the REST catalogue attached. Errors: ConfigurationError; ServiceUnavailable."""
    secret = settings.iceberg_client_secret or settings.aws_secret_access_key
    values = {
        "type": "iceberg",
        "client_id": settings.iceberg_client_id or settings.aws_access_key_id or "",
        "client_secret": secret.get_secret_value() if secret else "",
        "oauth2_server_uri": f"{settings.iceberg_url}/v1/oauth/tokens",
    }
    memory, threads = settings.duckdb_memory_limit, settings.duckdb_threads
    with _outages(), open_duckdb(settings.data_dir, memory_limit=memory, threads=threads) as connection:
        load_extensions(connection, "httpfs", "avro", "iceberg")
        make_secret(connection, settings, "")
        words = ", ".join(f"{name} '{quoted(value)}'" for name, value in values.items())
        connection.execute(f"create temporary secret iceberg ({words})")
        where = f"type iceberg, endpoint '{quoted(settings.iceberg_url)}', secret iceberg, {_KEEP_FILES}"
        connection.execute(f"attach '{quoted(settings.iceberg_warehouse)}' as {ICEBERG} ({where})")
        yield connection


@contextmanager
def _outages() -> Iterator[None]:
    """Raise ServiceUnavailable when the catalogue or the store refuses or does not answer; no address is in it."""
    try:
        yield
    except duckdb.Error as error:
        if not is_passing(error) and not any(words in str(error) for words in _OF_THE_CATALOGUE):
            raise
        said = f"The Iceberg catalogue can't be used ({type(error).__name__})."
        raise ServiceUnavailable(said, hint="Check ICEBERG_URL and ICEBERG_WAREHOUSE.", service="Iceberg") from error


def _queries(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the query of each table and view, in the types that Iceberg has."""
    columns = connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = ? and list_contains(?, schema_name) order by table_name, column_index",
        [PUBLISHED, list(SCHEMAS)],
    ).fetchall()
    chosen: dict[tuple[str, str], list[str]] = {}
    for schema, table, column, data_type in columns:
        if table in OF_THE_MOMENT:
            continue
        chosen.setdefault((schema, table), []).append(f"{_name(column)}::{iceberg_type(data_type)} as {_name(column)}")
    return {
        table: f"select {', '.join(words)} from {PUBLISHED}.{_name(schema)}.{_name(table)}"
        for (schema, table), words in chosen.items()
    }


def _mark(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return what rows are: their number, and a sum over them, so that their order is none of it."""
    sql = f"select count(*) || ' ' || coalesce(sum(hash(one)::hugeint), 0) from ({query}) as one"
    return str(connection.execute(sql).fetchall()[0][0])


def _columns(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, str]]:
    """Return name and type of the columns of a query."""
    return [(str(name), str(data_type)) for name, data_type, *_ in connection.execute(f"describe {query}").fetchall()]


def _tables(connection: duckdb.DuckDBPyConnection, namespace: str) -> dict[str, list[tuple[str, str]]]:
    """Return the columns of each table of a namespace."""
    found = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? and schema_name = ? order by 1",
        [ICEBERG, namespace],
    ).fetchall()
    return {table: _columns(connection, f"from {_place(namespace, table)}") for (table,) in found}


def _place(namespace: str, table: str) -> str:
    return f"{ICEBERG}.{_name(namespace)}.{_name(table)}"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
