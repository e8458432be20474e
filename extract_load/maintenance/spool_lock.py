"""The spool lock: one of compaction, erasure, rebuild, backup and restore may move or rewrite spool files at a time.

Ingestion never takes this lock: it only adds files under new names. So while it is held, files of the spool and the
cache may appear, but none changes or disappears.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from extract_load.core.clock import Clock
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.writer_lock import WarehouseBusy, WriterLock


@contextmanager
def spool_lock(settings: Settings, purpose: str, clock: Clock | None = None) -> Iterator[None]:
    """Hold the spool lock for a block; `purpose` is shown to those who wait.

    Errors: ServiceUnavailable after LOCK_WAIT_SECONDS, naming who has it.
    """
    lock = WriterLock(settings.data_dir / ".keeping.lock", clock)
    taken = lock.held(purpose, settings.lock_wait_seconds)
    try:
        taken.__enter__()
    except WarehouseBusy:
        holder = lock.holder() or "another process"
        msg = f"The spool is locked by {holder}; waited {settings.lock_wait_seconds:g} s."
        raise ServiceUnavailable(msg, service="spool") from None
    try:
        yield
    finally:
        taken.__exit__(None, None, None)
