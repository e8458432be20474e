"""Small facts that must be readable at any time, also while the warehouse is locked: SQLite in WAL mode.

Holds what the services said about themselves (`service_state`), every request sent, every poll, and the backlog.
`ops.*` in the warehouse is a copy, made when landing. All times are naive UTC, stored as ISO 8601 text.
Always holds: one statement or one short transaction a call; safe from any thread and any process.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

# The longest pause that any service was ever seen to ask for is 24 h (docs/contracts/spotify.md, section 4). What lies
# further ahead is a service's mistake, or comes from a wrong clock, and must not keep us silent for years.
LONGEST_PAUSE = timedelta(hours=48)

SCHEMA = """
create table if not exists service_state (
    service text not null, key text not null, value text not null, updated_at text not null,
    primary key (service, key)
);
create table if not exists requests (
    request_id integer primary key autoincrement, run_id text not null, service text not null, bucket text not null,
    method text not null, endpoint text not null, requested_at text not null, status integer, outcome text not null,
    duration_ms integer not null, waited_ms integer not null
);
create index if not exists requests_by_bucket on requests (service, bucket, requested_at);
create index if not exists requests_by_time on requests (service, requested_at, bucket);
create table if not exists polls (
    poll_id text primary key, listener_id text not null, run_id text not null, polled_at text not null,
    outcome text not null, items integer not null, new_items integer not null, known_items integer not null,
    oldest_played_at text, newest_played_at text, gap_from text, gap_until text, message text
);
create index if not exists polls_by_time on polls (listener_id, polled_at);
create index if not exists polls_in_order on polls (polled_at, outcome);
drop index if exists polls_with_gap;
create index if not exists gaps_by_time on polls (polled_at) where outcome = 'gap';
create index if not exists polls_by_newest on polls (listener_id, newest_played_at);
"""


LANDING = "landing"
"""Facts under this service say how far the landing is: they are about `ops`, so they are not copied into it."""

_WAIT_SECONDS = 60.0

NEW = (LANDING, "is_new")
"""Service and key of the fact that a state file is new: what `ops` knows has to be brought back first."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as it left: grain one attempt; times in milliseconds; `endpoint` is a template, never an address."""

    run_id: str
    service: str
    bucket: str
    method: str
    endpoint: str
    requested_at: datetime
    status: int | None
    outcome: str
    duration_ms: int
    waited_ms: int


@dataclass(frozen=True, slots=True)
class PollRecord:
    """One poll of recently-played; `outcome` as in ops.polls; a gap carries its bounds (UTC)."""

    poll_id: str
    listener_id: str
    run_id: str
    polled_at: datetime
    outcome: str
    items: int
    new_items: int
    known_items: int
    oldest_played_at: datetime | None = None
    newest_played_at: datetime | None = None
    gap_from: datetime | None = None
    gap_until: datetime | None = None
    message: str | None = None


def _open(path: Path) -> sqlite3.Connection:
    """Return a connection with its schema. Errors: sqlite3.DatabaseError when the file is damaged."""
    db = sqlite3.connect(path, timeout=_WAIT_SECONDS, check_same_thread=False, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        _turn_on_write_ahead_log(db)
        db.execute("pragma synchronous = full")
        db.executescript(SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _turn_on_write_ahead_log(db: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging; SQLite does not wait by itself when two processes do so at once."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            db.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(0.01)


def _set_aside(path: Path) -> None:
    """Rename a damaged state file and remove its log, whose pages belong to no other file."""
    path.replace(path.with_name(path.name + SET_ASIDE))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    log.warning(
        "%s is damaged and was renamed to %s; it is made again from the warehouse with the next landing.",
        *(path.name, path.name + SET_ASIDE),
    )


_DAMAGE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
SET_ASIDE = ".damaged"


class State:
    """The state file. Make one per process and share it; `close` it at the end.

    One that can't be read is renamed to `state.sqlite.damaged` and begun again. The next landing brings back from `ops`
    what a new state file lacks, so nothing but the newest minutes is lost (landing/state_copy.py).
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.RLock()
        is_new = not path.exists() or path.stat().st_size == 0
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGE:
                raise
            _set_aside(path)
            self._db, is_new = _open(path), True
        if is_new:
            self._db.execute("insert or ignore into service_state values (?, ?, 'true', '')", NEW)

    @property
    def is_shared(self) -> bool:
        """Return False: it is the state of this machine, and `ops` is its copy."""
        return False

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection inside one write transaction, an outer one if there is.

        It is rolled back on an error, which is the one that is raised, even if the rollback fails too.
        """
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("begin immediate")
            try:
                yield self._db
                self._db.execute("commit")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        """Roll back, if SQLite has not done so by itself; the error that led here is the one to raise."""
        try:
            if self._db.in_transaction:
                self._db.execute("rollback")
        except sqlite3.Error as error:
            log.debug("The rollback failed as well: %s", error)

    def table_names(self) -> set[str]:
        """Return the names of its tables."""
        return {str(row["name"]) for row in self.rows("select name from sqlite_master where type = 'table'")}

    def compact(self) -> None:
        """Write the file anew without what was deleted: SQLite keeps deleted rows in free pages and in its log."""
        with self._lock:
            self._db.execute("vacuum")
            self._db.execute("pragma wal_checkpoint(truncate)")

    def rows(self, sql: str, parameters: tuple[Any, ...] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query as dictionaries."""
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, parameters)]

    def get(self, service: str, key: str) -> Any:
        """Return a remembered fact (any JSON value), None if there is none."""
        found = self.rows("select value from service_state where service = ? and key = ?", (service, key))
        return json.loads(found[0]["value"]) if found else None

    def put(self, service: str, key: str, value: Any, at: datetime) -> None:
        """Remember a fact (any JSON value; None forgets it)."""
        with self.transaction() as db:
            if value is None:
                db.execute("delete from service_state where service = ? and key = ?", (service, key))
                return
            db.execute(
                "insert into service_state values (?, ?, ?, ?) on conflict (service, key) do update"
                " set value = excluded.value, updated_at = excluded.updated_at",
                (service, key, json.dumps(value), to_iso(at)),
            )

    def facts(self, service: str) -> dict[str, Any]:
        """Return all that is remembered about a service."""
        found = self.rows("select key, value from service_state where service = ?", (service,))
        return {row["key"]: json.loads(row["value"]) for row in found}

    def record_request(self, record: RequestRecord) -> None:
        """Count one request."""
        with self.transaction() as db:
            db.execute(
                "insert into requests (run_id, service, bucket, method, endpoint, requested_at, status, outcome,"
                " duration_ms, waited_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(record.run_id, record.service, record.bucket, record.method, record.endpoint),
                    *(to_iso(record.requested_at), record.status, record.outcome),
                    *(record.duration_ms, record.waited_ms),
                ),
            )

    def number_requests_above(self, last: int, latest: datetime) -> None:
        """Renumber the requests of a state file that was lost and recreated, or restored: ids go on above `last`.

        Its own requests so far (those after `latest`) are renumbered; those of a restored file keep their ids.
        """
        with self.transaction() as db:
            used = db.execute("select max(seq) from sqlite_sequence where name = 'requests'").fetchone()[0]
            if (used or 0) >= last:
                return
            db.execute("update requests set request_id = request_id + ? where requested_at > ?", (last, to_iso(latest)))
            db.execute("delete from sqlite_sequence where name = 'requests'")
            db.execute(
                "insert into sqlite_sequence select 'requests', max(?, coalesce(max(request_id), 0)) from requests",
                (last,),
            )

    def continue_requests(self) -> None:
        """Do nothing: SQLite counts on from the highest number by itself."""

    def requests_since(self, service: str, bucket: str, since: datetime) -> int:
        """Count the requests of a bucket since a moment (UTC)."""
        sql = "select count(*) as n from requests where service = ? and bucket = ? and requested_at >= ?"
        return int(self.rows(sql, (service, bucket, to_iso(since)))[0]["n"])

    def budget_frees_at(self, service: str, bucket: str, budget: int, now: datetime) -> datetime | None:
        """Return when a rolling 24 h budget allows the next request: None means now.

        What was sent while the clock was ahead counts for nothing: it would spend the budget until that date.
        """
        since = now - timedelta(hours=24)
        sql = (
            "select requested_at from requests where service = ? and bucket = ? and requested_at between ? and ?"
            " order by requested_at desc limit 1 offset ?"
        )
        if budget <= 0:
            return now + timedelta(hours=24)
        oldest = self.rows(sql, (service, bucket, to_iso(since), to_iso(now), budget - 1))
        return from_iso(oldest[0]["requested_at"]) + timedelta(hours=24) if oldest else None

    def blocked_until(self, service: str, bucket: str, now: datetime) -> datetime | None:
        """Return until when (UTC) nothing may be sent to a bucket, None if it is free."""
        said = self.get(service, f"blocked_until:{bucket}")
        until = from_iso(said) if said else None
        return until if until and now < until <= now + LONGEST_PAUSE else None

    def block(self, service: str, bucket: str, until: datetime, now: datetime) -> None:
        """Remember that nothing may be sent to a bucket before `until` (UTC)."""
        self.put(service, f"blocked_until:{bucket}", to_iso(until), now)

    def record_poll(self, poll: PollRecord) -> None:
        """Keep one poll."""
        values = (
            *(poll.poll_id, poll.listener_id, poll.run_id, to_iso(poll.polled_at), poll.outcome),
            *(poll.items, poll.new_items, poll.known_items),
            *(to_iso(poll.oldest_played_at), to_iso(poll.newest_played_at)),
            *(to_iso(poll.gap_from), to_iso(poll.gap_until), poll.message),
        )
        with self.transaction() as db:
            db.execute("delete from polls where poll_id = ?", (poll.poll_id,))
            db.execute("insert into polls values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def to_iso(at: datetime | None) -> str | None:
    """Return the text form of a naive UTC time: sortable, microseconds."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f") if at else None


def from_iso(text: str) -> datetime:
    """Return the naive UTC time of its text form."""
    return datetime.fromisoformat(text)
