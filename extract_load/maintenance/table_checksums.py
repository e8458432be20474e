"""Table checksums: rows and an order-independent checksum for each table, to compare two builds.

Two builds from the same files give the same numbers, on any machine and with any later DuckDB: each row is written as
JSON with its columns in the order of their names, and the MD5 of these texts are added up. Columns that say when
something was loaded are left out; floating-point numbers count to twelve digits (sums depend on their order).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

LOAD_TIMES = frozenset({"landed_at", "loaded_at", "rejected_at", "built_at", "published_at", "applied_at"})
MARTS = ("marts",)


@dataclass(frozen=True, slots=True)
class TableMark:
    """How many rows a table has, and the sum over them."""

    rows: int
    checksum: str


Marks = dict[str, TableMark]


def fingerprint(connection: duckdb.DuckDBPyConnection, catalogue: str, schemas: Sequence[str] = MARTS) -> Marks:
    """Return the mark of every table (not view) of the schemas, by `schema.table`."""
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? and list_contains(?, schema_name)"
        " order by all",
        [catalogue, list(schemas)],
    ).fetchall()
    return {f"{schema}.{table}": _mark(connection, catalogue, schema, table) for schema, table in found}


def differences(expected: Mapping[str, TableMark], found: Mapping[str, TableMark]) -> list[str]:
    """Return one sentence for each table in which two sets differ; nothing means that they are equal."""
    said = []
    for table in sorted(expected.keys() | found.keys()):
        before, after = expected.get(table), found.get(table)
        if before is None:
            said.append(f"{table} is new")
        elif after is None:
            said.append(f"{table} is missing")
        elif before.rows != after.rows:
            said.append(f"{table} has {after.rows} rows instead of {before.rows}")
        elif before.checksum != after.checksum:
            said.append(f"{table} has other values in its {after.rows} rows")
    return said


def _mark(connection: duckdb.DuckDBPyConnection, catalogue: str, schema: str, table: str) -> TableMark:
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns()"
        " where database_name = ? and schema_name = ? and table_name = ? order by column_name",
        [catalogue, schema, table],
    ).fetchall()
    parts = [f"{_quote(name)} := {_value(name, kind)}" for name, kind in columns if name not in LOAD_TIMES]
    place = f"{_quote(catalogue)}.{_quote(schema)}.{_quote(table)}"
    text = f"cast(to_json(struct_pack({', '.join(parts)})) as varchar)"
    rows, total = connection.execute(f"select count(*), sum(md5_number_lower({text})) from {place}").fetchall()[0]
    return TableMark(int(rows), str(total or 0))


def _value(name: str, kind: str) -> str:
    return f"format('{{:.12g}}', {_quote(name)})" if kind in {"DOUBLE", "FLOAT"} else _quote(name)


def _quote(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
