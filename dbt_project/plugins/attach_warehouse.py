"""The dbt-duckdb plugin that creates and attaches the database files of a target before dbt needs them.

Target `dev` writes a file of its own (alias `dev`), attaches the warehouse read-only, and shows each table of it that
`dev` has not built (dev_relations.py); target `prod` attaches the warehouse for writing. The alias of the warehouse is
`music_tracker` in both, whatever the file is called. A warehouse that lacks the newest tables of
extract_load/storage/schema is migrated first. One that is missing is made for `prod`; `dev` makes none: it reads the
demo's, or an empty one in memory. A file that cannot be opened ends dbt with the sentence that the rest of the project
uses for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from dev_relations import DEV, prepare_dev
from project_fingerprint import fingerprint_project

from extract_load.core.clock import SystemClock
from extract_load.core.errors import MusicTrackerError
from extract_load.core.listeners import registry_of
from extract_load.core.settings import Settings, load_settings, project_root
from extract_load.storage.duckdb_connection import attach, connect
from extract_load.storage.warehouse import CATALOGUE, STORAGE, apply_schema, translate_error

PROJECT_DIR = Path(__file__).resolve().parents[1]
SEEDS_DIR = PROJECT_DIR / "seeds"
# Variables that name the files: not in the profile, since dbt parses anew what has another profile.
WAREHOUSE_FILE = "DUCKDB_PATH"
DEV_FILE = "DBT_DEV_PATH"
BUCKET_FILE = "MUSIC_TRACKER_BUCKET_FILE"
_MEMORY = "200MB"  # for what is looked at and migrated before dbt begins


class Plugin(BasePlugin):
    """Attach the files of a target before dbt's own `attach`, which then skips them."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:  # noqa: ARG002
        """Read which files are meant; a relative path is relative to the project root.

        With no DUCKDB_PATH it is that of the settings (`.env`). Errors: DbtRuntimeError for a wrong setting.
        """
        self._writes_warehouse = self.creds is not None and self.creds.database == CATALOGUE
        named = os.environ.get(BUCKET_FILE) or os.environ.get(WAREHOUSE_FILE)
        try:
            settings = load_settings()
            if not named and not self._writes_warehouse and _holds_nothing(settings.warehouse_path):
                settings = _demo_settings() or settings
            known = registry_of(settings)
        except MusicTrackerError as error:
            raise DbtRuntimeError(str(error)) from None
        variables = {
            "listener_timezone": settings.listener_timezone,
            "listener_trips": settings.listener_trips,
            # None: everybody's, as ever; with several listeners those of LISTENER_ID, if still there.
            "listener_with_trips": (known.home or "") if len(known) > 1 else None,
            "project_fingerprint": fingerprint_project(PROJECT_DIR),
        }
        zones = {one.listener_id: one.time_zone for one in known if one.time_zone}
        self._set_variables = _variables_statement(variables, zones)
        self._warehouse = project_root() / Path(named).expanduser() if named else settings.warehouse_path
        self._own = project_root() / Path(os.environ.get(DEV_FILE) or "dbt_project/dev.duckdb").expanduser()

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        """Set the folder for DuckDB's temporary files: beside the file that is written, unless the profile has one."""
        target = self._warehouse if self._writes_warehouse else self._own
        config.setdefault("temp_directory", str(target.parent / ".duckdb_tmp"))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Attach the files. Errors: DbtRuntimeError when a file is open elsewhere, no database, or too new."""
        if self._writes_warehouse:
            _migrate(self._warehouse)
            _attach(conn, self._warehouse, CATALOGUE)
            return
        if not self._warehouse.exists():
            _attach_empty(conn)
        else:
            if not _is_migrated(self._warehouse):
                _migrate(self._warehouse)
            _attach(conn, self._warehouse, CATALOGUE, read_only=True)
        _attach(conn, self._own, DEV)
        prepare_dev(conn, SEEDS_DIR)

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Set what models can read neither from `.env` nor registry: zones, trips, and the project's fingerprint."""
        cursor.execute(self._set_variables)


def _variables_statement(variables: dict[str, str | None], zones: dict[str, str]) -> str:
    """Return the SQL that sets the variables in one go: each node of dbt has a cursor of its own."""

    def literal(value: str | None) -> str:
        return "null" if value is None else "'" + value.replace("'", "''") + "'"

    def array(values: Iterable[str]) -> str:
        return f"cast([{', '.join(map(literal, values))}] as varchar[])"

    time_zones = f"map({array(zones)}, {array(zones.values())})"
    return "; ".join(
        [
            *(f"set variable {name} = {literal(value)}" for name, value in variables.items()),
            f"set variable listener_time_zones = {time_zones}",
        ]
    )


def _demo_settings() -> Settings | None:
    """Return the settings of the demo, whose warehouse `dev` reads while no other has rows; None when it never ran."""
    env_file = project_root() / "data" / "demo" / "demo.env"
    settings = load_settings(env_file=env_file) if env_file.is_file() else None
    return settings if settings and settings.warehouse_path.exists() else None


def _holds_nothing(path: Path) -> bool:
    """Return whether a warehouse is not there, or has neither a landed row nor a model; one that is in use has some."""
    if not path.exists():
        return True
    try:
        with connect(None, memory_limit=_MEMORY, threads=1) as conn:
            attach(conn, path, CATALOGUE, "read_only")
            found = conn.execute(
                "select 1 from duckdb_tables() where database_name = ?"
                " and (schema_name = 'marts' or schema_name = 'raw' and estimated_size > 0) limit 1",
                [CATALOGUE],
            ).fetchone()
    except duckdb.Error:
        return False
    return found is None


def _attach_empty(conn: duckdb.DuckDBPyConnection) -> None:
    """Attach an empty warehouse in memory, with all tables."""
    conn.execute(f"attach ':memory:' as {CATALOGUE}")
    with conn.cursor() as cursor:
        cursor.execute(f"use {CATALOGUE}")
        apply_schema(cursor, SystemClock())


def _attach(conn: duckdb.DuckDBPyConnection, path: Path, alias: str, *, read_only: bool = False) -> None:
    """Attach a file, and create it and its folder first if it is to be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        attach(conn, path, alias, "read_only" if read_only else STORAGE)
    except duckdb.IOException as error:
        raise DbtRuntimeError(str(translate_error(str(error), path))) from None


def _is_migrated(path: Path) -> bool:
    """Return whether the file exists and has all migrations, without writing to it."""
    if not path.exists():
        return False
    with connect(None, memory_limit=_MEMORY, threads=1) as conn:
        _attach(conn, path, CATALOGUE, read_only=True)
        conn.execute(f"use {CATALOGUE}")
        try:
            apply_schema(conn, SystemClock())  # nothing to do, or DuckDB refuses to write
        except duckdb.InvalidInputException:
            return False
        except MusicTrackerError as error:
            raise DbtRuntimeError(str(error)) from None
    return True


def _migrate(path: Path) -> None:
    """Apply the migrations that the file lacks, on a connection of its own."""
    with connect(None, memory_limit=_MEMORY, threads=1) as conn:
        _attach(conn, path, CATALOGUE)
        conn.execute(f"use {CATALOGUE}")
        try:
            apply_schema(conn, SystemClock())
        except MusicTrackerError as error:
            raise DbtRuntimeError(str(error)) from None
