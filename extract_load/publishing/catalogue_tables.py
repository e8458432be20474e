"""The tables that are made of what all listeners heard: out of the catalogue's file, and into that of a bucket.

Each carries its comments, since a bucket publishes them as its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from extract_load.core.settings import Settings
from extract_load.publishing.relations import Relation, copy_comments
from extract_load.storage.duckdb_connection import attach
from extract_load.storage.transaction import transaction
from extract_load.storage.warehouse import CATALOGUE, STORAGE, Warehouse

_OTHER = "catalogue_tables"


def write_catalogue(file: Settings, target: Path, names: Sequence[tuple[str, str]]) -> None:
    """Write these tables (schema, name) of a warehouse file to a file of their own."""
    for left in (target, target.with_name(target.name + ".wal")):
        left.unlink(missing_ok=True)
    with Warehouse(file).open("writing the catalogue") as connection:
        attach(connection, target, _OTHER, STORAGE)
        with transaction(connection):
            for schema, name in names:
                connection.execute(f"create schema if not exists {_OTHER}.{schema}")
                connection.execute(f"create table {_OTHER}.{schema}.{name} as from {CATALOGUE}.{schema}.{name}")
            copy_comments(connection, [Relation(schema, name) for schema, name in names], _OTHER, "")
        connection.execute(f"checkpoint {_OTHER}")
        connection.execute(f"detach {_OTHER}")


def adopt_catalogue(file: Settings, source: Path) -> None:
    """Replace the tables of the catalogue in a warehouse file by those of another file, all of them or none."""
    with Warehouse(file).open("taking the catalogue") as connection:
        attach(connection, source, _OTHER, "read_only")
        found = _tables(connection)
        comments = {table: _comments(connection, *table) for table in found}
        with transaction(connection):
            for schema, name in found:
                connection.execute(f"create schema if not exists {schema}")
                connection.execute(f"create or replace table {schema}.{name} as from {_OTHER}.{schema}.{name}")
                for statement in comments[(schema, name)]:
                    connection.execute(statement)
        connection.execute(f"detach {_OTHER}")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? order by all", [_OTHER]
    ).fetchall()


def _comments(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> list[str]:
    """Return the statements that put the comments of a table of the other file on the one of the warehouse."""
    found = connection.execute(
        "select 'comment on table ' || place || ' is ' || words from ("
        " select schema_name || '.' || table_name as place, '''' || replace(comment, '''', '''''') || '''' as words"
        " from duckdb_tables() where database_name = $other and schema_name = $schema and table_name = $name"
        " and comment is not null)"
        " union all"
        " select 'comment on column ' || schema_name || '.' || table_name || '.\"' || column_name || '\" is '"
        " || '''' || replace(comment, '''', '''''') || '''' from duckdb_columns()"
        " where database_name = $other and schema_name = $schema and table_name = $name and comment is not null",
        {"other": _OTHER, "schema": schema, "name": name},
    ).fetchall()
    return [str(statement) for (statement,) in found]
