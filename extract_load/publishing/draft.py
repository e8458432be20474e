"""The draft of a published file: filled from a catalogue, checked as a stranger opens it, put in place by a rename.

In: an open connection with the catalogue (the warehouse, or the file of all listeners), and which rows are wanted.
Out: a file with tables, views and table macros that refer to no other file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from extract_load.core.failpoints import failpoint
from extract_load.core.private_files import let_pass, set_mode
from extract_load.core.settings import Settings
from extract_load.publishing.attribution import write_attribution
from extract_load.publishing.relations import (
    Relation,
    TableMacro,
    copy_comments,
    in_order,
    read_relations,
    read_table_macros,
)
from extract_load.storage.duckdb_connection import attach, open_duckdb, quoted
from extract_load.storage.gzip_files import sync_folder
from extract_load.storage.transaction import transaction
from extract_load.storage.warehouse import CATALOGUE, STORAGE

SCHEMAS = ("marts", "reporting")
DRAFT_PREFIX = ".draft-"
_ALIAS = "published"
_ORDER_OF_FACTS = ("listener_id", "started_at")
"""Neighbours in time have sessions and clocks in common: in this order plays take a fifth less."""

Select = Callable[[Relation], str]
"""The query of the rows of a table that are published."""


def select_all(relation: Relation) -> str:
    """Return the query of all rows of a table."""
    return f"from {CATALOGUE}.{_name(relation.schema)}.{_name(relation.name)}"


def write_draft(
    connection: duckdb.DuckDBPyConnection,
    draft: Path,
    label: str,
    at: datetime,
    select: Select = select_all,
    *,
    is_labelled: bool = False,
) -> tuple[dict[str, int], list[str], list[TableMacro]]:
    """Fill the draft from the catalogue; return rows by table, the views, and the table macros.

    `select(relation)` is the query of a table's rows; `is_labelled` means that the comments have the label already.
    """
    relations = in_order(connection, SCHEMAS)
    macros = read_table_macros(connection, relations)
    attach(connection, draft, _ALIAS, STORAGE)
    try:
        with transaction(connection):  # one transaction: a commit for every comment would take seconds
            tables, views = _copy_relations(connection, relations, "" if is_labelled else label, select)
            for macro in macros:
                _make_macro(connection, macro)
            _about(connection, label, at)
        connection.execute(f"checkpoint {_ALIAS}")
    finally:
        connection.execute(f"use {CATALOGUE}")
        connection.execute(f"detach {_ALIAS}")
    return tables, views, macros


def _copy_relations(
    connection: duckdb.DuckDBPyConnection, relations: Sequence[Relation], label: str, select: Select
) -> tuple[dict[str, int], list[str]]:
    """Copy tables, make views again, and carry their comments over; return rows by table, and the views."""
    for schema in dict.fromkeys(relation.schema for relation in relations):
        connection.execute(f"create schema if not exists {_ALIAS}.{_name(schema)}")
    tables: dict[str, int] = {}
    views: list[str] = []
    for relation in relations:
        if relation.is_view:
            _make_view(connection, relation)
            views.append(str(relation))
        else:
            tables[str(relation)] = _copy_table(connection, relation, select)
    copy_comments(connection, relations, _ALIAS, label)
    return tables, views


def _copy_table(connection: duckdb.DuckDBPyConnection, relation: Relation, select: Select) -> int:
    place = f"{_name(relation.schema)}.{_name(relation.name)}"
    query = select(relation)
    if _is_in_time(connection, relation):
        query = f"from ({query}) order by {', '.join(_ORDER_OF_FACTS)}"
    connection.execute(f"create table {_ALIAS}.{place} as {query}")
    return int(connection.execute(f"select count(*) from {_ALIAS}.{place}").fetchall()[0][0])


def _is_in_time(connection: duckdb.DuckDBPyConnection, relation: Relation) -> bool:
    """Return whether it is a mart that has a listener and a start; reports have an order of their own."""
    found = connection.execute(
        "select count(*) from duckdb_columns() where (database_name, schema_name, table_name) = (?, ?, ?)"
        " and list_contains(?, column_name)",
        [CATALOGUE, relation.schema, relation.name, list(_ORDER_OF_FACTS)],
    ).fetchall()
    return relation.schema == "marts" and found == [(len(_ORDER_OF_FACTS),)]


def _make_view(connection: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    """Make a view again inside the draft, where its two-part names mean the draft's own tables."""
    connection.execute(f"use {_ALIAS}")
    connection.execute(f"create view {_name(relation.schema)}.{_name(relation.name)} as {relation.query}")
    connection.execute(f"use {CATALOGUE}")


def _make_macro(connection: duckdb.DuckDBPyConnection, macro: TableMacro) -> None:
    """Make a table macro again inside the draft, where its two-part names mean the draft's own tables."""
    place = f"{_name(macro.schema)}.{_name(macro.name)}"
    parameters = ", ".join(f"{_name(parameter)} := null" for parameter in macro.parameters)
    connection.execute(f"use {_ALIAS}")
    connection.execute(f"create macro {place}({parameters}) as table {macro.query}")
    if macro.comment:
        connection.execute(f"comment on macro table {place} is '{quoted(macro.comment)}'")
    connection.execute(f"use {CATALOGUE}")


def _about(connection: duckdb.DuckDBPyConnection, label: str, at: datetime) -> None:
    """Write the schema `about`: where the data comes from, its licences, and when it was published (UTC)."""
    connection.execute(f"create schema {_ALIAS}.about")
    write_attribution(connection, f"{_ALIAS}.about.attribution")
    connection.execute(f"create table {_ALIAS}.about.publication (published_at timestamp, label varchar)")
    connection.execute(f"insert into {_ALIAS}.about.publication values (?, ?)", [at, label or None])
    _made_from(connection, "files", "stg_ops__landed_files", "source_file")
    _made_from(connection, "polls", "stg_ops__polls", "poll_id")
    prefix = f"{label}: " if label else ""
    for table, comment in (
        ("attribution", "One source of the data, its licence, and the credit that goes with what you share."),
        ("publication", "One row: when this file was published (UTC)."),
        ("files", "One spool or cache file that this was made from: a restored backup is compared with the same ones."),
        ("polls", "One poll of recently-played that this was made from."),
    ):
        connection.execute(f"comment on table {_ALIAS}.about.{table} is '{quoted(prefix + comment)}'")


def _made_from(connection: duckdb.DuckDBPyConnection, table: str, model: str, key: str) -> None:
    """Name what the marts were built from, as staging saw it when they were built; empty without that model."""
    known = connection.execute(
        "select 1 from duckdb_tables() where database_name = ? and schema_name = 'staging' and table_name = ?",
        [CATALOGUE, model],
    ).fetchall()
    rows = f"select {key} from {CATALOGUE}.staging.{model} order by {key}" if known else f"select '' as {key} limit 0"
    connection.execute(f"create table {_ALIAS}.about.{table} as {rows}")


def check_draft(draft: Path, settings: Settings, macros: Sequence[TableMacro]) -> None:
    """Open the draft as a stranger would, under another alias, with no other file around; bind every view and macro."""
    memory_limit, threads = settings.duckdb_memory_limit, settings.duckdb_threads
    with open_duckdb(settings.data_dir, memory_limit=memory_limit, threads=threads) as stranger:
        attach(stranger, draft, "reader", "read_only")
        for relation in read_relations(stranger, "reader"):
            stranger.execute(f"describe reader.{_name(relation.schema)}.{_name(relation.name)}")
        stranger.execute("use reader")
        for macro in macros:
            stranger.execute(f"describe from {_name(macro.schema)}.{_name(macro.name)}()")


def set_access(draft: Path, folder: Path, settings: Settings) -> None:
    """Let every user of this machine read what is published in a folder if PUBLISHED_READABLE says so.

    Else, and for the file of several listeners, its owner alone.
    """
    is_shared = settings.published_readable and not folder.name.startswith(".")
    set_mode(draft, 0o644 if is_shared else 0o600)
    set_mode(folder, 0o755 if is_shared else 0o700)
    if is_shared:
        for above in {folder.parent, settings.data_dir}:
            let_pass(above)


def put_in_place(draft: Path, target: Path) -> None:
    """Put a draft in the place of a published file, whole or not at all."""
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    target.with_name(target.name + ".wal").unlink(missing_ok=True)  # a reader's leftovers belong to the old file
    failpoint("publish.before_rename")
    draft.replace(target)
    sync_folder(target.parent)
    failpoint("publish.after_rename")


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
