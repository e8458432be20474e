"""The relations of a published file: its tables, views and table macros, in dependency order, with their comments.

The query of a view or macro is rewritten from three-part names (`music_tracker.marts.x`) to two-part ones (`marts.x`);
what a view reads is taken from DuckDB's own parser, so a reference to anything outside the published file is found.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import duckdb

from extract_load.core.errors import ConfigurationError
from extract_load.storage.duckdb_connection import quoted
from extract_load.storage.warehouse import CATALOGUE

_LITERAL = re.compile(r"('(?:[^']|'')*')")
_VIEW_HEAD = re.compile(r"\A\s*create\s+view\s+.*?\bas\s+", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Relation:
    """One table or view; `query` is a view's SELECT with two-part names, empty for a table."""

    schema: str
    name: str
    query: str = ""

    @property
    def is_view(self) -> bool:
        """Whether it is a view."""
        return bool(self.query)

    def __str__(self) -> str:
        """Return `schema.name`."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class TableMacro:
    """One table macro, every parameter of which may be left out; `query` has two-part names."""

    schema: str
    name: str
    parameters: tuple[str, ...]
    query: str
    comment: str

    def __str__(self) -> str:
        """Return `schema.name()`."""
        return f"{self.schema}.{self.name}()"


def read_relations(connection: duckdb.DuckDBPyConnection, catalogue: str) -> list[Relation]:
    """Return every table and view of a catalogue, sorted by name."""
    found = connection.execute(
        "select schema_name, table_name, '' from duckdb_tables() where database_name = ? and not internal"
        " union all"
        " select schema_name, view_name, sql from duckdb_views() where database_name = ? and not internal"
        " order by all",
        [catalogue, catalogue],
    ).fetchall()
    return [Relation(schema, name, _without_catalogue(sql, catalogue)) for schema, name, sql in found]


def read_table_macros(connection: duckdb.DuckDBPyConnection, relations: Sequence[Relation]) -> list[TableMacro]:
    """Return the table macros of the warehouse that ask one of these relations for a range, by its name.

    DuckDB does not say which value a parameter has when it is left out: in this project it is always null.
    """
    named = {str(relation) for relation in relations}
    found = connection.execute(
        "select schema_name, function_name, parameters, macro_definition, coalesce(comment, '') from duckdb_functions()"
        " where database_name = ? and function_type = 'table_macro' and not internal order by all",
        [CATALOGUE],
    ).fetchall()
    return [
        TableMacro(schema, name, tuple(parameters), _two_part_names(definition, CATALOGUE), comment)
        for schema, name, parameters, definition, comment in found
        if f"{schema}.{name}" in named
    ]


def in_order(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> list[Relation]:
    """Return what is to be published, each relation after those it reads.

    That is all of the given schemas, and whatever their views read elsewhere in the warehouse.
    Errors: ConfigurationError when a view reads what is not in the warehouse, or nothing is there to publish.
    """
    known = {str(relation): relation for relation in read_relations(connection, CATALOGUE)}
    waiting = [relation for relation in known.values() if relation.schema in schemas]
    if not waiting:
        raise ConfigurationError("There are no marts to publish yet.", hint="Run `music-tracker etl`.")
    graph: dict[str, set[str]] = {}
    while waiting:
        relation = waiting.pop()
        if str(relation) in graph:
            continue
        reads = set(_reads(connection, relation)) if relation.is_view else set()
        lost = sorted(reads - known.keys())
        if lost:
            msg = f"The view {relation} reads {', '.join(lost)}, which the warehouse does not have."
            raise ConfigurationError(msg, hint="Build the dbt project again: `music-tracker etl`.")
        graph[str(relation)] = reads
        waiting.extend(known[name] for name in reads)
    return [known[name] for name in TopologicalSorter(dict(sorted(graph.items()))).static_order()]


def copy_comments(
    connection: duckdb.DuckDBPyConnection, relations: Sequence[Relation], catalogue: str, label: str
) -> None:
    """Carry the comments of relations and their columns over to another catalogue; the label goes before the first.

    DuckDB goes through every column of every catalogue to tell of one, so it is asked once for all of them.
    """
    said = {
        (schema, name): comment
        for schema, name, comment in connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() where database_name = ?"
            " union all select schema_name, view_name, comment from duckdb_views() where database_name = ?",
            [CATALOGUE, CATALOGUE],
        ).fetchall()
    }
    columns: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for schema, name, column, words in connection.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = ? and comment is not null",
        [CATALOGUE],
    ).fetchall():
        columns[schema, name].append((column, words))
    for relation in relations:
        key = (relation.schema, relation.name)
        place = f'{catalogue}."{relation.schema}"."{relation.name}"'
        comment = ": ".join(part for part in (label, said[key]) if part)
        if comment:
            connection.execute(f"comment on {'view' if relation.is_view else 'table'} {place} is '{quoted(comment)}'")
        for column, words in columns[key]:
            connection.execute(f"""comment on column {place}."{column}" is '{quoted(words)}'""")


def _reads(connection: duckdb.DuckDBPyConnection, view: Relation) -> Iterator[str]:
    """Yield the tables and views that a view reads, as `schema.name`."""
    text = connection.execute("select json_serialize_sql(?)", [view.query]).fetchall()[0][0]
    tree = json.loads(text)
    if tree.get("error"):
        msg = f"The view {view} can't be taken apart: {tree.get('error_message', 'its SQL is not a plain select')}."
        raise ConfigurationError(msg, hint="Make it a table in dbt, then build again.")
    for node in _nodes(tree):
        if node.get("type") != "BASE_TABLE" or not node.get("schema_name"):
            continue  # a name without a schema is one of the view's own common table expressions
        if node.get("catalog_name"):
            msg = f"The view {view} names another database: {node['catalog_name']}."
            raise ConfigurationError(msg, hint="Make it a table in dbt, then build again.")
        yield f"{node['schema_name']}.{node['table_name']}"


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Walk through every object of a parsed query."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _without_catalogue(sql: str, catalogue: str) -> str:
    """Return the SELECT of a view with the catalogue taken out of its names; texts in quotes stay as they are."""
    if not sql:
        return ""
    return _two_part_names(_VIEW_HEAD.sub("", sql, count=1).rstrip().rstrip(";"), catalogue)


def _two_part_names(query: str, catalogue: str) -> str:
    parts = _LITERAL.split(query)
    name = re.compile(rf'(?<![\w."]){re.escape(catalogue)}\.(?=[\w"]+\.)|"{re.escape(catalogue)}"\.(?=[\w"]+\.)')
    return "".join(part if part.startswith("'") else name.sub("", part) for part in parts)
