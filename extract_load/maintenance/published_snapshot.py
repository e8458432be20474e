"""A snapshot of the published file: checksums of its marts, and the files and polls that it was made from.

With it, a restored backup can be compared with what the listener saw: the marts are built from the same files and
polls, and must be the same. What came in later is named, so that a backup made during a run can be checked, too.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from extract_load.core.settings import Settings
from extract_load.maintenance.backup_manifest import Published
from extract_load.maintenance.table_checksums import Marks, fingerprint
from extract_load.storage.day_files import is_day_archive
from extract_load.storage.duckdb_connection import PUBLISHED, open_published
from extract_load.storage.spool import SpoolStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Evidence:
    """When something was published (UTC), the marks of its marts, and the files and polls that it was made from."""

    published_at: datetime
    marts: Marks
    files: frozenset[str]
    polls: frozenset[str]


def published_evidence(settings: Settings) -> Evidence | None:
    """Read the published file; None when there is none, or it can't be read."""
    if not settings.published_path.exists():
        return None
    try:
        with open_published(settings) as reader:
            published_at = reader.execute(f"select published_at from {PUBLISHED}.about.publication").fetchall()[0][0]
            files = reader.execute(f"select source_file from {PUBLISHED}.about.files").fetchall()
            polls = reader.execute(f"select poll_id from {PUBLISHED}.about.polls").fetchall()
            return Evidence(published_at, fingerprint(reader, PUBLISHED), _names(files), _names(polls))
    except (duckdb.Error, IndexError) as error:
        log.warning("The published file says nothing that can be compared (%s).", type(error).__name__)
        return None


def published_state(evidence: Evidence, store: SpoolStore, names: Iterable[str], state: Path) -> Published:
    """Return the checksums of the marts, and the files (by manifest path) and polls of a backup that came after them.

    `names` are the backup's files of spool and cache; the archives among them are read from `store`.
    """
    there = {path for name in names for path in _manifest_paths(store, name, evidence.published_at)}
    later_files = sorted(there - evidence.files)
    later_polls = sorted(_polls_of(state) - evidence.polls)
    return Published(evidence.published_at.isoformat(sep=" "), evidence.marts, later_files, later_polls)


def _manifest_paths(store: SpoolStore, name: str, published_at: datetime) -> Iterator[str]:
    """Yield the manifest paths that a file of the backup holds, as far as they may be newer than the marts."""
    path = store.path_of(name)
    if not is_day_archive(path):
        yield name
        return
    if not path.exists():
        return
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    if written < published_at - timedelta(days=1):
        return  # a day is archived after its files are landed, so these were
    yield from (file.manifest_path for file in store.files_in(path))


def _polls_of(state: Path) -> set[str]:
    if not state.exists():
        return set()
    with closing(sqlite3.connect(state)) as copy:
        if not copy.execute("select 1 from sqlite_master where name = 'polls'").fetchall():
            return set()
        return {str(row[0]) for row in copy.execute("select poll_id from polls")}


def _names(rows: list[tuple[str]]) -> frozenset[str]:
    return frozenset(row[0] for row in rows)
