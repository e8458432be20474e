"""Land the files of an import beside its spooling: one thread, one connection, one transaction a file.

While the warehouse is somebody else's, the files wait in the spool; at the end a few seconds are waited for it, and who
has it is told. A small machine has two cores: this thread takes one, the reader the other.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from extract_load.enrichment import Context
from extract_load.lock import WarehouseBusy

PURPOSE = "music-tracker import"
LAST_WAIT_SECONDS = 10.0
_TRY_SECONDS = 1.0


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

    def __init__(self, context: Context, tell: Callable[[Path], None]) -> None:
        self._context = context
        self._tell = tell
        self._queue: queue.Queue[Path | None] = queue.Queue()
        self._is_closing = threading.Event()
        self._given: list[Path] = []
        self._result = LandedFiles()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="import-landing")
        self._thread.start()

    def put(self, path: Path) -> None:
        """Give a file that is complete in the spool."""
        self._given.append(path)
        self._queue.put(path)

    def finish(self) -> LandedFiles:
        """Wait until everything is landed, or is known to have to wait.

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
            first = self._queue.get()
            while not self._landed_all(first):
                first = None
        except BaseException as error:
            self._error = error

    def _landed_all(self, first: Path | None) -> bool:
        """Land until the end; say False when the warehouse is busy and there is still time to try again."""
        is_last_try = self._is_closing.is_set()
        wait = min(LAST_WAIT_SECONDS, self._context.settings.lock_wait_seconds) if is_last_try else _TRY_SECONDS
        try:
            with self._context.warehouse.open(PURPOSE, wait) as connection:
                _for_bulk(connection)
                self._land(connection, first)
                self._context.landing.land(purpose=PURPOSE)
                self._result.files = _manifest(connection, self._context, self._given)
        except WarehouseBusy as busy:
            self._result.busy = busy.what
            return is_last_try
        self._result.busy = ""
        return True

    def _land(self, connection: duckdb.DuckDBPyConnection, path: Path | None) -> None:
        while path is not None or not self._is_closing.is_set():
            if path is not None:
                self._context.landing.land_now(connection, [path])
                self._tell(path)
            path = self._queue.get()


def _for_bulk(connection: duckdb.DuckDBPyConnection) -> None:
    """Set what suits many rows in a row: one thread, little memory, the log cleared in large steps."""
    connection.execute("set threads = 1")
    connection.execute("set memory_limit = '400MB'")
    connection.execute("set wal_autocheckpoint = '256MB'")


def _manifest(
    connection: duckdb.DuckDBPyConnection, context: Context, paths: list[Path]
) -> dict[Path, FileInWarehouse]:
    names = {f"src/{path.relative_to(context.settings.spool_dir).as_posix()}": path for path in paths}
    found = connection.execute(
        "select source_file, rows_landed, rows_known, rows_rejected from ops.landed_files"
        " where source = 'spotify' and entity = 'streaming_history'"
    ).fetchall()
    return {names[row[0]]: FileInWarehouse(*row[1:]) for row in found if row[0] in names}
