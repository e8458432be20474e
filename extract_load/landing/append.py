"""Append plays to a lake: any number of landers at once, without its lock, each batch in one transaction.

In: stored files of polls and exports. Out: their rows, rejects and manifest lines. Two landers that take the same file
both append it, and builds read it once (storage/lake/sources.py); a killed lander leaves nothing of its batch.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from extract_load.core.clock import Clock
from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings
from extract_load.erasure.rules import SOURCE, load_rules
from extract_load.landing.backlog import FileOpener
from extract_load.landing.manifest import BatchLander, Landed, SpoolFile, known_among, known_files, record
from extract_load.landing.recently_played import append_polls
from extract_load.landing.spool_reader import file_errors_as_bad_input
from extract_load.landing.streaming_history import land_history
from extract_load.storage.ports import Warehouse
from extract_load.storage.spool import SpoolStore, StoredFile

log = logging.getLogger(__name__)

BATCH_FILES = 50


def append_history(connection: duckdb.DuckDBPyConnection, files: Sequence[SpoolFile], clock: Clock) -> list[Landed]:
    """Append files of an export, inside the caller's transaction."""
    return [land_history(connection, file, clock) for file in files]


APPENDERS: dict[tuple[str, str], BatchLander] = {
    ("spotify", "recently_played"): append_polls,
    ("spotify", "streaming_history"): append_history,
}


@dataclass(slots=True)
class Appended:
    """What one call appended, file by file, and why files could not be."""

    landed: list[tuple[StoredFile, Landed]] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


def is_appended(file: StoredFile) -> bool:
    """Return whether a file is of a kind that is appended without the lock."""
    return (file.source, file.entity) in APPENDERS


def append_plays(settings: Settings, warehouse: Warehouse, pending: Sequence[StoredFile], clock: Clock) -> Appended:
    """Append files of plays, oldest first; those that are in already are left out.

    Errors: ServiceUnavailable when the lake is away; the files stay for the next call.
    """
    done = Appended()
    with tempfile.TemporaryDirectory(prefix="landing-") as scratch:
        opener = FileOpener(SpoolStore.of(settings), load_rules(settings.spool_dir), Path(scratch))
        for batch in _batches(pending):
            try:
                done.landed += _append(warehouse, opener, batch, clock)
            except BadInput:
                for file in batch:
                    _append_alone(warehouse, opener, file, clock, done)
            failpoint("landing.after_commit")
    return done


def remove_landed_copies(store: SpoolStore, connection: duckdb.DuckDBPyConnection) -> None:
    """Remove this machine's copies of what is landed: the objects are the truth, and whoever needs one brings it.

    The rules of erasure stay: each landing needs them.
    """
    landed = known_files(connection)
    for file in store.single_files():
        if file.manifest_path in landed and file.source != SOURCE:
            file.path.unlink(missing_ok=True)


def _append_alone(warehouse: Warehouse, opener: FileOpener, file: StoredFile, clock: Clock, done: Appended) -> None:
    try:
        done.landed += _append(warehouse, opener, [file], clock)
    except BadInput as error:
        done.reasons[file.manifest_path] = error.message
        log.error("%s can't be landed: %s", file.manifest_path, error)


def _append(
    warehouse: Warehouse, opener: FileOpener, batch: Sequence[StoredFile], clock: Clock
) -> list[tuple[StoredFile, Landed]]:
    def work(connection: duckdb.DuckDBPyConnection) -> list[tuple[StoredFile, Landed]]:
        known = known_among(connection, [file.manifest_path for file in batch])
        waiting = [file for file in batch if file.manifest_path not in known]
        if not waiting:
            return []
        with ExitStack() as stack:
            files = [stack.enter_context(opener.open(file)) for file in waiting]
            for file in files:
                stack.enter_context(file_errors_as_bad_input(file))
            landed = APPENDERS[(waiting[0].source, waiting[0].entity)](connection, files, clock)
            for file, result in zip(files, landed, strict=True):
                record(connection, file, result, clock)
            failpoint("landing.in_transaction")
        return list(zip(waiting, landed, strict=True))

    return warehouse.append(work)


def _batches(pending: Sequence[StoredFile]) -> Iterator[list[StoredFile]]:
    """Yield neighbours of one kind, some polls together; each file of an export alone."""
    batch: list[StoredFile] = []
    for file in pending:
        size = BATCH_FILES if file.entity == "recently_played" else 1
        if batch and (batch[0].entity != file.entity or len(batch) >= size):
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch
