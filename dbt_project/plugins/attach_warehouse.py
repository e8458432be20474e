"""The door through which dbt comes to the warehouse: makes what is missing, attaches, says who is in the way.

Target `dev` writes a file of its own (alias `dev`) and attaches the warehouse read-only; target `prod` attaches the
warehouse for writing. Its alias is `music_tracker` in both, whatever the file is called. A missing warehouse, or one
without the newest tables of extract_load/storage/schema, is given them first, so that an empty one builds.
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
from extract_load.storage.warehouse import CATALOGUE, STORAGE, apply_schema, in_our_words, quoted


class Plugin(BasePlugin):
    """Attaches the files of a target before dbt's own `attach`, which then finds them there."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take `warehouse_path` and `own_path`; a relative one counts from the root, not from the working directory."""
        self._warehouse = project_root() / Path(plugin_config["warehouse_path"]).expanduser()
        self._own = project_root() / Path(plugin_config["own_path"]).expanduser()
        self._writes_warehouse = self.creds is not None and self.creds.database == CATALOGUE

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        """Spill beside the file that is written."""
        target = self._warehouse if self._writes_warehouse else self._own
        config.setdefault("temp_directory", str(target.parent / ".duckdb_tmp"))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Attach the files. Errors: DbtRuntimeError, one sentence that says what is in the way."""
        if self._writes_warehouse:
            _with_schema(self._warehouse)
            _attach(conn, self._warehouse, CATALOGUE)
            return
        if not _has_schema(self._warehouse):
            _with_schema(self._warehouse)
        _attach(conn, self._warehouse, CATALOGUE, read_only=True)
        _attach(conn, self._own, "dev")


def _attach(conn: duckdb.DuckDBPyConnection, path: Path, alias: str, *, read_only: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        conn.execute(f"attach '{quoted(path)}' as {alias} ({'read_only' if read_only else STORAGE})")
    except duckdb.IOException as error:
        raise DbtRuntimeError(str(in_our_words(str(error), path))) from None


def _has_schema(path: Path) -> bool:
    """Tell whether the file is there with every table of ours, reading only."""
    if not path.exists():
        return False
    with duckdb.connect(":memory:") as conn:
        _attach(conn, path, CATALOGUE, read_only=True)
        conn.execute(f"use {CATALOGUE}")
        try:
            apply_schema(conn, SystemClock())  # nothing to do, or DuckDB refuses to write
        except duckdb.InvalidInputException:
            return False
        except MusicTrackerError as error:
            raise DbtRuntimeError(str(error)) from None
    return True


def _with_schema(path: Path) -> None:
    """Lay the tables that the file does not have yet, in a moment of its own."""
    with duckdb.connect(":memory:") as conn:
        _attach(conn, path, CATALOGUE)
        conn.execute(f"use {CATALOGUE}")
        try:
            apply_schema(conn, SystemClock())
        except MusicTrackerError as error:
            raise DbtRuntimeError(str(error)) from None
