"""The writer lock: one process, and one thread in it, has the warehouse at a time.

The lock is a file that the operating system releases when its holder dies, so there are no stale locks. A small JSON
file beside it (pid, command, since) names the holder to those who wait.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import ServiceUnavailable

log = logging.getLogger(__name__)

_SLICE_SECONDS = 5.0


class WarehouseBusy(ServiceUnavailable):
    """Somebody else has the warehouse; the sentence says who, and since when."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lock: process id, what it does, since when (UTC, ISO 8601)."""

    pid: int
    command: str
    since: str
    host: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Return what the holder does, its process id, on which other machine or container, and since when."""
        where = f" on {self.host}" if self.host not in ("", socket.gethostname()) else ""
        return f"{self.command} (process {self.pid}{where}, since {self.since} UTC)"


class WriterLock:
    """The lock of one warehouse. Re-entrant in a thread; threads of one process queue up as processes do."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self._info_path = path.with_name(path.name + ".json")
        self._clock = clock or SystemClock()
        self._thread = threading.RLock()
        self._depth = 0
        self._file: FileLock | None = None

    @contextmanager
    def held(self, purpose: str, wait_seconds: float) -> Iterator[None]:
        """Hold the lock for a block; `purpose` is shown to those who wait.

        Errors: WarehouseBusy after `wait_seconds`.
        """
        deadline = self._clock.monotonic() + wait_seconds
        if not self._thread.acquire(timeout=max(wait_seconds, 0.001)):
            raise self._busy(wait_seconds)
        try:
            if self._depth == 0:
                self._file = self._acquire(purpose, deadline, wait_seconds)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._file is not None:
                    self._info_path.unlink(missing_ok=True)
                    self._file.release()
                    self._file = None
        finally:
            self._thread.release()

    def holder(self) -> Holder | None:
        """Return who has the lock, None if nobody has.

        Whether somebody has it is asked of the lock: a process id means nothing in another container.
        """
        if not self._is_held():
            return None
        try:
            found = json.loads(self._info_path.read_text(encoding="utf-8"))
            return Holder(int(found["pid"]), str(found["command"]), str(found["since"]), str(found.get("host", "")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _is_held(self) -> bool:
        """Return whether this object or any other holds the lock."""
        if self._file is not None:
            return True
        try:
            handle = os.open(self.path, os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return isinstance(error, BlockingIOError)
        finally:
            os.close(handle)
        return False

    def _acquire(self, purpose: str, deadline: float, wait_seconds: float) -> FileLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path, thread_local=False)
        while True:
            left = deadline - self._clock.monotonic()
            try:
                lock.acquire(timeout=max(0.0, min(_SLICE_SECONDS, left)), poll_interval=0.02)
            except Timeout:
                if self._clock.monotonic() >= deadline:
                    raise self._busy(wait_seconds) from None
                log.info("Waiting for the warehouse: %s has it.", self.holder() or "another process")
                continue
            since = self._clock.now().isoformat(sep=" ", timespec="seconds")
            info = {"pid": os.getpid(), "host": socket.gethostname(), "command": purpose, "since": since}
            self._info_path.write_text(json.dumps(info), encoding="utf-8")
            return lock

    def _busy(self, waited: float) -> WarehouseBusy:
        who = self.holder() or "another process"
        return WarehouseBusy(f"The warehouse is in use by {who}; waited {waited:g} s.", service="warehouse")
