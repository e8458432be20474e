"""Builds by month in bare DuckDB: what dbt does with the compiled SQL of a windowed run, in a tenth of the time.

In: the manifests of a build from nothing and of one on top of it. A build follows the rules of macros/incremental: the
months that int_dirty__months names are deleted and made again, everything is when it says so, and the state of the
build is kept at its end only. A second catalogue holds the chain of plays and the facts as a build from nothing makes
them of the same tables, to compare with.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from extract_load.core.clock import SystemClock
from extract_load.storage.warehouse import CATALOGUE, apply_schema
from tests.dbt.bare_duckdb import CompiledProject, Model

FACTS = (
    "fct_plays", "fct_source_rows", "fct_sessions", "fct_listening_days", "fct_listening_hours", "int_days__spanned"
)  # fmt: skip
FRESH = "fresh"
STATE = ("files", "pointers", "spans")
SCHEMAS = ("staging", "intermediate", "marts", "reporting", "seeds")
Mutation = Callable[[str, str], str]
"""Takes the name of a model and its SQL, and returns the SQL to run."""


class MonthlyWarehouse:
    """A warehouse that is built by month, in memory; `mutate` puts a bug into its builds, never into the fresh ones."""

    def __init__(
        self,
        whole: CompiledProject,
        windowed: CompiledProject,
        folder: Path,
        mutate: Mutation = lambda _, sql: sql,
        forgets_to_delete: bool = False,
    ) -> None:
        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        self.connection.execute("set TimeZone = 'UTC'")
        self.catalogue = whole.catalogue
        self._seeds, self._folder, self._mutate = whole.seeds, folder, mutate
        self._forgets_to_delete = forgets_to_delete
        self.whole = {model.name: model for model in whole.leading_to(FACTS)}
        self.windowed = windowed.leading_to(FACTS)
        self._fresh = {name for name, model in self.whole.items() if self._reads_months(model)}
        for name in (CATALOGUE, self.catalogue, FRESH):
            self.connection.execute(f"attach ':memory:' as {name}")
        self.connection.execute(f"use {CATALOGUE}")
        apply_schema(self.connection, SystemClock())
        for name in (self.catalogue, FRESH):
            for schema in (*SCHEMAS, "built"):
                self.connection.execute(f"create schema if not exists {name}.{schema}")
        for relation, types in self._seeds.values():
            columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
            self.connection.execute(f"create table {relation} ({columns})")

    def write_seed(self, name: str, text: str) -> None:
        """Replace the rows of a seed by those of a CSV text."""
        relation, types = self._seeds[name]
        file = self._folder / f"{name}.csv"
        file.write_text(text, encoding="utf-8")
        columns = ", ".join(f"'{column}': '{kind}'" for column, kind in types.items())
        self.connection.execute(f"delete from {relation}")
        self.connection.execute(
            f"insert into {relation} from read_csv('{file}', header = true, columns = {{{columns}}})"
        )

    def build(self, killed_before: int | None = None) -> bool:
        """Build what is dirty, and return whether that was everything; a killed build ends before that model."""
        everything = not self._tables("built")
        for number, model in enumerate(self.windowed):
            if number == killed_before:
                return everything
            if model.name == "int_dirty__months":
                everything = self._list_months(model)
            elif everything or not model.by_month:
                is_parsed = model.name.startswith("stg_")  # parsed again each time, which is fast enough here
                source = self.whole[model.name].sql if everything or is_parsed else model.sql
                self._run(model.name, f"create or replace table {model.relation} as {source}")
            else:
                self._replace_months(model)
        self._keep_state()
        return everything

    def build_from_nothing(self) -> None:
        """Build what depends on the months in the catalogue to compare with, of all months."""
        for name in self.whole:
            if name in self._fresh:
                sql = f"create or replace table {self.whole[name].relation} as {self.whole[name].sql}"
                self.connection.execute(self._freshly(sql))

    def differences(self) -> dict[str, int]:
        """Return the number of rows by which the facts differ from a build from nothing."""
        self.build_from_nothing()
        found = {}
        for name in FACTS:
            here, there = self.whole[name].relation, self._freshly(self.whole[name].relation)
            columns = ", ".join(row[0] for row in self.rows(f"select column_name from (describe {here})"))
            pair = (f"select {columns} from {here}", f"select {columns} from {there}")
            differing = sum(
                self.rows(f"select count(*) from ({one} except all {other})")[0][0] for one, other in (pair, pair[::-1])
            )
            if differing:
                found[name] = differing
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def close(self) -> None:
        self.connection.close()

    def _list_months(self, model: Model) -> bool:
        """Add to the list of dirty months, and return whether it says that everything is dirty."""
        if self._tables("built"):
            self._run(model.name, f"insert into {model.relation} by name {model.sql}")
        else:
            self._run(model.name, f"create or replace table {model.relation} as {self.whole[model.name].sql}")
        return bool(self.rows(f"from {model.relation} where listener_id = '*'"))

    def _replace_months(self, model: Model) -> None:
        """Delete the rows that touch a dirty month, and insert what the model makes of those months, or neither."""
        from_at, until_at = (f"date_trunc('month', coalesce(kept.{column}, '1970-01-01'))" for column in model.by_month)
        made = f"create or replace temp table made as {model.sql}"
        self.connection.execute("begin")
        if not self._forgets_to_delete:
            self.connection.execute(
                f"delete from {model.relation} as kept using {self.catalogue}.intermediate.int_dirty__months as dirty"
                f" where kept.listener_id = dirty.listener_id"
                f" and {from_at} <= dirty.month and {until_at} >= dirty.month"
            )
        self._run(model.name, made)
        self.connection.execute(f"insert into {model.relation} by name from made")
        self.connection.execute("commit")

    def _keep_state(self) -> None:
        self.connection.execute("begin")
        for name in STATE:
            self.connection.execute(
                f"create or replace table {self.catalogue}.built.{name} as"
                f" from {self.catalogue}.intermediate.int_built__{name}"
            )
        self.connection.execute(f"delete from {self.catalogue}.intermediate.int_dirty__months")
        self.connection.execute("commit")

    def _run(self, name: str, sql: str) -> None:
        self.connection.execute(self._mutate(name, sql))

    def _tables(self, schema: str) -> bool:
        found = f"database_name = '{self.catalogue}' and schema_name = '{schema}'"
        return bool(self.rows(f"from duckdb_tables() where {found}"))

    def _reads_months(self, model: Model) -> bool:
        """Return whether a model is made of the dirty months, itself or through others."""
        needs = [self.whole[name] for name in model.needs if name in self.whole]
        return any(need.name == "int_dirty__months" or self._reads_months(need) for need in needs)

    def _freshly(self, sql: str) -> str:
        """Return SQL that makes and reads what depends on the months in the catalogue to compare with."""
        for name in self._fresh:
            relation = self.whole[name].relation
            sql = sql.replace(relation, relation.replace(f'"{self.catalogue}"', FRESH, 1))
        return sql
