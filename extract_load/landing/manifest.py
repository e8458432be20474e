"""The manifest: the landed files, the control total of each (rows by another reader), and what became of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import duckdb

from extract_load.core.clock import Clock


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One file to land. `name` is its manifest path, such as `src/spotify/recently_played/dt=...`."""

    path: Path
    name: str
    source: str
    entity: str


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of one file's rows: counted = landed + known + rejected."""

    fetched_at: datetime
    counted: int
    landed: int
    known: int = 0
    rejected: int = 0
    listener_id: str | None = None
    export_id: str | None = None
    original_name: str | None = None
    original_sha256: str | None = None


class Lander(Protocol):
    """Lands one file inside the caller's transaction."""

    def __call__(self, connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
        """Insert the rows and the rejects, and return how many."""
        ...


class BatchLander(Protocol):
    """Lands some files of one kind, the oldest first, inside the caller's transaction."""

    def __call__(self, connection: duckdb.DuckDBPyConnection, files: Sequence[SpoolFile], clock: Clock) -> list[Landed]:
        """Insert the rows and the rejects, and return how many of each file."""
        ...


def known_files(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the manifest paths of the landed files."""
    return {row[0] for row in connection.execute("select source_file from ops.landed_files").fetchall()}


def known_among(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> set[str]:
    """Return which of these manifest paths are landed."""
    if not names:
        return set()
    query = "select source_file from ops.landed_files where source_file in (select unnest(?))"
    return {row[0] for row in connection.execute(query, [list(names)]).fetchall()}


def record(connection: duckdb.DuckDBPyConnection, file: SpoolFile, landed: Landed, clock: Clock) -> None:
    """Write the file's line in the manifest."""
    connection.execute(
        "insert into ops.landed_files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(file.name, file.source, file.entity, landed.listener_id, landed.export_id),
            *(landed.original_name, landed.original_sha256, landed.fetched_at),
            *(landed.counted, landed.landed, landed.known, landed.rejected, clock.now()),
        ],
    )
