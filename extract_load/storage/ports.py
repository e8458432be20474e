"""What the rest of the program needs of its storage, as protocols, each with two adapters (opening.py chooses).

| port | embedded | lake |
| --- | --- | --- |
| `Warehouse` | one DuckDB file (warehouse.py) | DuckLake: PostgreSQL and an object store (lake/warehouse.py) |
| `WriterLock` | a file that its holder locks (writer_lock.py) | a lock of PostgreSQL (lake/advisory_lock.py) |
| `State` | SQLite (state.py) | PostgreSQL (lake/state.py) |
| `Store` | folders, nothing to exchange (store.py) | objects, put if absent (lake/objects.py) |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import duckdb

from extract_load.storage.state import PollRecord, RequestRecord
from extract_load.storage.writer_lock import Holder

T = TypeVar("T")


class WriterLock(Protocol):
    """A lock that ends with its holder. Re-entrant in a thread."""

    def held(self, purpose: str, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for a block. Errors: WarehouseBusy after `wait_seconds`."""
        ...

    def holder(self) -> Holder | None:
        """Return who has the lock, None if nobody has."""
        ...


class Warehouse(Protocol):
    """Where rows are: `open` for everything, `append` for raw rows, which many may add at once."""

    path: Path

    @property
    def lock(self) -> WriterLock:
        """Return the lock of everything that is not appended."""
        ...

    def open(
        self, purpose: str, wait_seconds: float | None = None, *, checkpoint: bool = True, apart: bool = False
    ) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Yield a connection with the lock held; nested calls of a thread share it. Errors: WarehouseBusy.

        `apart`: for who changes settings of the whole instance of DuckDB.
        """
        ...

    def hold(self, purpose: str, wait_seconds: float | None = None) -> AbstractContextManager[None]:
        """Hold the lock without a connection, for a process or a library that opens the warehouse itself."""
        ...

    @property
    def appends_freely(self) -> bool:
        """Whether rows of plays are appended without the lock, and duplicates fall when they are read."""
        ...

    def append(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run `work` in one transaction, without the lock where the warehouse allows it; again where it lost a race."""
        ...


class StateWriter(Protocol):
    """An open transaction of the state: statements of SQLite's dialect, as far as both adapters know it."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any:
        """Run a statement, and return a cursor."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run a statement once for each row of parameters."""
        ...


class State(Protocol):
    """Small facts that must be readable at any time; see state.py for what each method promises."""

    @property
    def is_shared(self) -> bool:
        """Whether it is the one of all machines; then `ops` has no copy of it."""
        ...

    def close(self) -> None:
        """Close it."""
        ...

    def transaction(self) -> AbstractContextManager[StateWriter]:
        """Yield a writer inside one write transaction, an outer one if there is."""
        ...

    def compact(self) -> None:
        """Leave nothing of deleted rows behind, as far as the adapter can."""
        ...

    def table_names(self) -> set[str]:
        """Return the names of its tables."""
        ...

    def rows(self, sql: str, parameters: tuple[Any, ...] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query as dictionaries."""
        ...

    def get(self, service: str, key: str) -> Any:
        """Return a remembered fact, None if there is none."""
        ...

    def put(self, service: str, key: str, value: Any, at: datetime) -> None:
        """Remember a fact (None forgets it)."""
        ...

    def facts(self, service: str) -> dict[str, Any]:
        """Return all that is remembered about a service."""
        ...

    def record_request(self, record: RequestRecord) -> None:
        """Count one request."""
        ...

    def number_requests_above(self, last: int, latest: datetime) -> None:
        """Renumber the requests of a state that was lost and recreated."""
        ...

    def continue_requests(self) -> None:
        """Let the next request have a number above all that are there."""
        ...

    def requests_since(self, service: str, bucket: str, since: datetime) -> int:
        """Count the requests of a bucket since a moment (UTC)."""
        ...

    def budget_frees_at(self, service: str, bucket: str, budget: int, now: datetime) -> datetime | None:
        """Return when a rolling 24 h budget allows the next request: None means now."""
        ...

    def blocked_until(self, service: str, bucket: str, now: datetime) -> datetime | None:
        """Return until when (UTC) nothing may be sent to a bucket, None if it is free."""
        ...

    def block(self, service: str, bucket: str, until: datetime, now: datetime) -> None:
        """Remember that nothing may be sent to a bucket before `until` (UTC)."""
        ...

    def record_poll(self, poll: PollRecord) -> None:
        """Keep one poll."""
        ...


class Store(Protocol):
    """Where spool, cache and published files are for everybody: the folders themselves, or objects beside them."""

    def push(self, files: Sequence[Path]) -> int:
        """Give files of spool and cache to everybody, each once for ever; return how many were new."""
        ...

    def pull(self, known: Callable[[Sequence[str]], set[str]], since: date | None = None) -> int:
        """Bring files that others gave and `known` does not name into the folders; return how many."""
        ...

    def put(self, file: Path, name: str) -> None:
        """Put a file in its place for everybody, such as `published/anna/music_tracker.duckdb`: whole or not at all."""
        ...

    def fetch(self, name: str, target: Path) -> bool:
        """Bring a file of that name into a folder; return whether there is one."""
        ...
