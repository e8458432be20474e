"""Run the compiled SQL of the project in bare DuckDB: no dbt, in memory, milliseconds a model.

In: the manifest of a compiled project. Out: the same tables that dbt would make, in a catalogue of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from extract_load.core.clock import SystemClock
from extract_load.storage.warehouse import CATALOGUE, apply_schema

PLAYS_LAST = ("int_plays__timed", "fct_source_rows", "int_coverage__spanned")
# A build from nothing names them, and does not ask what they hold.
UNREAD = {
    "int_dirty__months": "listener_id varchar, month timestamp, reason varchar",
    "int_dirty__offline_days": "listener_id varchar, reported_day timestamp",
}


@dataclass(frozen=True)
class Model:
    """One node of the project that is a table or a view: where it belongs and what makes it."""

    name: str
    relation: str
    sql: str
    needs: frozenset[str]
    by_month: tuple[str, ...] = ()
    """Columns of the first and the last moment of a row, when the model is replaced by month."""


class CompiledProject:
    """The models and seeds of a manifest, in an order in which they can be made."""

    def __init__(self, manifest: dict[str, Any], catalogue: str) -> None:
        self.catalogue = catalogue
        nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in {"model", "seed"}}
        self.seeds = {
            node["name"]: (node["relation_name"], node["config"]["column_types"])
            for node in nodes.values()
            if node["resource_type"] == "seed"
        }
        models = {
            node["name"]: Model(
                node["name"],
                node["relation_name"],
                node["compiled_code"],
                frozenset(nodes[key]["name"] for key in node["depends_on"]["nodes"] if key in nodes),
                _moments(node["config"]["meta"]),
            )
            for node in nodes.values()
            if node["resource_type"] == "model"
        }
        self.models = _in_order(models)
        self.blocking_tests = {
            node["name"]: node["compiled_code"]
            for node in manifest["nodes"].values()
            if node["resource_type"] == "test" and "blocking" in node["tags"] and node.get("compiled_code")
        }

    @classmethod
    def load(cls, target: Path, catalogue: str = "dev") -> CompiledProject:
        return cls(json.loads((target / "manifest.json").read_text(encoding="utf-8")), catalogue)

    def leading_to(self, names: Iterable[str], without: frozenset[str] = frozenset()) -> list[Model]:
        """Return the models that these need, and they themselves; not those of `without`, nor what only they need."""
        wanted = set(names)
        for model in reversed(self.models):
            if model.name in wanted - without:
                wanted |= model.needs
        return [model for model in self.models if model.name in wanted - without]


class BareWarehouse:
    """An empty warehouse in memory, in which compiled models can be made again and again."""

    def __init__(
        self, project: CompiledProject, last: Iterable[str] = PLAYS_LAST, mutate: Callable[[Model], str] | None = None
    ) -> None:
        self.catalogue = project.catalogue
        self.models = project.leading_to(last, frozenset(UNREAD))
        self._mutate = mutate or (lambda model: model.sql)
        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        self.connection.execute("set TimeZone = 'UTC'")
        for name in {CATALOGUE, project.catalogue}:
            self.connection.execute(f"attach ':memory:' as {name}")
        self.connection.execute(f"use {CATALOGUE}")
        apply_schema(self.connection, SystemClock())
        for schema in ("staging", "intermediate", "marts", "reporting", "seeds"):
            self.connection.execute(f"create schema if not exists {project.catalogue}.{schema}")
        for name, unread in UNREAD.items():
            self.connection.execute(f"create table {project.catalogue}.intermediate.{name} ({unread})")
        for relation, types in project.seeds.values():
            columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
            self.connection.execute(f"create table {relation} ({columns})")

    def copy_tables(self, source: str, schemas: Iterable[str], target: str) -> None:
        """Copy the rows of all tables in these schemas from one attached catalogue to another."""
        tables = self.rows(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = ? and list_contains(?, schema_name) and table_name <> 'schema_versions'"
            " order by all",
            source,
            list(schemas),
        )
        for schema, table in tables:
            self.connection.execute(f"insert into {target}.{schema}.{table} by name from {source}.{schema}.{table}")

    def copy_landed(self, warehouse: Path) -> None:
        """Take in what a warehouse file has landed."""
        self.connection.execute(f"attach '{warehouse}' as landed (read_only)")
        self.copy_tables("landed", ("raw", "ops", "lookup"), CATALOGUE)
        self.connection.execute("detach landed")

    def build(self) -> None:
        """Build every model from what raw holds."""
        for model in self.models:
            self.connection.execute(f"create or replace table {model.relation} as {self._mutate(model)}")

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query, list(parameters)).fetchall()

    def close(self) -> None:
        self.connection.close()


def _moments(meta: dict[str, Any]) -> tuple[str, ...]:
    """Return the first and the last moment of a row of a model by month, or those that its local day can belong to."""
    if day := meta.get("part", {}).get("days"):
        return (f"{day} - interval 2 days", f"{day} + interval 3 days")
    return tuple(meta.get("by_month", ()))


def _in_order(models: dict[str, Model]) -> list[Model]:
    """Sort so that everything comes after what it needs."""
    done: dict[str, Model] = {}

    def visit(name: str) -> None:
        if name in done or name not in models:
            return
        for need in sorted(models[name].needs):
            visit(need)
        done[name] = models[name]

    for name in sorted(models):
        visit(name)
    return list(done.values())
