"""The published file, opened read-only: a cursor for each request, at most two at once, none longer than five seconds.

The file is attached to a connection in memory, which may then touch no other file. When a publish has put another file
in its place, the next request opens that one; requests that are being answered finish on the old one. DuckDB keeps what
it has read as long as its memory lasts, so a file that has filled more than a little is closed when nobody asks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb

from page.errors import Unavailable
from page.params import Listener
from page.sql import Statement

AT_ONCE = 2
QUERY_SECONDS = 5.0
WAIT_SECONDS = 30.0
KEPT_BYTES = 4_000_000
"""How much of the file DuckDB may hold in memory between requests; its allocator keeps several times that."""

_ALIAS = "published"
_NO_FILE = "There is no published file yet."
_NO_FILE_HINT = "Run `music-tracker etl`; when it has published, load this page again."
_OLD_FILE = "The published file is from another version and lacks what this page shows."
_OLD_FILE_HINT = "Run `music-tracker etl` to write it again, then load this page again."
_UNREADABLE = "The published file can't be read now."
_UNREADABLE_HINT = "Load this page again in a moment. If that does not help, run `music-tracker etl`."

_LISTENERS = """
select
    coverage.listener_id,
    least(coverage.first_day, coalesce(heard.first_day, coverage.first_day)) as first_day,
    greatest(coverage.last_day, coalesce(heard.last_day, coverage.last_day)) as last_day,
    coalesce(heard.plays, 0) as plays
from (
    select listener_id, min(date_key) as first_day, max(date_key) as last_day
    from marts.fct_listening_coverage
    group by listener_id
) as coverage
full join (
    select listener_id, min(date_key) as first_day, max(date_key) as last_day, count(*) as plays
    from marts.fct_plays
    group by listener_id
) as heard using (listener_id)
order by plays desc, listener_id
"""


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of one query, and the statement that gave them."""

    statement: Statement
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]

    @property
    def first(self) -> dict[str, Any]:
        """The only row of a query that always has one."""
        return self.rows[0]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is asked once for each published file; `family` is the family file, where there is one."""

    listeners: tuple[Listener, ...] = ()
    published_at: datetime | None = None
    label: str = ""
    family: Path | None = None


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One published file that is open: its connection, its identity on disk and its facts."""

    connection: duckdb.DuckDBPyConnection
    identity: tuple[int, int, int]
    facts: Facts


@dataclass(slots=True)
class Cursor:
    """The cursor of one request."""

    connection: duckdb.DuckDBPyConnection
    facts: Facts

    def fetch(self, statement: Statement) -> Result:
        """Return all rows of a statement. Errors: Unavailable when it takes too long, or the file lacks something."""
        timer = threading.Timer(QUERY_SECONDS, self.connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            self.connection.execute(statement.text, statement.bound)
            columns = tuple(column[0] for column in self.connection.description or ())
            rows = [dict(zip(columns, row, strict=True)) for row in self.connection.fetchall()]
        except duckdb.InterruptException as error:
            raise Unavailable("This took longer than 5 seconds.", "Choose a shorter range.") from error
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise Unavailable(_OLD_FILE, _OLD_FILE_HINT) from error
        except duckdb.OutOfMemoryException as error:
            raise Unavailable("This needs more memory than the pages have.", "Choose a shorter range.") from error
        except duckdb.IOException as error:
            raise Unavailable(_UNREADABLE, _UNREADABLE_HINT) from error
        finally:
            timer.cancel()
        return Result(statement, columns, rows)


class Source(Protocol):
    """Where pages come from: one published file, or those of a household."""

    def cursor(self, listener: str = "") -> AbstractContextManager[Cursor]:
        """Return a cursor on the file of a listener."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


@dataclass(slots=True)
class Database:
    """The published file at `path`, whichever it is at the moment."""

    path: Path
    memory_limit: str = "80MB"
    threads: int = 1
    _opened: OpenFile | None = None
    _known: OpenFile | None = None
    _asking: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _slots: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    @contextmanager
    def cursor(self, listener: str = "") -> Iterator[Cursor]:  # noqa: ARG002  # one file has everybody
        """Yield a cursor on the newest file. Errors: Unavailable when there is none, or too many are waiting."""
        if not self._slots.acquire(timeout=WAIT_SECONDS):
            raise Unavailable("Too many pages are being asked for.", "Load this page again in a moment.")
        try:
            with self._lock:
                opened = self._current()
                connection = opened.connection.cursor()
                self._asking += 1
            try:
                connection.execute(f"use {_ALIAS}")
                yield Cursor(connection, opened.facts)
            finally:
                connection.close()
                self._give_back()
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._opened:
            self._opened.connection.close()
        self._opened = None

    def _give_back(self) -> None:
        """Count a request as answered; close the file when it was the only one and DuckDB keeps much in memory."""
        with self._lock:
            self._asking -= 1
            if self._asking == 0 and self._opened and bytes_kept(self._opened.connection) > KEPT_BYTES:
                self._close()

    def _current(self) -> OpenFile:
        """Return the open file, opened again when another one stands at its path; the lock is held."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._opened = None
            raise Unavailable(_NO_FILE, _NO_FILE_HINT) from None
        except OSError as error:
            raise Unavailable(_UNREADABLE, _UNREADABLE_HINT) from error
        identity = found.st_dev, found.st_ino, found.st_mtime_ns
        if self._opened is None or self._opened.identity != identity:
            # Cursors of the old connection keep its file open until their requests are answered.
            self._opened = self._known = self._open(identity)
        return self._opened

    def _open(self, identity: tuple[int, int, int]) -> OpenFile:
        """Open the file; its facts are not asked again when it is the one that was open before."""
        try:
            connection = attach_read_only(self.path, self.memory_limit, self.threads)
        except (duckdb.Error, OSError) as error:
            raise Unavailable(_UNREADABLE, _UNREADABLE_HINT) from error
        try:
            known = self._known
            facts = known.facts if known and known.identity == identity else read_facts(connection)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            connection.close()
            raise Unavailable(_OLD_FILE, _OLD_FILE_HINT) from error
        return OpenFile(connection, identity, facts)


def attach_read_only(path: Path, memory_limit: str, threads: int) -> duckdb.DuckDBPyConnection:
    """Return a connection that reads one database file and can touch no other. Errors: duckdb's own."""
    config: dict[str, Any] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    quoted = str(path).replace("'", "''")
    try:
        connection.execute(f"attach '{quoted}' as {_ALIAS} (read_only)")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        connection.execute(f"use {_ALIAS}")
    except duckdb.Error:
        with suppress(duckdb.Error):
            connection.close()
        raise
    return connection


def bytes_kept(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many bytes DuckDB holds in memory."""
    kept = connection.execute("select cast(sum(memory_usage_bytes) as bigint) from duckdb_memory()").fetchone()
    return int(kept[0]) if kept else 0


def read_facts(connection: duckdb.DuckDBPyConnection) -> Facts:
    """Return the listeners of the file, the one with the most plays first, and when it was published."""
    listeners: Sequence[tuple[Any, ...]] = connection.execute(_LISTENERS).fetchall()
    published = connection.execute("select published_at, label from about.publication").fetchall()
    at, label = published[0] if published else (None, None)
    return Facts(tuple(Listener(*row) for row in listeners), at, label or "")
