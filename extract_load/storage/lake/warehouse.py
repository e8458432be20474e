"""The warehouse in a lake: rows in an object store, their catalogue in PostgreSQL, any number of processes.

Rows of plays are appended by whoever has some, in one transaction each, tried again from its start when it lost a race:
DuckLake aborts, it never loses or doubles. Everything else happens under one advisory lock. Duplicates of plays fall
when a build reads them (sources.py). The spool stays the truth: a lake that went wrong is made again from it.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.settings import Settings
from extract_load.storage.duckdb_connection import connect
from extract_load.storage.lake.advisory_lock import AdvisoryLock
from extract_load.storage.lake.connection import attach_lake
from extract_load.storage.lake.outages import is_passing, outages_as_unavailable, unavailable
from extract_load.storage.lake.postgres import connect_postgres
from extract_load.storage.lake.schema import apply_lake_schema
from extract_load.storage.schema_steps import applied_versions, schema_steps
from extract_load.storage.transaction import transaction
from extract_load.storage.warehouse import CATALOGUE

log = logging.getLogger(__name__)
T = TypeVar("T")

LOCK = "warehouse"
ATTEMPTS = 30


class LakeWarehouse:
    """The lake of one settings object. Cheap to make; holds no connection until asked."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.path = settings.warehouse_path  # its folder is this machine's own: scratch, buckets
        self.lock = AdvisoryLock(settings, LOCK, clock)
        self._settings = settings
        self._clock = clock or SystemClock()
        self._own = threading.local()
        self._making = AdvisoryLock(settings, "making of the lake", clock)
        self._is_made = False

    @contextmanager
    def open(
        self,
        purpose: str,
        wait_seconds: float | None = None,
        *,
        checkpoint: bool = True,  # noqa: ARG002
        apart: bool = False,  # noqa: ARG002
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection with the lock held; nested calls of a thread share it.

        Errors: WarehouseBusy after `wait_seconds`; ServiceUnavailable when PostgreSQL or the store is not there.
        """
        shared: duckdb.DuckDBPyConnection | None = getattr(self._own, "connection", None)
        if shared is not None:
            yield shared
            return
        wait = self._settings.lock_wait_seconds if wait_seconds is None else wait_seconds
        with self.lock.held(purpose, wait), outages_as_unavailable():
            connection = self.connection()
            self._own.connection = connection
            try:
                apply_lake_schema(connection, self._clock)
                yield connection
            finally:
                self._own.connection = None
                connection.close()

    @contextmanager
    def hold(self, purpose: str, wait_seconds: float | None = None) -> Iterator[None]:
        """Hold the lock without a connection."""
        wait = self._settings.lock_wait_seconds if wait_seconds is None else wait_seconds
        with self.lock.held(purpose, wait):
            yield

    @property
    def appends_freely(self) -> bool:
        """Return True: DuckLake takes appends of many."""
        return True

    def append(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run `work` in one transaction without the lock; from its start again when it lost a race.

        Errors: ServiceUnavailable when it lost too often, or a server is away for long; then nothing of it is kept.
        """
        for attempt in range(ATTEMPTS):
            try:
                with self.appending() as connection, transaction(connection):
                    return work(connection)
            except duckdb.Error as error:
                if not is_passing(error):
                    raise
                if attempt == ATTEMPTS - 1:
                    raise unavailable(error) from error
                log.info("A transaction of the lake is tried again: %s.", type(error).__name__)
                self._forget_connection()
                self._clock.sleep(random.uniform(0.05, 0.2) * min(attempt + 1, 10))
        raise AssertionError("unreachable")

    @contextmanager
    def appending(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield this thread's connection for appending; it stays open for the next one. The schema is there."""
        kept: duckdb.DuckDBPyConnection | None = getattr(self._own, "appending", None)
        if kept is None:
            kept = self.connection()
            self._own.appending = kept
            if len(applied_versions(kept)) < len(schema_steps()):
                with self.open("schema"):
                    pass
        yield kept

    def close(self) -> None:
        """Close what `appending` kept open in this thread."""
        self._forget_connection()

    def connection(self, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        """Return a new connection with the lake attached and in use; the first one ever makes the lake."""
        with self._made_once():
            return self._attached(read_only=read_only)

    @contextmanager
    def _made_once(self) -> Iterator[None]:
        """Let one process make DuckLake's tables: of two that try at once, one would fail."""
        if self._is_made:
            yield
            return
        with connect_postgres(self._settings) as postgres:
            known = postgres.execute("select to_regclass('public.ducklake_snapshot') is not null").fetchall()
        if known[0][0]:
            yield
        else:
            with self._making.held("making the lake", self._settings.lock_wait_seconds):
                yield
        self._is_made = True

    def _attached(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        memory_limit, threads = self._settings.duckdb_memory_limit, self._settings.duckdb_threads
        connection = connect(self.path.parent / ".duckdb_tmp", memory_limit=memory_limit, threads=threads)
        try:
            attach_lake(connection, self._settings, CATALOGUE, read_only=read_only)
            connection.execute(f"use {CATALOGUE}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _forget_connection(self) -> None:
        kept: duckdb.DuckDBPyConnection | None = getattr(self._own, "appending", None)
        self._own.appending = None
        if kept is not None:
            with suppress(duckdb.Error):
                kept.close()
