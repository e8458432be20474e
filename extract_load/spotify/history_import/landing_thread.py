"""Land the files of an import while others are still spooled: one thread, one connection, a million rows a transaction.

While another process holds the warehouse, the files wait in the spool; at the end the thread waits a few seconds for
it, and reports who holds it. A small machine has two cores: this thread takes one, the reader the other.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from extract_load.context import Context
from extract_load.landing.manifest import known_files
from extract_load.storage.spool import SpoolStore
from extract_load.storage.writer_lock import WarehouseBusy

PURPOSE = "music-tracker import"
LAST_WAIT_SECONDS = 10.0
_TRY_SECONDS = 1.0
_ENOUGH_ROWS = 1_000_000  # a row group of DuckDB's that two transactions share is written twice

_SpooledFile = tuple[Path, int]  # a file in the spool, and its rows


@dataclass(frozen=True, slots=True)
class FileInWarehouse:
    """What the manifest says about a file: rows by what became of them."""

    landed: int
    known: int
    rejected: int


@dataclass(slots=True)
class LandedFiles:
    """What the thread did: files by spool path, and who had the warehouse when it could not land them."""

    files: dict[Path, FileInWarehouse] = field(default_factory=dict)
    busy: str = ""


class LandingThread:
    """Takes spool files with `put`, lands them in their order; `finish` waits for the last one."""

    def __init__(self, context: Context, report: Callable[[Path], None]) -> None:
        self._context = context
        self._report = report
        self._queue: queue.Queue[_SpooledFile | None] = queue.Queue()
        self._is_closing = threading.Event()
        self._at_end = False
        self._given: list[Path] = []
        self._result = LandedFiles()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="import-landing")
        self._thread.start()

    def put(self, path: Path, rows: int) -> None:
        """Queue a file that is complete in the spool; `rows` is its row count."""
        self._given.append(path)
        self._queue.put((path, rows))

    def finish(self) -> LandedFiles:
        """Wait until everything is landed or the warehouse stays busy, and return what was landed.

        Errors: what the landing raised.
        """
        self._is_closing.set()
        self._queue.put(None)
        self._thread.join()
        if self._error:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            first = self._next_file()
            while not self._try_landing(first):
                first = None  # the landing of all that is in the spool takes it, too
        except BaseException as error:
            self._error = error

    def _try_landing(self, first: _SpooledFile | None) -> bool:
        """Land until the end; return False when the warehouse is busy and there is still time to try again."""
        is_last_try = self._is_closing.is_set()
        wait = min(LAST_WAIT_SECONDS, self._context.settings.lock_wait_seconds) if is_last_try else _TRY_SECONDS
        try:
            with self._context.warehouse.open(PURPOSE, wait, apart=True) as connection:
                _set_bulk_options(connection)
                self._land_batches(connection, first)
                self._context.landing.land(purpose=PURPOSE)
                self._result.files = _read_manifest(connection, self._context, self._given)
        except WarehouseBusy as busy:
            self._result.busy = busy.message
            return is_last_try
        self._result.busy = ""
        return True

    def _land_batches(self, connection: duckdb.DuckDBPyConnection, first: _SpooledFile | None) -> None:
        done = known_files(connection)  # another process may have landed some while this one waited
        while first or (first := self._next_file()):
            self._context.landing.land_together(connection, self._next_batch(first, done))
            first = None

    def _next_batch(self, first: _SpooledFile, done: Container[str]) -> Iterator[Path]:
        """Yield files for one transaction: those that are there and those that come, until it has enough rows."""
        given: _SpooledFile | None = first
        rows = 0
        while given:
            path, count = given
            try:
                if SpoolStore.of(self._context.settings).manifest_path(path) not in done:
                    yield path
            finally:
                self._report(path)
            rows += count
            given = self._next_file() if rows < _ENOUGH_ROWS else None

    def _next_file(self) -> _SpooledFile | None:
        """Wait for the next file; None at the end."""
        given = None if self._at_end else self._queue.get()
        self._at_end = given is None
        return given


def _set_bulk_options(connection: duckdb.DuckDBPyConnection) -> None:
    """Set what suits many rows in a row: one thread, little memory, the log cleared in large steps."""
    connection.execute("set threads = 1")
    connection.execute("set memory_limit = '400MB'")
    connection.execute("set wal_autocheckpoint = '256MB'")


def _read_manifest(
    connection: duckdb.DuckDBPyConnection, context: Context, paths: list[Path]
) -> dict[Path, FileInWarehouse]:
    names = {SpoolStore.of(context.settings).manifest_path(path): path for path in paths}
    found = connection.execute(
        "select source_file, rows_landed, rows_known, rows_rejected from ops.landed_files"
        " where source = 'spotify' and entity = 'streaming_history'"
    ).fetchall()
    return {names[row[0]]: FileInWarehouse(*row[1:]) for row in found if row[0] in names}
