"""Whether the files of the data directory can be read, and by this version: state, warehouse, published file.

Each is opened for reading only, so looking changes nothing: an old warehouse is not brought up to date by it. One
check result each, with the way out of what is wrong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb

from extract_load.core.errors import MusicTrackerError
from extract_load.core.settings import Settings
from extract_load.monitoring.check_result import CheckResult
from extract_load.storage.duckdb_connection import open_read_only
from extract_load.storage.opening import open_warehouse
from extract_load.storage.schema_steps import schema_steps
from extract_load.storage.state import from_iso
from extract_load.storage.warehouse import translate_error
from extract_load.storage.writer_lock import WarehouseBusy

_MEMORY = "200MB"
_RECORDED = (("requests", "requested_at"), ("polls", "polled_at"), ("runs", "started_at"))


def check_state(path: Path) -> CheckResult:
    """Return whether the state file is whole; one that is not there yet is."""
    try:
        if path.exists():
            with closing(_read_only(path)) as state:
                answers = [row[0] for row in state.execute("pragma quick_check")]
                if answers != ["ok"]:
                    return _damaged_state(path, str(answers[0]))
    except sqlite3.Error as error:
        return _damaged_state(path, str(error))
    return CheckResult("state", "ok", "The state file is whole.")


def newest_record(path: Path) -> datetime | None:
    """Return the latest moment (UTC) that the state knows, None where there is none or it can't be read."""
    found = []
    try:
        with closing(_read_only(path)) as state:
            for table, column in _RECORDED:
                known = state.execute("select 1 from sqlite_master where name = ?", (table,)).fetchone()
                latest = state.execute(f"select max({column}) from {table}").fetchone()[0] if known else None
                found += [from_iso(latest)] if latest else []
    except (sqlite3.Error, ValueError):
        return None
    return max(found, default=None)


def check_warehouse(settings: Settings) -> Iterator[CheckResult]:
    """Yield whether the warehouse opens, or would open once it is there, and whether its schema is ours."""
    path = settings.warehouse_path
    try:
        versions = _schema_versions(path) if path.exists() else set()
    except duckdb.IOException as error:
        yield _refused(translate_error(str(error), path))
        return
    except duckdb.Error as error:
        text = f"{path.name} can't be read: {_first_line(error)}"
        yield CheckResult("warehouse", "problem", text, "Move it away and run `music-tracker rebuild`: plays are safe.")
        return
    ours = schema_steps()[-1].version
    theirs = max(versions, default=None)
    if theirs is not None and theirs > ours:
        text = f"The warehouse has schema version {theirs}, this program knows {ours}."
        hint = "Update the music tracker, or restore a backup that this version made."
        yield CheckResult("warehouse", "problem", text, hint)
    elif path.exists() and (theirs is None or theirs < ours):
        text = f"The warehouse has schema version {theirs or 0}, this program works with {ours}."
        hint = "The next run updates it by itself; `music-tracker backup` first keeps a way back."
        yield CheckResult("warehouse", "warning", text, hint)
    else:
        yield _opens(settings)


def check_published(path: Path) -> Iterator[CheckResult]:
    """Yield a problem when the published file is there and can't be read to the end."""
    if not path.exists():
        return
    try:
        with open_read_only(path, memory_limit=_MEMORY) as reader:
            tables = reader.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'published'"
            ).fetchall()
            for schema, table in tables:
                reader.execute(f'select bit_xor(hash(t)) from published."{schema}"."{table}" t').fetchall()
    except duckdb.Error as error:
        text = f"The published file is damaged ({_first_line(error)})."
        hint = "Run `music-tracker etl`: it is made again from the warehouse. Nothing was lost."
        yield CheckResult("published-file", "problem", text, hint)


def _opens(settings: Settings) -> CheckResult:
    try:
        with open_warehouse(settings).open("music-tracker doctor", wait_seconds=1):
            return CheckResult("warehouse", "ok", "The warehouse opens.")
    except MusicTrackerError as error:
        return _refused(error)
    except (duckdb.Error, OSError) as error:
        return CheckResult("warehouse", "problem", f"The warehouse can't be opened: {_first_line(error)}", "See above.")


def _refused(error: Exception) -> CheckResult:
    level = "note" if isinstance(error, WarehouseBusy) else "problem"
    hint = error.hint if isinstance(error, MusicTrackerError) else ""
    text = error.message if isinstance(error, MusicTrackerError) else str(error)
    return CheckResult("warehouse", level, text, hint)  # type: ignore[arg-type]


def _schema_versions(path: Path) -> set[int]:
    """Return the versions that a warehouse has; none for a file that is no warehouse of ours yet."""
    with open_read_only(path, memory_limit=_MEMORY) as reader:
        known = reader.execute(
            "select 1 from duckdb_tables() where database_name = 'published' and schema_name = 'ops'"
            " and table_name = 'schema_versions'"
        ).fetchall()
        if not known:
            return set()
        return {int(row[0]) for row in reader.execute("select version from published.ops.schema_versions").fetchall()}


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)


def _damaged_state(path: Path, reason: str) -> CheckResult:
    text = f"The state file {path.name} is damaged ({reason})."
    hint = "What it knew comes back from the warehouse with the next run, which sets the damaged file aside by itself."
    return CheckResult("state", "problem", text, hint)


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
