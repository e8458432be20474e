"""The gateway to DuckDB: one writer at a time, one configuration, schema migrations applied on opening.

The database file is attached under the fixed name `music_tracker`, whatever it is called on disk. Connections are held
in short bursts, never across a network call; for the length of a dbt build `hold` keeps the lock with no connection.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
import psutil

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings
from extract_load.storage.duckdb_connection import attach, connect, new_session
from extract_load.storage.schema_steps import pending_steps, record_steps
from extract_load.storage.transaction import transaction
from extract_load.storage.writer_lock import WarehouseBusy, WriterLock

log = logging.getLogger(__name__)
T = TypeVar("T")

CATALOGUE = "music_tracker"
# Files are written in a form that DuckDB 1.2 and later read: raw JSON packs four times as small in it.
STORAGE = "storage_version 'v1.2.0'"
_OTHER_PROCESS = re.compile(r"\(PID (\d+)\)")
_DAMAGED = (
    *("it is not a valid DuckDB database file", "Corrupt database file", "Corrupt WAL file"),
    "Could not read enough bytes from file",
)
_RETRY_SECONDS = 0.25
_LARGEST_LOG_BYTES = 128 << 10
"""Ten polls: each opening reads the log again, and writing it to its place takes as long as some of them."""


class Warehouse:
    """The warehouse of one settings object. Cheap to make; holds no connection until asked."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.path = settings.warehouse_path
        self.lock = WriterLock(settings.lock_path, clock)
        self._settings = settings
        self._clock = clock or SystemClock()
        self._own = threading.local()
        self._instance: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def open(
        self, purpose: str, wait_seconds: float | None = None, *, checkpoint: bool = True, apart: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection with the lock held; nested calls of a thread share it.

        `purpose` is shown to those who wait. Errors: WarehouseBusy after `wait_seconds` (LOCK_WAIT_SECONDS when
        not given), also when a process that knows no lock, such as a duckdb shell, has the file open.
        Without a `checkpoint`, a few new rows stay in the write-ahead log when it closes, until that is large: writing
        them to their place costs the more the more rows are there. `apart` is for who changes settings of DuckDB that
        hold for a whole instance: it ends with the block. Otherwise the file is detached then, and the instance waits
        for the next opening; making one costs more than most of what is done here.
        """
        shared: duckdb.DuckDBPyConnection | None = getattr(self._own, "connection", None)
        if shared is not None:
            yield shared
            return
        wait = self._settings.lock_wait_seconds if wait_seconds is None else wait_seconds
        started = self._clock.monotonic()
        with self.lock.held(purpose, wait):
            instance, connection = self._connect(wait - (self._clock.monotonic() - started))
            self._own.connection = connection
            keeps_log = not checkpoint and self._log_bytes() < _LARGEST_LOG_BYTES
            connection.execute(f"pragma {'disable' if keeps_log else 'enable'}_checkpoint_on_shutdown")
            is_reusable = False
            try:
                yield connection
                is_reusable = not apart
            finally:
                self._own.connection = None
                connection.close()
                self._put_away(instance, is_reusable)

    @contextmanager
    def hold(self, purpose: str, wait_seconds: float | None = None) -> Iterator[None]:
        """Hold the lock without a connection, for a process or a library that opens the file itself (dbt)."""
        wait = self._settings.lock_wait_seconds if wait_seconds is None else wait_seconds
        with self.open(purpose, wait):
            pass  # the file exists, is free, and has its schema
        with self.lock.held(purpose, wait):
            self._end_instance()  # the memory that it keeps is for whoever opens the file now
            yield

    def _end_instance(self) -> None:
        """End the instance that waits for the next opening."""
        instance, self._instance = self._instance, None
        if instance is not None:
            instance.close()

    @property
    def appends_freely(self) -> bool:
        """Return False: a file has one writer."""
        return False

    def append(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run `work` in one transaction, with the lock held. Errors: WarehouseBusy."""
        with self.open("landing") as connection, transaction(connection):
            return work(connection)

    def _log_bytes(self) -> int:
        """Return the size of the write-ahead log."""
        try:
            return self.path.with_name(self.path.name + ".wal").stat().st_size
        except OSError:
            return 0

    def _put_away(self, instance: duckdb.DuckDBPyConnection, is_reusable: bool) -> None:
        """Close the file: detach it from an instance that is used again, and end any other instance."""
        if is_reusable:
            try:
                instance.execute(f"detach {CATALOGUE}")
            except duckdb.Error:
                log.debug("The instance of DuckDB is not used again.", exc_info=True)
            else:
                self._instance = instance
                return
        instance.close()

    def _connect(self, wait: float) -> tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]:
        """Return an instance with the file attached, and a connection of it that uses the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        deadline = self._clock.monotonic() + wait
        if not self.path.exists() and not self.path.is_symlink():
            self._create()
        while True:
            instance, self._instance = self._instance or self._new_instance(), None
            try:
                attach(instance, self.path, CATALOGUE, STORAGE)
                connection = new_session(instance)
                connection.execute(f"use {CATALOGUE}")
                apply_schema(connection, self._clock)
            except duckdb.IOException as error:
                instance.close()
                refusal = translate_error(str(error), self.path)
                if not isinstance(refusal, WarehouseBusy) or self._clock.monotonic() >= deadline:
                    raise refusal from None
                self._clock.sleep(_RETRY_SECONDS)
            except BaseException:
                instance.close()
                raise
            else:
                return instance, connection

    def _create(self) -> None:
        """Write a new warehouse beside its place, then rename it: killed half-way, DuckDB leaves a file it can't open.

        The writer lock is held, so what an earlier process left there is nobody's.
        """
        new = self.path.with_name(f".{self.path.name}.new")
        for left in (new, new.with_name(new.name + ".wal")):
            left.unlink(missing_ok=True)
        with closing(self._new_instance()) as connection:
            attach(connection, new, CATALOGUE, STORAGE)
            connection.execute(f"use {CATALOGUE}")
            failpoint("warehouse.being_created")
            apply_schema(connection, self._clock)
            connection.execute("force checkpoint")  # an error of the one at close would stay silent
        new.replace(self.path)

    def _new_instance(self) -> duckdb.DuckDBPyConnection:
        memory_limit, threads = self._settings.duckdb_memory_limit, self._settings.duckdb_threads
        return connect(self.path.parent / ".duckdb_tmp", memory_limit=memory_limit, threads=threads)


def apply_schema(connection: duckdb.DuckDBPyConnection, clock: Clock) -> None:
    """Apply the steps of the schema that the database does not have yet, in one transaction.

    Errors: ConfigurationError when the database was made by a newer version of the program.
    """
    pending = pending_steps(connection, "warehouse")
    if pending:
        with transaction(connection):
            for step in pending:
                connection.execute(step.sql)
            record_steps(connection, pending, clock)


def translate_error(text: str, path: Path) -> Exception:
    """Return the error of ours for DuckDB's message about a file that it can't open.

    DuckDB has one type for all of them, so whole phrases of its own are looked for, with the path taken out: a folder
    may be called "lock" or "corrupt".
    """
    said = text.replace(str(path), "").replace(str(path.resolve()), "")
    if "Could not set lock on file" in said:
        found = _OTHER_PROCESS.search(said)
        pid = int(found[1]) if found else 0
        try:
            who = f"{psutil.Process(pid).name()} (process {pid})" if pid else "another process"
        except psutil.Error:
            who = f"process {pid}"
        return WarehouseBusy(
            f"The warehouse file is open in {who}.", hint="Close it there, or let the next run try again."
        )
    if any(phrase in said for phrase in _DAMAGED):
        return BadInput(
            f"{path.name} is not a DuckDB database that can be read.",
            hint="Move it away and run `music-tracker rebuild`: the plays are safe in the spool.",
        )
    if "but we can only read version" in said:
        return ConfigurationError(
            f"{path.name} was written by another version of DuckDB.", hint="Run `make setup`, then try again."
        )
    return ConfigurationError(
        f"{path.name} can't be opened in {path.parent.name}/.", hint="Check that the folder exists and is writable."
    )
