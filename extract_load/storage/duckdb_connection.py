"""The one place that makes DuckDB connections and writes paths into SQL.

Each connection is in memory, with a memory limit, a number of threads and a folder to spill to, in UTC, and installs
nothing from the network; a database file is attached to it. DuckDB takes the path of every file that it reads for a
pattern: `file_literal` is how a path becomes one file, whatever its folders are called.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.storage.held_folder import held_folder

PUBLISHED = "published"
SPILL_PREFIX = ".spill-"
_GLOB = frozenset("*?[")

# DuckDB asks for pandas twice a parameter, and Python searches its whole path each time that a module is missing: three
# quarters of the time that it takes to insert a row. Python remembers a missing module only when it is told so.
if "pandas" not in sys.modules and find_spec("pandas") is None:
    sys.modules["pandas"] = None  # type: ignore[assignment]


def connect(spill_dir: Path | None, *, memory_limit: str, threads: int) -> duckdb.DuckDBPyConnection:
    """Return a connection in memory that spills to a folder, or to none; DuckDB makes the folder when it needs it."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": str(spill_dir) if spill_dir else "",
            "autoinstall_known_extensions": False,
        },
    )
    return _begin_session(connection)


def new_session(instance: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return one more connection on the instance of another, set up as that was, with temporary tables of its own."""
    return _begin_session(instance.cursor())


def _begin_session(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    return connection


@contextmanager
def open_duckdb(folder: Path, *, memory_limit: str, threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that spills to a folder of its own in `folder`, or not at all where it may not write."""
    with ExitStack() as stack:
        try:
            spill_dir = stack.enter_context(held_folder(folder, SPILL_PREFIX)) / "duckdb"
        except OSError:
            spill_dir = None
        yield stack.enter_context(connect(spill_dir, memory_limit=memory_limit, threads=threads))


@contextmanager
def open_read_only(path: Path, *, memory_limit: str = "500MB", threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection on a database file, attached read-only as `published` and in use.

    Errors: duckdb's own, when the file is missing or cannot be opened.
    """
    with open_duckdb(path.parent, memory_limit=memory_limit, threads=threads) as connection:
        attach(connection, path, PUBLISHED, "read_only")
        connection.execute(f"use {PUBLISHED}")
        yield connection


def open_published(settings: Settings, path: Path | None = None) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Return a connection on the published file (`path`: on that of one listener), under the limits of the settings."""
    limits = settings.duckdb_memory_limit, settings.duckdb_threads
    return open_read_only(path or settings.published_path, memory_limit=limits[0], threads=limits[1])


def attach(connection: duckdb.DuckDBPyConnection, path: Path, alias: str, options: str = "") -> None:
    """Attach a database file under an alias, with `options` as DuckDB writes them.

    Errors: ConfigurationError for a path with `?` that is to be written: DuckDB 1.5 takes what follows for parameters
    of an address and would write the log of the file into another folder.
    """
    if "?" in str(path) and options != "read_only":
        hint = "Rename the folder, or set DUCKDB_PATH or CACHE_DIR elsewhere."
        raise ConfigurationError(f"DuckDB can't write {path}, because the path has a ? in it.", hint=hint)
    connection.execute(f"attach '{quoted(path)}' as {alias}" + (f" ({options})" if options else ""))


def file_literal(path: Path) -> str:
    """Return a path as the SQL literal of exactly one file, for `read_json`, `read_csv` and their like.

    Each sign of a pattern stands in brackets, where it means itself. In a pattern a backslash parts folders and nothing
    can change that, so such a path stays as it is: DuckDB then takes it by its name when no pattern matches.
    """
    text = str(path)
    if "\\" not in text:
        text = "".join(f"[{sign}]" if sign in _GLOB else sign for sign in text)
    return f"'{quoted(text)}'"


def quoted(text: Path | str) -> str:
    """Return a text with its single quotes doubled, for the few statements of DuckDB that take no parameter."""
    return str(text).replace("'", "''")
