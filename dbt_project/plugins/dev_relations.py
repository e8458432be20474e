"""What target `dev` has before dbt begins: the seeds of this checkout, and the warehouse's tables that it lacks.

A relation that somebody built in `dev` stays. For every other table of the warehouse's models `dev` gets a view of it,
so that any selection finds what it reads; a build of that model puts a table in its place. The warehouse is only read.
Always holds: a seed is what its CSV file says now, and a view that stands for a table of the warehouse has its columns.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import duckdb
import yaml
from dbt_common.exceptions import DbtRuntimeError

from extract_load.storage.duckdb_connection import file_literal
from extract_load.storage.warehouse import CATALOGUE

DEV = "dev"
SEEDS = "seeds"
WHOSE = "listener_id"
MODEL_SCHEMAS = ("staging", "intermediate", "marts", "reporting")


def prepare_dev(conn: duckdb.DuckDBPyConnection, seeds: Path) -> None:
    """Load the seeds of a folder into `dev`, and show the warehouse's tables there that `dev` lacks."""
    conn.execute("begin")
    for schema in (SEEDS, *MODEL_SCHEMAS):
        conn.execute(f"create schema if not exists {DEV}.{schema}")
    load_seeds(conn, DEV, seeds)
    _show_warehouse(conn)
    conn.execute("commit")


def load_seeds(conn: duckdb.DuckDBPyConnection, catalogue: str, seeds: Path) -> None:
    """Replace each seed table by its CSV file, with the types that its YAML gives; an empty field is null.

    A file of a version before a wish had a listener lacks that column.
    Errors: DbtRuntimeError that names the file, when its columns or values are not those of the YAML.
    """
    for name, types in _column_types(seeds).items():
        file = seeds / f"{name}.csv"
        older = {WHOSE} - set(_header(file))
        columns = ", ".join(f"'{column}': '{kind}'" for column, kind in types.items() if column not in older)
        options = f"header = true, delim = ',', quote = '\"', columns = {{{columns}}}"
        try:
            conn.execute(
                f"create or replace table {catalogue}.{SEEDS}.{name} as from read_csv({file_literal(file)}, {options})"
            )
        except duckdb.Error as error:
            raise DbtRuntimeError(f"The seed {file} cannot be read: {error}") from None


def _header(file: Path) -> list[str]:
    """Return the columns of a CSV file; none where there is no such file."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            return next(csv.reader(source), [])
    except (OSError, UnicodeDecodeError):
        return []


def _column_types(seeds: Path) -> dict[str, dict[str, str]]:
    """Return column and type of each seed, in the order of the YAML, which is that of the file."""
    described: list[dict[str, Any]] = []
    for file in sorted(seeds.glob("_*.yml")):
        described += yaml.safe_load(file.read_text(encoding="utf-8"))[SEEDS]
    return {seed["name"]: seed["config"]["column_types"] for seed in described}


def _show_warehouse(conn: duckdb.DuckDBPyConnection) -> None:
    """Make a view in `dev` for each relation of the warehouse's models that `dev` has not built itself."""
    theirs = _relations(conn, CATALOGUE)
    built = _relations(conn, DEV)
    shown = {
        (schema, name)
        for schema, name, sql in conn.execute(
            "select schema_name, view_name, sql from duckdb_views() where database_name = ?", [DEV]
        ).fetchall()
        if sql.rstrip(";\n ").endswith(f"FROM {_relation(CATALOGUE, schema, name)}")
    }
    for schema, name in shown - theirs:
        conn.execute(f"drop view {_relation(DEV, schema, name)}")
    for schema, name in sorted(theirs - (built - shown)):
        conn.execute(
            f"create or replace view {_relation(DEV, schema, name)} as from {_relation(CATALOGUE, schema, name)}"
        )


def _relations(conn: duckdb.DuckDBPyConnection, catalogue: str) -> set[tuple[str, str]]:
    """Return schema and name of the tables and views of models, without what an aborted build left."""
    found = conn.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_catalog = ? and list_contains(?, table_schema) and not contains(table_name, '__dbt_')",
        [catalogue, list(MODEL_SCHEMAS)],
    ).fetchall()
    return {(str(schema), str(name)) for schema, name in found}


def _relation(catalogue: str, schema: str, name: str) -> str:
    """Return the full name as DuckDB itself writes it; models have plain names."""
    return f"{catalogue}.{schema}.{name}"
