"""Which files came in lately and wait to be landed: what a poll looks at, so its cost does not grow with the years.

A landing of every file is noted in the state, with the number of files that the warehouse then knew. From then on a
poll only looks at the folders of the days since: a file is always spooled into the folder of the day at which it was
received. A day later, or when the warehouse knows fewer files (it was deleted, or put back from an older copy), every
file is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from extract_load.storage.gzip_files import SUFFIX
from extract_load.storage.ports import State
from extract_load.storage.spool import SpoolStore, StoredFile
from extract_load.storage.state import LANDING, from_iso, to_iso

_KEY = "full"
_VALID_FOR = timedelta(days=1)


def note_full_landing(connection: duckdb.DuckDBPyConnection, state: State, now: datetime) -> None:
    """Remember that every file was looked at, and how many files the warehouse knows."""
    state.put(LANDING, _KEY, {"at": to_iso(now), "files": _known(connection)}, now)


def recent_since(connection: duckdb.DuckDBPyConnection, state: State, now: datetime) -> date | None:
    """Return the first day whose files may wait to be landed; None when every file has to be looked at."""
    noted = state.get(LANDING, _KEY)
    if not noted or _known(connection) < int(noted["files"]):
        return None
    at = from_iso(noted["at"])
    return at.date() - timedelta(days=1) if at <= now < at + _VALID_FOR else None


def find_recent_files(
    store: SpoolStore, connection: duckdb.DuckDBPyConnection, first_day: date, last_day: date
) -> list[StoredFile]:
    """Return the single files of some days (UTC, both included) that are not in the manifest, oldest first."""
    found = {
        store.manifest_path(path): StoredFile(store.manifest_path(path), path)
        for root in store.roots
        for path in _files_of_days(root, first_day, last_day)
    }
    query = "select source_file from ops.landed_files where source_file in (select unnest(?))"
    done = {row[0] for row in connection.execute(query, [list(found)]).fetchall()} if found else set()
    return sorted((file for name, file in found.items() if name not in done), key=lambda file: file.order)


def _files_of_days(root: Path, first_day: date, last_day: date) -> Iterator[Path]:
    days = [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 2)]
    for entity in root.glob("*/*/"):
        for day in days:
            yield from (entity / f"dt={day:%Y-%m-%d}").glob(f"*{SUFFIX}")


def _known(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute("select count(*) from ops.landed_files").fetchall()[0][0])
