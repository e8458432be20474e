"""The numbered files of the schema (folder schema/), and which of them a database has: its migrations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from extract_load.core.clock import Clock
from extract_load.core.errors import ConfigurationError

SCHEMA_DIR = Path(__file__).with_name("schema")


@dataclass(frozen=True, slots=True)
class Step:
    """One file of the schema, by its number."""

    version: int
    path: Path

    @property
    def sql(self) -> str:
        """The statements of the file."""
        return self.path.read_text(encoding="utf-8")


@cache
def schema_steps() -> tuple[Step, ...]:
    """Return every step of the schema, in order."""
    return tuple(Step(int(path.name.split("_")[0]), path) for path in sorted(SCHEMA_DIR.glob("[0-9]*.sql")))


def applied_versions(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """Return the versions that the database in use has, none of a new one."""
    try:
        return {int(row[0]) for row in connection.execute("select version from ops.schema_versions").fetchall()}
    except duckdb.CatalogException:
        return set()


def pending_steps(connection: duckdb.DuckDBPyConnection, called: str) -> list[Step]:
    """Return the steps that the database in use does not have yet; `called` names it in the error.

    Errors: ConfigurationError when it was made by a newer version of the program.
    """
    done = applied_versions(connection)
    newest = schema_steps()[-1].version
    if done and max(done) > newest:
        msg = f"The {called} has schema version {max(done)}, this program knows {newest}."
        raise ConfigurationError(msg, hint="Update the music tracker, then try again.")
    return [step for step in schema_steps() if step.version not in done]


def record_steps(connection: duckdb.DuckDBPyConnection, steps: Sequence[Step], clock: Clock) -> None:
    """Write down that steps were applied, in the transaction that applied them."""
    connection.executemany(
        "insert into ops.schema_versions values (?, ?, ?)",
        [(step.version, step.path.stem, clock.now()) for step in steps],
    )
