"""The dbt-duckdb plugin that creates and attaches the database files of a target before dbt needs them.

Target `dev` writes a file of its own (alias `dev`) and attaches the warehouse read-only; target `prod` attaches the
warehouse for writing. The alias of the warehouse is `music_tracker` in both, whatever the file is called. A warehouse
that is missing, or lacks the newest tables of extract_load/storage/schema, is migrated first, so that an empty one
builds. A file that cannot be opened ends dbt with the sentence that the rest of the project uses for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from extract_load.core.clock import SystemClock
from extract_load.core.errors import MusicTrackerError
from extract_load.core.settings import project_root
from extract_load.storage.duckdb_connection import attach, connect
from extract_load.storage.warehouse import CATALOGUE, STORAGE, apply_schema, translate_error

_MEMORY = "200MB"  # for what is looked at and migrated before dbt begins


class Plugin(BasePlugin):
    """Attach the files of a target before dbt's own `attach`, which then skips them."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Read `warehouse_path` and `own_path`; a relative path is relative to the project root."""
        self._warehouse = project_root() / Path(plugin_config["warehouse_path"]).expanduser()
        self._own = project_root() / Path(plugin_config["own_path"]).expanduser()
        self._writes_warehouse = self.creds is not None and self.creds.database == CATALOGUE

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
        if not _is_migrated(self._warehouse):
            _migrate(self._warehouse)
        _attach(conn, self._warehouse, CATALOGUE, read_only=True)
        _attach(conn, self._own, "dev")


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
