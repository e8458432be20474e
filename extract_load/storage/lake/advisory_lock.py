"""A writer lock of PostgreSQL: it belongs to a connection and ends with it, on whichever machine its holder died.

The scope is a name, such as that of the warehouse, of a flow, or of one bucket. A row names the holder to those who
wait; whether somebody holds the lock is asked of the lock itself.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.lake.postgres import SERVICE, connect_postgres, outage_as_unavailable
from extract_load.storage.writer_lock import Holder, WarehouseBusy

log = logging.getLogger(__name__)

_POLL_SECONDS, _TELL_SECONDS = 0.05, 5.0


class AdvisoryLock:
    """The lock of one scope of one lake. Re-entrant in a thread; threads of one process queue up."""

    def __init__(self, settings: Settings, scope: str, clock: Clock | None = None) -> None:
        self._settings = settings
        self._scope = scope
        self._clock = clock or SystemClock()
        self._key = int.from_bytes(hashlib.sha256(f"music-tracker {scope}".encode()).digest()[:8], signed=True)
        self._thread = threading.RLock()
        self._depth = 0
        self._connection: psycopg.Connection | None = None

    @contextmanager
    def held(self, purpose: str, wait_seconds: float) -> Iterator[None]:
        """Hold the lock for a block; `purpose` is shown to those who wait.

        Errors: WarehouseBusy after `wait_seconds`; ServiceUnavailable when PostgreSQL is not there.
        """
        if not self._thread.acquire(timeout=max(wait_seconds, 0.001)):
            raise self._busy(wait_seconds)
        try:
            if self._depth == 0:
                self._connection = self._acquire(purpose, wait_seconds)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._connection is not None:
                    self._release(self._connection)
                    self._connection = None
        finally:
            self._thread.release()

    def confirm(self) -> None:
        """Check that the lock is still ours. Errors: ServiceUnavailable when its connection was lost meanwhile."""
        if self._connection is None:
            raise ServiceUnavailable(f"The lock of {self._scope} is not held.", service=SERVICE)
        with outage_as_unavailable():
            self._connection.execute("select 1")

    def holder(self) -> Holder | None:
        """Return who has the lock, None if nobody has."""
        with connect_postgres(self._settings) as connection, outage_as_unavailable():
            high, low = (self._key >> 32) & 0xFFFFFFFF, self._key & 0xFFFFFFFF
            locked = "select 1 from pg_locks where locktype = 'advisory' and objsubid = 1 and granted"
            if not connection.execute(f"{locked} and classid = %s and objid = %s", (high, low)).fetchall():
                return None
            found = connection.execute("select holder from lock_holders where scope = %s", (self._scope,)).fetchall()
        try:
            said = json.loads(found[0][0])
            return Holder(int(said["pid"]), str(said["command"]), str(said["since"]), str(said["host"]))
        except (IndexError, ValueError, KeyError, TypeError):
            return Holder(0, "another process", "")

    def _acquire(self, purpose: str, wait_seconds: float) -> psycopg.Connection:
        connection = connect_postgres(self._settings)
        deadline = self._clock.monotonic() + wait_seconds
        told = self._clock.monotonic() + _TELL_SECONDS
        try:
            with outage_as_unavailable():
                while not connection.execute("select pg_try_advisory_lock(%s)", (self._key,)).fetchall()[0][0]:
                    if self._clock.monotonic() >= deadline:
                        raise self._busy(wait_seconds)
                    if self._clock.monotonic() >= told:
                        log.info("Waiting for %s: %s has it.", self._scope, self.holder() or "another process")
                        told += _TELL_SECONDS
                    self._clock.sleep(_POLL_SECONDS)
                since = self._clock.now().isoformat(sep=" ", timespec="seconds")
                said = {"pid": os.getpid(), "host": socket.gethostname(), "command": purpose, "since": since}
                connection.execute(
                    "insert into lock_holders values (%s, %s)"
                    " on conflict (scope) do update set holder = excluded.holder",
                    (self._scope, json.dumps(said)),
                )
        except BaseException:
            connection.close()
            raise
        return connection

    def _release(self, connection: psycopg.Connection) -> None:
        with suppress(psycopg.Error):  # a connection that was lost has released the lock already
            connection.execute("select pg_advisory_unlock(%s)", (self._key,))
        connection.close()

    def _busy(self, waited: float) -> WarehouseBusy:
        who = self.holder() or "another process"
        return WarehouseBusy(f"The {self._scope} is in use by {who}; waited {waited:g} s.", service="warehouse")
